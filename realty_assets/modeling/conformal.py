"""Intervals from the errors of earlier months.

An error-size booster learns how far off earlier months' predictions were, given the comparables'
spread and distance, the spread between members, age, grade and value. Errors divided by that size
are conformity scores (normalized conformal; Papadopoulos et al. 2002; Lei et al. 2018). Their
quantiles are taken for each tail apart and for each bin of predicted value (Mondrian; Vovk et al.
2003), shrunk towards the pooled ones where a bin is small.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.modeling.settings import ModelSettings, NotEnoughSales

Array = npt.NDArray[np.float64]

# What the size of an error may depend on; columns of the matrix, where it has them.
ERROR_INPUTS: tuple[str, ...] = (
    "comps_spread",
    "comps_distance_km",
    "comps_unlikeness",
    "comps_count",
    "alike_weight_400m",
    "alike_weight_1200m",
    "distance_to_sale_5_km",
    "own_minus_neighbours_grade_score",
    "subdivision_name_sales",
    "age_years",
    "since_work_years",
    "grade_score",
    "condition_score",
    "ln_living_area",
    "ln_lot_size",
    "view_score",
)
_FLOOR = 0.02  # log points: below it, errors do not tell sizes apart


def error_inputs(rows: pl.DataFrame, log_value: Array, spread: Array) -> npt.NDArray[np.float32]:
    """Inputs (n, k) of the error-size booster."""
    own = rows["comps_log_value"].to_numpy() + rows["index_log"].to_numpy()  # NaN: no market yet
    columns = [rows[name].to_numpy() for name in ERROR_INPUTS]
    columns += [spread, log_value, np.abs(log_value - own)]
    return np.column_stack(columns).astype(np.float32)


@dataclass(frozen=True)
class Calibration:
    """What turns a log value into an interval. Quantiles are per bin of predicted value."""

    level_shift: float
    n_errors: int
    bin_edges: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    smallest: float
    largest: float
    booster: bytes

    def interval(
        self, rows: pl.DataFrame, log_value: Array, spread: Array
    ) -> tuple[Array, Array, Array]:
        """(log value, lower, upper), each (n,) in ln usd; the level correction is in all three."""
        inputs = error_inputs(rows, log_value, spread)
        size = np.clip(_sizes(self.booster, inputs), self.smallest, self.largest)
        value = log_value + self.level_shift
        at = np.searchsorted(np.array(self.bin_edges), value, side="right")
        low, high = np.array(self.low)[at], np.array(self.high)[at]
        lower, upper = value + low * size, value + high * size
        return value, np.minimum(lower, value), np.maximum(upper, value)

    def sha256(self) -> str:
        parts = [self.level_shift, self.bin_edges, self.low, self.high, self.smallest, self.largest]
        digest = hashlib.sha256(json.dumps(parts).encode())
        digest.update(self.booster)
        return digest.hexdigest()


def level_shift(errors: Array, settings: ModelSettings) -> float:
    """How far recent predictions were off (log, median of `errors`), shrunk for small n."""
    if not len(errors):
        return 0.0
    return float(np.median(errors)) * len(errors) / (len(errors) + settings.level_prior_sales)


def calibrate(
    rows: pl.DataFrame,
    log_value: Array,
    spread: Array,
    log_price: Array,
    shift: float,
    fold: npt.NDArray[np.int64],
    settings: ModelSettings,
) -> Calibration:
    """Learns sizes and quantiles from earlier months' predictions and prices (ln usd, (n,)).

    `shift` is the level correction that will be added to predictions; `fold` (n,) names the part
    in which a row's own size is predicted by a booster that has not seen it. Rows must be in a
    stable order. Raises NotEnoughSales below `settings.min_calibration_sales`.
    """
    n = len(log_price)
    if n < settings.min_calibration_sales:
        raise NotEnoughSales(
            settings.min_calibration_sales, n, "in earlier months to calibrate an interval"
        )
    value = log_value + shift
    error = log_price - value
    inputs = error_inputs(rows, log_value, spread)
    size = np.zeros(n)
    for part in range(settings.error_folds):
        held = fold % settings.error_folds == part
        if held.any() and not held.all():
            booster = _fit_sizes(inputs[~held], error[~held], settings)
            size[held] = _sizes(booster, inputs[held])
    booster = _fit_sizes(inputs, error, settings)
    seen = np.where(size > 0, size, _sizes(booster, inputs))
    middle = float(np.median(seen))
    smallest, largest = middle * 0.3, middle * 4.0
    score = error / np.clip(seen, smallest, largest)
    n_bins = int(np.clip(n // settings.sales_per_price_bin, 1, settings.max_price_bins))
    edges = np.quantile(value, np.arange(1, n_bins) / n_bins) if n_bins > 1 else np.zeros(0)
    at = np.searchsorted(edges, value, side="right")
    tail = settings.alpha / 2.0
    pooled = _tails(score, tail)
    low, high = [], []
    for b in range(n_bins):
        inside = score[at == b]
        own = _tails(inside, tail) if len(inside) else pooled
        keep = len(inside) / (len(inside) + settings.bin_prior_sales)
        low.append(keep * own[0] + (1.0 - keep) * pooled[0])
        high.append(keep * own[1] + (1.0 - keep) * pooled[1])
    return Calibration(
        shift, n, tuple(edges.tolist()), tuple(low), tuple(high), smallest, largest, booster
    )


def _tails(score: Array, tail: float) -> tuple[float, float]:
    """Conformal quantiles of the two tails: rank ceil((n + 1)(1 - tail)) of n."""
    ordered = np.sort(score)
    n = len(ordered)
    rank = min(int(np.ceil((n + 1) * (1.0 - tail))), n)
    return float(ordered[n - rank]), float(ordered[rank - 1])


def _fit_sizes(inputs: npt.NDArray[np.float32], error: Array, settings: ModelSettings) -> bytes:
    import xgboost as xgb

    params = {
        "objective": "reg:squarederror",
        "tree_method": "hist",
        "nthread": 1,
        "verbosity": 0,
        "seed": settings.seed,
        "eta": 0.05,
        "max_depth": 3,
        "min_child_weight": 25,
        "subsample": 0.7,
        "colsample_bytree": 0.5,
        "reg_lambda": 5.0,
        "max_bin": 64,
    }
    rows = xgb.DMatrix(inputs, label=np.log(np.abs(error) + _FLOOR), nthread=1)
    return bytes(xgb.train(params, rows, settings.error_rounds).save_raw("ubj"))


def _sizes(booster: bytes, inputs: npt.NDArray[np.float32]) -> Array:
    import xgboost as xgb

    model = xgb.Booster({"nthread": 1})
    model.load_model(bytearray(booster))
    return np.exp(model.predict(xgb.DMatrix(inputs, nthread=1)).astype(np.float64))
