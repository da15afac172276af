"""How right the values were, month by month, once sales have closed, with how many are awaited.

Every figure is that of evaluation/. Predictions are out of time: by the headline backtest where it
covers a month, else by one that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.evaluation.intervals import interval_quality
from realty_assets.evaluation.metrics import point_accuracy, point_intervals
from realty_assets.evaluation.ratio_study import ratio_study
from realty_assets.evaluation.segments import all_segments
from realty_assets.evaluation.splits import next_month
from realty_assets.features.sales import day_numbers, effective_known_at, epoch_day
from realty_assets.monitoring.maturity import expected_sales

PERFORMANCE = "monitoring.performance"
ALL, VALID = "all", "valid"
POINT = ("mae_usd", "mdape", "ppe10", "ppe20")
# Families of segments that are told month by month.
FAMILIES = ("predicted price quartile", "area")
SCHEMA: dict[str, Any] = {
    "track": pl.String,
    "month": pl.Date,
    "slice": pl.String,
    "metric": pl.String,
    "n": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n_expected": pl.Float64,
    "maturity_share": pl.Float64,
    "backtest_id": pl.String,
    "note": pl.String,
}


def performance(
    predictions: pl.DataFrame, sales: pl.DataFrame, today: date, seed: int, n_draws: int = 300
) -> pl.DataFrame:
    """One row per track, month, slice and metric (SCHEMA).

    `predictions` are rows of modeling.predictions, one backtest a month of a track; `sales` those
    of clean.sales (close_date, known_at). A slice of fewer than 30 sales has its n and a note, no
    figures. Intervals are 95%. `n_expected` and `maturity_share` are of the whole month.
    """
    awaited = Maturity(sales, today)
    rows: list[dict[str, Any]] = []
    for (track, month), own in predictions.sort("track", "cutoff", "listing_key").group_by(
        "track", "cutoff", maintain_order=True
    ):
        assert isinstance(month, date)
        expected, share = awaited.of(month)
        shared = {
            "track": track,
            "month": month,
            "n_expected": expected,
            "maturity_share": share,
            "backtest_id": own["backtest_id"][0],
        }
        for name, inside in slices(own):
            rows += [{**shared, "slice": name, **told} for told in figures(inside, seed, n_draws)]
    return pl.DataFrame(rows, schema=SCHEMA).sort("track", "month", "slice", "metric")


def slices(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, rows): all sales, the valid ones, and segments of them as in evaluation/segments."""
    yield ALL, rows
    yield VALID, rows.filter(pl.col("excluded_by").is_null())
    for family, segments in all_segments(rows.with_columns(area=pl.col("postal_code"))).items():
        if family in FAMILIES:
            for name, mask in segments.items():
                yield f"{family} {name}", rows.filter(pl.Series(mask))


def figures(rows: pl.DataFrame, seed: int, n_draws: int) -> Iterator[dict[str, Any]]:
    """metric, n, value, low, high and note of some sales."""
    n = len(rows)
    if n < MIN_SALES:
        yield {"metric": "n", "n": n, "note": TOO_SMALL}
        return
    p, s = rows["prediction"].to_numpy(), rows["close_price"].to_numpy()
    seen = point_accuracy(p, s).as_dict()
    bounds = point_intervals(p, s, seed=seed, n_draws=n_draws)
    for name in POINT:
        yield _told(name, n, seen[name], *bounds[name])
    level = ratio_study(p, s, seed=seed, n_draws=n_draws)["median_ratio"]
    yield _told("median_ratio", n, level.value, level.low, level.high)
    ends = (rows["lower_90"].to_numpy(), rows["upper_90"].to_numpy())
    quality = interval_quality(p, *ends, s, seed=seed, n_draws=n_draws).as_dict()
    for name, metric in (
        ("coverage", "coverage_90"),
        ("winkler_ratio", "winkler_ratio"),
        ("median_width_ratio", "median_width_ratio"),
    ):
        yield _told(metric, n, quality[name], quality[f"{name}_low"], quality[f"{name}_high"])


class Maturity:
    """How much of each month has been heard of by `today`."""

    def __init__(self, sales: pl.DataFrame, today: date) -> None:
        told = sales.filter(
            pl.col("close_date").is_not_null() & pl.col("known_at").is_not_null()
        ).with_columns(known=effective_known_at().dt.date())
        self.close, self.known = day_numbers(told["close_date"]), day_numbers(told["known"])
        self.today = epoch_day(today)

    def of(self, month: date) -> tuple[float | None, float | None]:
        """(sales of the month that are expected in the end, share of them that is known)."""
        first, after = epoch_day(month), epoch_day(next_month(month))
        expected = expected_sales(self.close, self.known, self.today, (first, after))
        if expected is None:
            return None, None
        known = (self.close >= first) & (self.close < after) & (self.known < self.today)
        return expected, float(np.count_nonzero(known) / expected)


def _told(
    metric: str, n: int, value: float | None, low: float | None, high: float | None
) -> dict[str, Any]:
    return {"metric": metric, "n": n, "value": value, "low": low, "high": high, "note": ""}


def kept_months(before: pl.DataFrame | None, made: pl.DataFrame) -> pl.DataFrame:
    """`made`, and what stands of months that it does not tell of: they are past the window of every
    backtest that there is."""
    if before is None or before.columns != made.columns:
        return made
    others = before.join(made, on=["track", "month"], how="anti")
    return pl.concat([others, made]).sort("track", "month", "slice", "metric")
