"""How well the cleaning room does against the answer key of a sample market."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Score:
    """A precision and a recall, with the counts they are made of."""

    n_true: int
    n_found: int
    n_right: int

    @property
    def precision(self) -> float:
        return self.n_right / self.n_found if self.n_found else 1.0

    @property
    def recall(self) -> float:
        return self.n_right / self.n_true if self.n_true else 1.0

    def told(self) -> dict[str, float]:
        return {**vars(self), "precision": self.precision, "recall": self.recall}


def pairs_of(frame: pl.DataFrame, group: str) -> int:
    n = frame.group_by(group).len()["len"].cast(pl.Int64)
    return int((n * (n - 1) // 2).sum())


def linking(listings: pl.DataFrame, truth: pl.DataFrame) -> Score:
    """Pairs of listings put under one home, against those that are of one home."""
    both = listings.select("source", "listing_key", "property_key").join(
        truth, on=["source", "listing_key"], how="inner"
    )
    right = both.with_columns(pl.concat_str("property_key", "home", separator="|").alias("both"))
    return Score(pairs_of(both, "home"), pairs_of(both, "property_key"), pairs_of(right, "both"))


def sales_told_once(sale_listings: pl.DataFrame, truth: pl.DataFrame) -> tuple[int, int]:
    """(number of true sales, number of those whose listings are exactly the ones found)."""
    told = sale_listings.join(truth, on=["source", "listing_key"], how="inner").with_columns(
        me=pl.concat_str("source", "listing_key", separator="|"),
        sale=pl.concat_str("sale_source", "sale_listing_key", separator="|"),
    )
    found = told.group_by("sale").agg(pl.col("me").sort().str.join(" ").alias("members"))
    true = told.group_by("first_key").agg(pl.col("me").sort().str.join(" ").alias("members"))
    return len(true), true.join(found, on="members", how="semi").height


def invalid_sales(sales: pl.DataFrame, truth: pl.DataFrame, faults: pl.DataFrame) -> Score:
    """Sales that were not at arm's length, against those excluded; planted row faults left out."""
    marred = faults.filter(pl.col("scope") == "row", ~pl.col("legal"))["listing_key"].drop_nulls()
    judged = (
        sales.filter(~pl.col("listing_key").is_in(marred.unique().implode()))
        .select("listing_key", "excluded_by")
        .join(truth.select("listing_key", "arms_length"), on="listing_key", how="inner")
    )
    invalid, excluded = ~judged["arms_length"], judged["excluded_by"].is_not_null()
    return Score(int(invalid.sum()), int(excluded.sum()), int((invalid & excluded).sum()))
