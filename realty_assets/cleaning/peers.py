"""What was known before a sale: what its area fetched, what its home fetched, who sold with it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.cleaning.rules import SaleRules

DAY_US = 86_400_000_000
Floats = npt.NDArray[np.float64]


def with_peers(sales: pl.DataFrame, rules: SaleRules) -> pl.DataFrame:
    """`sales` in order of knowledge with log_price_per_sqft, area_log_price_per_sqft and
    n_area_sales, previous_close_price and previous_close_date of the same home, n_same_deed.

    Nothing known at or after a sale's own known_at is looked at, but for n_same_deed, which counts
    what became known in the same instant too. `sales` has is_home (may teach what an area fetches).
    """
    ordered = sales.sort("known_at", "source", "listing_key").with_columns(
        log_price_per_sqft=pl.when((pl.col("living_area") > 0) & (pl.col("close_price") > 0)).then(
            (pl.col("close_price") / pl.col("living_area")).log()
        )
    )
    level, n_sales = area_levels(ordered, rules)
    return _with_deeds(_with_own_sale(ordered)).with_columns(
        pl.Series("area_log_price_per_sqft", level, nan_to_null=True),
        pl.Series("n_area_sales", n_sales),
    )


def area_levels(ordered: pl.DataFrame, rules: SaleRules) -> tuple[Floats, npt.NDArray[np.int64]]:
    """(n,) median log dollars per sqft of the past year's sales of the ZIP code, and how many they
    are; NaN and 0 without a ZIP code, a size, or sales."""
    level = np.full(len(ordered), np.nan)
    n_sales = np.zeros(len(ordered), dtype=np.int64)
    known = ordered["known_at"].cast(pl.Datetime("us")).cast(pl.Int64).to_numpy()
    price = ordered["log_price_per_sqft"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    size = ordered.select(
        pl.when(pl.col("living_area") > 0).then(pl.col("living_area").cast(pl.Float64).log())
    ).to_series()
    sizes = size.fill_null(np.nan).to_numpy()
    teaches = ordered["is_home"].to_numpy() & np.isfinite(price)
    zips = ordered.with_row_index("row").filter(pl.col("postal_code").is_not_null())
    for group in zips.partition_by("postal_code", maintain_order=True):
        rows = group["row"].to_numpy().astype(np.int64)
        taught = rows[teaches[rows]]
        times, prices, areas = known[taught], price[taught], sizes[taught]
        start = np.searchsorted(times, known[rows] - rules.area_days * DAY_US, side="left")
        end = np.searchsorted(times, known[rows], side="left")
        for row, first, last in zip(rows, start, end, strict=True):
            if first == last or not np.isfinite(sizes[row]):
                continue
            found = prices[first:last]
            alike = found[np.abs(areas[first:last] - sizes[row]) <= rules.similar_log_area]
            if len(alike) >= rules.min_similar_sales:
                found = alike
            level[row] = np.median(found)
            n_sales[row] = last - first
    return level, n_sales


def _with_own_sale(ordered: pl.DataFrame) -> pl.DataFrame:
    """The last real price of the same home that was known before."""
    priced = ordered.filter("is_home").select(
        "property_key",
        "known_at",
        previous_close_price="close_price",
        previous_close_date="close_date",
    )
    # Strictly before: a row of the same instant is not earlier knowledge.
    at = pl.col("known_at") - pl.duration(microseconds=1)
    return (
        ordered.with_row_index("_row")
        .with_columns(_before=at)
        .sort("_before")
        .join_asof(
            priced.sort("known_at").rename({"known_at": "_known"}),
            left_on="_before",
            right_on="_known",
            by="property_key",
            strategy="backward",
            check_sortedness=False,
        )
        .sort("_row")
        .drop("_row", "_before", "_known", strict=False)
    )


def _with_deeds(ordered: pl.DataFrame) -> pl.DataFrame:
    """n_same_deed: homes of the place sold on that day at that price, known by then."""
    place = pl.coalesce("postal_code", "city", pl.lit(""))
    deed = ("source", "close_date", "close_price", "_place")
    told = ordered.with_columns(_place=place)
    shared = told.filter(pl.len().over(deed) > 1).sort("known_at")
    if shared.is_empty():
        return ordered.with_columns(n_same_deed=pl.lit(1, dtype=pl.Int64))
    counts = (
        shared.select("source", "listing_key", "property_key", "known_at", *deed[1:])
        .join(
            shared.select(*deed, other="property_key", other_known_at="known_at"),
            on=deed,
            how="inner",
        )
        .filter(pl.col("other_known_at") <= pl.col("known_at"))
        .group_by("source", "listing_key")
        .agg(pl.col("other").n_unique().cast(pl.Int64).alias("n_same_deed"))
    )
    return ordered.join(
        counts, on=["source", "listing_key"], how="left", maintain_order="left"
    ).with_columns(pl.col("n_same_deed").fill_null(1))
