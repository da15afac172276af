"""The rolling-origin backtest: what each month's model would have said, and how it turned out.

The model of a month, its level correction and its interval are those of the month's cutoff; the
features of a home stop at min(cutoff, as_of). Every sale of the window is in the headline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.evaluation.intervals import interval_quality
from realty_assets.evaluation.metrics import point_accuracy, point_intervals
from realty_assets.evaluation.ratio_study import ratio_study
from realty_assets.evaluation.splits import Fold, next_month, rolling_origin
from realty_assets.modeling.conformal import Calibration, calibrate
from realty_assets.modeling.level import level_shift
from realty_assets.modeling.points import require_sales
from realty_assets.modeling.settings import ModelSettings, NotEnoughSales
from realty_assets.modeling.walk_forward import Market, fold_sales, walk_forward

CSV_COLUMNS = (
    "listing_key",
    "parcel_number",
    "close_date",
    "close_price",
    "prediction",
    "lower_90",
    "upper_90",
    "track",
    "as_of",
    "cutoff",
    "model_version",
    "excluded_by",
    "lower_bound_90",
    "fsd",
)


def version_of(content_hash: str) -> str:
    """Short name of a model by its content."""
    return content_hash[:12]


def backtest_id(track: str, from_month: date, to_month: date) -> str:
    """The name of a backtest: its track and its months, both included."""
    return f"{track} {from_month:%Y-%m} {to_month:%Y-%m}"


def folds_needed(from_month: date, to_month: date, settings: ModelSettings) -> list[Fold]:
    """The window's folds and those before it whose errors calibrate the first of them."""
    return list(rolling_origin(next_month(from_month, -settings.calibration_months), to_month))


def calibration_rows(walked: pl.DataFrame, cutoff: date, settings: ModelSettings) -> pl.DataFrame:
    """Valid sales of the months before `cutoff` that were known before it, in a stable order.

    Raises NotEnoughSales when nothing was walked.
    """
    if walked.is_empty():
        raise NotEnoughSales(
            settings.min_calibration_sales, 0, f"before {cutoff} to calibrate an interval"
        )
    oldest = next_month(cutoff, -settings.calibration_months)
    return walked.filter(
        (pl.col("cutoff") >= oldest)
        & (pl.col("cutoff") < cutoff)
        & (pl.col("known_at") < pl.lit(cutoff).cast(pl.Datetime("us")))
        & pl.col("excluded_by").is_null()
    ).sort("cutoff", "listing_key", "property_key", "close_price")


def calibration_at(
    walked: pl.DataFrame, cutoff: date, settings: ModelSettings, shift: float | None = None
) -> Calibration:
    """Calibration at `cutoff` from calibration_rows; `shift` is its level correction (None: what
    the newest of the rows say). Raises NotEnoughSales."""
    rows = calibration_rows(walked, cutoff, settings)
    log_price = np.log(rows["close_price"].to_numpy())
    log_value = rows["log_value"].to_numpy()
    error, month = log_price - log_value, rows["cutoff"]
    newest = month >= next_month(cutoff, -settings.level_months)
    before = ~newest & (month >= next_month(cutoff, -2 * settings.level_months))
    if shift is None:
        shift = level_shift(error[newest.to_numpy()], error[before.to_numpy()], settings)
    return calibrate(
        rows,
        log_value,
        rows["spread"].to_numpy(),
        log_price,
        shift,
        np.arange(len(rows)),
        settings,
    )


