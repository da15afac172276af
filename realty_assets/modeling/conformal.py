"""Intervals from the errors of earlier months.

An error-size booster learns how far off earlier months' predictions were, given the comparables'
spread and distance, the spread between members, age, grade and value; each area has a factor on
top, shrunk towards one where it has few sales. Errors divided by that size are conformity scores
(normalized conformal; Papadopoulos et al. 2002; Lei et al. 2018). Their quantiles are taken for
each tail apart and for each bin of predicted value (Mondrian; Vovk et al. 2003), shrunk towards the
pooled ones where a bin is small.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.areas import area_names
from realty_assets.modeling.error_sizes import FLOOR, fit_sizes, sizes
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
# What it may depend on besides, on a track that knows the listing.
LISTING_INPUTS: tuple[str, ...] = ("comps_to_list_log", "list_cut_log", "listed_days")
# Probabilities at which errors are cut, besides the two tails of the interval: the lender's lower
# bound, and the ends of the central interval of one normal standard deviation (for the FSD).
LOWER_BOUND, FSD_ENDS = 0.10, (0.158655, 0.841345)


def error_input_names(columns: Sequence[str]) -> list[str]:
    """The columns that the error-size booster reads from rows with `columns`."""
    return [*ERROR_INPUTS, *(name for name in LISTING_INPUTS if name in columns)]


def error_inputs(rows: pl.DataFrame, log_value: Array, spread: Array) -> npt.NDArray[np.float32]:
    """Inputs (n, k) of the error-size booster."""
    own = rows["comps_log_value"].to_numpy() + rows["index_log"].to_numpy()  # NaN: no market yet
    columns = [rows[name].to_numpy() for name in error_input_names(rows.columns)]
    columns += [spread, log_value, np.abs(log_value - own)]
    return np.column_stack(columns).astype(np.float32)


def areas_of(rows: pl.DataFrame) -> list[str]:
    """The area of each row: its postal code, else a grid cell, else one for the lost."""
    return rows.select(area_names(("postal_code",)))["area"].to_list()


@dataclass(frozen=True)
class Bounds:
    """What is said of each value (n,), ln usd: the value with the level correction in it, the ends
    of the interval, the one-sided lower bound; and `half_log`, half the log width of the central
    68.27%."""

    value: Array
    lower: Array
    upper: Array
    lower_bound: Array
    half_log: Array

    def fsd(self) -> Array:
        """Forecast standard deviation (n,): half the central 68.27% interval over the value."""
        return np.sinh(self.half_log)


@dataclass(frozen=True)
class Calibration:
    """What turns a log value into an interval. `quantiles` of scores stand by probability
    (`levels`), then by bin of predicted value; `areas` are log factors on the size of errors."""

    level_shift: float
    n_errors: int
    bin_edges: tuple[float, ...]
    levels: tuple[float, ...]
    quantiles: tuple[tuple[float, ...], ...]
    areas: tuple[tuple[str, float], ...]
    smallest: float
    largest: float
    booster: bytes

    @classmethod
    def read(cls, saved: Mapping[str, Any], booster: bytes) -> Calibration:
        """A calibration as `dataclasses.asdict` and JSON left it, without its booster."""
        lists = {
            "bin_edges": tuple(saved["bin_edges"]),
            "levels": tuple(saved["levels"]),
            "quantiles": tuple(tuple(row) for row in saved["quantiles"]),
            "areas": tuple((area, factor) for area, factor in saved["areas"]),
        }
        return cls(**{**saved, **lists, "booster": booster})

    def sizes(self, rows: pl.DataFrame, log_value: Array, spread: Array) -> Array:
        """How far off (n,), log points, each value is expected to be."""
        size = sizes(self.booster, error_inputs(rows, log_value, spread))
        factor = dict(self.areas)
        size = size * np.exp(np.array([factor.get(area, 0.0) for area in areas_of(rows)]))
        return np.clip(size, self.smallest, self.largest)

    def bounds(self, rows: pl.DataFrame, log_value: Array, spread: Array) -> Bounds:
        """Everything that is said of values; the level correction is in it."""
        size = self.sizes(rows, log_value, spread)
        value = log_value + self.level_shift
        at = np.searchsorted(np.array(self.bin_edges), value, side="right")
        low, high, bound, begin, end = (np.array(q)[at] * size for q in self.quantiles)
        lower, upper = np.minimum(value + low, value), np.maximum(value + high, value)
        # Quantiles of bins are shrunk one by one; they must not cross.
        bound = np.clip(value + bound, lower, value)
        return Bounds(value, lower, upper, bound, np.maximum(end - begin, 0.0) / 2.0)

    def interval(
        self, rows: pl.DataFrame, log_value: Array, spread: Array
    ) -> tuple[Array, Array, Array]:
        """(log value, lower, upper), each (n,) in ln usd; the level correction is in all three."""
        said = self.bounds(rows, log_value, spread)
        return said.value, said.lower, said.upper

    def sha256(self) -> str:
        parts = [self.level_shift, self.bin_edges, self.levels, self.quantiles, self.areas]
        digest = hashlib.sha256(json.dumps([*parts, self.smallest, self.largest]).encode())
        digest.update(self.booster)
        return digest.hexdigest()


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
    inputs, areas = error_inputs(rows, log_value, spread), areas_of(rows)
    size = np.zeros(n)
    for part in range(settings.error_folds):
        held = fold % settings.error_folds == part
        if held.any() and not held.all():
            booster = fit_sizes(inputs[~held], error[~held], settings)
            size[held] = sizes(booster, inputs[held])
    booster = fit_sizes(inputs, error, settings)
    seen = np.where(size > 0, size, sizes(booster, inputs))
    beyond = np.log(np.abs(error) + FLOOR) - np.log(seen)
    factors = _area_factors(areas, beyond, settings.area_prior_sales)
    for part in range(settings.error_folds):
        held = fold % settings.error_folds == part
        others = [area for area, out in zip(areas, held, strict=True) if not out]
        known = _area_factors(others, beyond[~held], settings.area_prior_sales)
        seen[held] *= np.exp([known.get(areas[i], 0.0) for i in np.flatnonzero(held)])
    middle = float(np.median(seen))
    smallest, largest = middle * 0.3, middle * 4.0
    score = error / np.clip(seen, smallest, largest)
    n_bins = int(np.clip(n // settings.sales_per_price_bin, 1, settings.max_price_bins))
    edges = np.quantile(value, np.arange(1, n_bins) / n_bins) if n_bins > 1 else np.zeros(0)
    at = np.searchsorted(edges, value, side="right")
    tail = settings.alpha / 2.0
    levels = (tail, 1.0 - tail, LOWER_BOUND, *FSD_ENDS)
    return Calibration(
        level_shift=shift,
        n_errors=n,
        bin_edges=tuple(edges.tolist()),
        levels=levels,
        quantiles=tuple(
            _by_bin(score, at, n_bins, level, settings.bin_prior_sales) for level in levels
        ),
        areas=tuple(sorted(factors.items())),
        smallest=smallest,
        largest=largest,
        booster=booster,
    )


def _area_factors(areas: Sequence[str], beyond: Array, prior: float) -> dict[str, float]:
    """Mean log factor of each area, shrunk: n sales keep n / (n + prior) of it."""
    names, codes = np.unique(np.array(areas, dtype=str), return_inverse=True)
    count = np.bincount(codes, minlength=len(names))
    shrunk = np.bincount(codes, beyond, len(names)) / (count + prior)
    return dict(zip(names.tolist(), shrunk.tolist(), strict=True))


def _by_bin(
    score: Array, at: npt.NDArray[np.int64], n_bins: int, level: float, prior: float
) -> tuple[float, ...]:
    """The scores' quantile at `level` in each bin, shrunk towards that of all."""
    pooled = conformal_quantile(score, level)
    out = []
    for b in range(n_bins):
        inside = score[at == b]
        own = conformal_quantile(inside, level) if len(inside) else pooled
        keep = len(inside) / (len(inside) + prior)
        out.append(keep * own + (1.0 - keep) * pooled)
    return tuple(out)


def conformal_quantile(score: Array, level: float) -> float:
    """The order statistic that a new score stays below (above, for a `level` under one half) with
    the probability that `level` names: rank ceil((n + 1) * level) of n from its own side."""
    ordered = np.sort(score)
    n = len(ordered)
    rank = min(int(np.ceil((n + 1) * max(level, 1.0 - level))), n)
    return float(ordered[rank - 1] if level >= 0.5 else ordered[n - rank])
