"""Which months are walked and which are judged when nobody says."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.evaluation.splits import Fold, last_full_months, next_month, rolling_origin
from realty_assets.features.sales import effective_known_at
from realty_assets.modeling.points import n_usable
from realty_assets.modeling.settings import ModelSettings, NotEnoughSales


def months_to_walk(today: date, n_months: int, settings: ModelSettings) -> list[Fold]:
    """Folds of the default window, of the months that calibrate it, and of the running month."""
    first, last = last_full_months(today, n_months)
    running = today.replace(day=1)
    return list(rolling_origin(next_month(first, -settings.calibration_months), max(last, running)))


def default_window(
    matrix: pl.DataFrame, today: date, n_months: int, settings: ModelSettings
) -> tuple[date, date]:
    """(first, last) month: the last `n_months` full months, fewer when the data begin too late.

    Of `matrix` it reads the times of sales (sql/modeling/sale_times.sql).

    Raises NotEnoughSales when not even the last full month can be modelled and calibrated.
    """
    first, last = last_full_months(today, n_months)
    for fold in rolling_origin(first, last):
        if n_usable(matrix, fold.cutoff) < settings.min_sales:
            continue
        if n_calibrating(matrix, fold.cutoff, settings) >= settings.min_calibration_sales:
            return fold.cutoff, last
    n_valid = matrix.filter((pl.col("role") == "sale") & pl.col("excluded_by").is_null()).height
    needed = settings.min_sales + settings.min_calibration_sales
    raise NotEnoughSales(needed, n_valid, f"to train, calibrate and judge a model of {last:%Y-%m}")


def n_calibrating(matrix: pl.DataFrame, cutoff: date, settings: ModelSettings) -> int:
    """How many earlier months' errors will be there to calibrate a model of `cutoff`."""
    total = 0
    for back in range(settings.calibration_months, 0, -1):
        month = next_month(cutoff, -back)
        if n_usable(matrix, month) >= settings.min_sales:
            inside = pl.col("close_date").is_between(month, next_month(month), closed="left")
            known = effective_known_at() < pl.lit(cutoff).cast(pl.Datetime("us"))
            valid = (pl.col("role") == "sale") & pl.col("excluded_by").is_null()
            total += matrix.filter(inside & known & valid).height
    return total
