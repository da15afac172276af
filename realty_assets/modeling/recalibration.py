"""A model's boosters with intervals made anew; nothing is trained, and no value changes.

The errors are the model's own where it has seen none of the sales: months that begin on or after
the cutoff of its boosters, valued frozen, on features of then. Before that they are those of the
walk, by whose recipe it was made. The level correction is part of a value and stays as it was.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl

from realty_assets.evaluation.splits import Fold, last_full_months, next_month, rolling_origin
from realty_assets.features.sales import effective_known_at
from realty_assets.modeling.backtest import calibration_at, window_predictions
from realty_assets.modeling.conformal import LISTING_INPUTS
from realty_assets.modeling.frozen import frozen_rows
from realty_assets.modeling.model import Base, Valuer
from realty_assets.modeling.walk_forward import ROW_COLUMNS, Market


def recalibrated(model: Valuer, own: pl.DataFrame, market: Market, today: date) -> Valuer:
    """`model` with the intervals that its errors (`own_walk`) call for as of `today`.

    `market` has the settings that `model` was made by. Raises NotEnoughSales.
    """
    calibration = calibration_at(own, today, market.model, model.calibration.level_shift)
    base = model.base or Base(model.model_version, model.cutoff)
    return replace(model, cutoff=today, calibration=calibration, base=base)


def own_walk(model: Valuer, walked: pl.DataFrame, market: Market, today: date) -> pl.DataFrame:
    """Rows as `walk_forward` gives them: those of `walked` for months before the boosters' cutoff,
    then the boosters' own, frozen, up to the running month."""
    since = model.trained_before
    before = walked.filter(pl.col("cutoff") < since) if len(walked) else walked
    parts = [before] if len(before) else []
    for fold, rows in frozen_rows(market, _months(since, today.replace(day=1))):
        log_value, spread = model.point.predict_log(rows)
        parts.append(
            rows.with_columns(known_at=effective_known_at())
            .select(*ROW_COLUMNS, *(name for name in LISTING_INPUTS if name in rows.columns))
            .with_columns(
                pl.lit(fold.cutoff).alias("cutoff"),
                pl.Series("log_value", log_value),
                pl.Series("spread", spread),
                pl.lit(model.point.sha256()).alias("model_hash"),
            )
        )
    return pl.concat(parts, how="diagonal_relaxed") if parts else pl.DataFrame()


def out_of_time(
    model: Valuer, own: pl.DataFrame, market: Market, today: date, n_months: int
) -> pl.DataFrame:
    """modeling.predictions of the newest full months (at most `n_months`) that the boosters have
    not seen, each with intervals made anew as of its first day; no row when there is no such month.

    Raises NotEnoughSales when a month cannot be calibrated.
    """
    first, last = last_full_months(today, n_months)
    folds = _months(max(model.trained_before, first), last)
    if own.is_empty() or not own["cutoff"].is_in([fold.cutoff for fold in folds]).any():
        return pl.DataFrame(schema={"cutoff": pl.Date})
    shift = model.calibration.level_shift
    return window_predictions(own, folds, model.track, market.model, shift)


def same_values(one: Valuer, other: Valuer) -> bool:
    """Do both give every home the same value? Then they differ in their intervals alone."""
    return (
        one.point.sha256() == other.point.sha256()
        and one.calibration.level_shift == other.calibration.level_shift
    )


def _months(since: date, last: date) -> list[Fold]:
    """Months that begin on or after `since`, up to `last`."""
    first = since if since.day == 1 else next_month(since.replace(day=1))
    return list(rolling_origin(first, last)) if first <= last else []