def backtest(
    market: Market,
    from_month: date,
    to_month: date,
    walked: pl.DataFrame | None = None,
    n_draws: int = 300,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(predictions, metrics, walk-forward rows) of the window, both months included.

    `walked` are walk-forward rows of an earlier run, taken over where still true; `n_draws` those
    of the bootstrap intervals. Raises NotEnoughSales when a month of the window cannot be modelled
    or none has a sale.
    """
    window = list(rolling_origin(from_month, to_month))
    if all(fold_sales(market.sales_frame, fold, market.track).is_empty() for fold in window):
        raise NotEnoughSales(1, 0, f"that closed from {window[0].name} to {window[-1].name}")
    rows = walk_forward(market, folds_needed(from_month, to_month, market.model), walked)
    done = set(rows["cutoff"].to_list()) if len(rows) else set()
    for fold in window:
        if fold.cutoff not in done:  # no model, or a month without a sale
            require_sales(market.matrix, fold.cutoff, market.model.min_sales)
    predictions = window_predictions(rows, window, market.track, market.model)
    return predictions, metrics(predictions, market.model.seed, n_draws), rows


def window_predictions(
    rows: pl.DataFrame,
    window: Sequence[Fold],
    track: str,
    settings: ModelSettings,
    shift: float | None = None,
) -> pl.DataFrame:
    """modeling.predictions of a window from walk-forward rows that reach back to what calibrates
    its first month; `shift` as in `calibration_at`.

    Raises NotEnoughSales when no month of it has a row, or too few of those before it have one.
    """
    done = set(rows["cutoff"].to_list()) if len(rows) else set()
    parts = [predict_fold(rows, fold, settings, shift) for fold in window if fold.cutoff in done]
    if not parts:
        raise NotEnoughSales(1, 0, f"that closed from {window[0].name} to {window[-1].name}")
    name = pl.lit(backtest_id(track, window[0].cutoff, window[-1].cutoff)).alias("backtest_id")
    return pl.concat(parts).select(name, pl.all()).sort("close_date", "listing_key")


def predict_fold(
    rows: pl.DataFrame, fold: Fold, settings: ModelSettings, shift: float | None = None
) -> pl.DataFrame:
    """modeling.predictions of one month from walk-forward rows; `shift` as in `calibration_at`."""
    calibration = calibration_at(rows, fold.cutoff, settings, shift)
    mine = rows.filter(pl.col("cutoff") == fold.cutoff)
    said = calibration.bounds(mine, mine["log_value"].to_numpy(), mine["spread"].to_numpy())
    version = version_of(_joined(mine["model_hash"][0], calibration.sha256()))
    return mine.select(
        "listing_key",
        "property_key",
        "parcel_number",
        "close_date",
        "close_price",
        pl.Series("prediction", np.exp(said.value)),
        pl.Series("lower_90", np.exp(said.lower)),
        pl.Series("upper_90", np.exp(said.upper)),
        pl.Series("lower_bound_90", np.exp(said.lower_bound)),
        pl.Series("fsd", said.fsd()),
        "track",
        "as_of",
        "cutoff",
        pl.lit(version).alias("model_version"),
        "excluded_by",
        "latitude",
        "longitude",
        "postal_code",
    )


def _joined(*hashes: str) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def metrics(predictions: pl.DataFrame, seed: int = 7, n_draws: int = 300) -> pl.DataFrame:
    """modeling.backtests: one row per slice of the window.

    Slices: `all` (the headline), `valid` (without excluded sales), each month, each quartile of
    predicted price. A slice of under 30 sales has its n and a note, no figures.
    """
    if predictions["prediction"].null_count():
        raise ValueError("every sale of the window must have a prediction")
    quartile = predictions["prediction"].rank("ordinal").to_numpy()
    quarter = np.minimum((quartile - 1) * 4 // len(predictions), 3).astype(int)
    slices: list[tuple[str, np.ndarray]] = [
        ("all", np.ones(len(predictions), dtype=bool)),
        ("valid", predictions["excluded_by"].is_null().to_numpy()),
    ]
    months = predictions["cutoff"].to_list()
    slices += [
        (f"month {month:%Y-%m}", np.array([m == month for m in months]))
        for month in sorted(set(months))
    ]
    slices += [(f"predicted price quartile {q + 1}", quarter == q) for q in range(4)]
    rows = [
        _slice_row(name, predictions.filter(pl.Series(inside)), seed, n_draws)
        for name, inside in slices
    ]
    window = {
        "backtest_id": predictions["backtest_id"][0],
        "track": predictions["track"][0],
        "split": "rolling origin by month",
        "window_from": min(months),
        "window_to": max(months),
        "n_excluded": int(predictions["excluded_by"].is_not_null().sum()),
    }
    return pl.DataFrame([{**window, **row} for row in rows], infer_schema_length=None)


def _slice_row(name: str, rows: pl.DataFrame, seed: int, n_draws: int) -> dict[str, object]:
    out: dict[str, object] = {"slice": name, "n": len(rows), "note": ""}
    if len(rows) < MIN_SALES:
        return out | {"note": TOO_SMALL}
    p, s = rows["prediction"].to_numpy(), rows["close_price"].to_numpy()
    out |= {k: v for k, v in point_accuracy(p, s).as_dict().items() if k != "n"}
    for figure, (low, high) in point_intervals(p, s, seed=seed, n_draws=n_draws).items():
        out |= {f"{figure}_low": low, f"{figure}_high": high}
    for statistic_name, result in ratio_study(p, s, seed=seed, n_draws=n_draws).items():
        out |= {
            statistic_name: result.value,
            f"{statistic_name}_low": result.low,
            f"{statistic_name}_high": result.high,
        }
    lower, upper = rows["lower_90"].to_numpy(), rows["upper_90"].to_numpy()
    quality = interval_quality(p, lower, upper, s, seed=seed, n_draws=n_draws).as_dict()
    return out | {
        key.replace("coverage", "coverage_90"): value
        for key, value in quality.items()
        if key != "n"
    }


def to_csv(predictions: pl.DataFrame, path: Path) -> None:
    """Writes the file of `realty backtest --out`: CSV_COLUMNS, one row per sale of the window."""
    predictions.select(CSV_COLUMNS).write_csv(path)
