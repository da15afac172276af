"""What the signals share: bounded samples of months, and what the reference's own months reach."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from realty_assets.monitoring.groups import KEYS
from realty_assets.monitoring.measures import MIN_USUAL

# Names in the place of a feature of what is measured over all of them.
TOGETHER, ATTRIBUTIONS, EXPECTED, ERRORS = (
    *("(together)", "(attributions)", "(expected error)", "(errors)"),
)
# What is usual is told by so many of the newest months of the reference.
MOST_USUAL = 12


def sampled(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most `most` rows of each population, month and side, those of the smallest `basis`: a hash
    of all that a row is made of, so the same rows in whatever order and batch."""
    ordered = rows.sort(*KEYS, "basis", maintain_order=True)
    return ordered.group_by(*KEYS, maintain_order=True).head(most).select(rows.columns)


def newest_usual(months: pl.DataFrame) -> pl.DataFrame:
    """`months` (month, in_reference, ...) without those of the reference before its MOST_USUAL
    newest."""
    usual = months.filter("in_reference")["month"].unique().sort()
    if len(usual) <= MOST_USUAL:
        return months
    return months.filter(~pl.col("in_reference") | (pl.col("month") >= usual[-MOST_USUAL]))


def with_usual(told: pl.DataFrame, methods: Collection[str]) -> pl.DataFrame:
    """Rows of monitoring.drift, those of `methods` with usual_mean, usual_sd and n_usual: of the
    sizes of their reference's months."""
    of_these = pl.col("method").is_in(sorted(methods))
    if told.filter(of_these).is_empty():
        return told
    size = pl.col("value").abs()
    keys = ["track", "population", "slice", "feature", "method"]
    mine = told.filter(of_these).sort(*keys, "month", "in_reference")
    usual = (
        mine.filter(pl.col("in_reference") & (pl.col("n") >= MIN_USUAL) & size.is_not_null())
        .group_by(keys, maintain_order=True)
        .agg(
            size.mean().alias("usual_mean"),
            size.std().alias("usual_sd"),
            pl.len().cast(pl.Int64).alias("n_usual"),
        )
    )
    joined = mine.drop("usual_mean", "usual_sd", "n_usual").join(usual, on=keys, how="left")
    filled = joined.with_columns(pl.col("n_usual").fill_null(0))
    return pl.concat([told.filter(~of_these), filled.select(told.columns)])
