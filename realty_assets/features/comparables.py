"""What neighbours' past sales say of a home.

A comparable's residual is what it fetched beyond its attributes (plain hedonic) and the market's
level on its day (index), both of the vintage that the subject may know. Residuals are averaged at
several distances, plainly and weighted by likeness of size, lot, age, grade and view; the most
alike sales give an estimate, their spread and their distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Likeness: attribute of `structure_features`, and the difference that counts as one unit.
LIKENESS_UNITS: dict[str, float] = {
    "ln_living_area": 0.25,
    "ln_lot_size": 0.7,
    "age_years": 18.0,
    "grade_score": 0.9,
    "view_score": 1.2,
    "waterfront_yn": 0.4,
    "condition_score": 1.5,
    "bathrooms_total": 1.0,
    "stories_total": 1.0,
}
MAKE_UP: tuple[str, ...] = ("grade_score", "age_years", "ln_lot_size", "ln_living_area")
# Unlikeness charged for an attribute that either home does not have on record.
UNKNOWN_UNLIKENESS = 0.5


@dataclass(frozen=True)
class CompsSettings:
    """Knobs of the comparables step."""

    n_near: int = 120
    n_wide: int = 120
    wide_share: int = 10
    scales_km: tuple[float, ...] = (0.15, 0.4, 1.0, 2.5, 6.5)
    alike_scales_km: tuple[float, ...] = (0.4, 1.2, 4.0)
    prior_weight: float = 0.5
    n_alike: int = 10
    half_life_days: float = 540.0
    group_prior_sales: float = 4.0
    n_make_up: int = 30
    history_months: int = 36
    density_scales_km: tuple[float, ...] = (0.4, 1.0)
    distance_ranks: tuple[int, ...] = (1, 5, 20, 60)


def metres(scale_km: float) -> str:
    """0.15 -> '150m': how a scale stands in a feature's name."""
    return f"{round(scale_km * 1000)}m"


def _weighted(values: Array, weights: Array) -> Array:
    return np.add.reduce(values * weights, axis=1)


def comps_features(
    settings: CompsSettings,
    near_distance: Array,
    near_residual: Array,
    near_age_days: Array,
    unlike: Array,
    wide_distance: Array,
    wide_residual: Array,
    wide_age_days: Array,
) -> dict[str, Array]:
    """Residual summaries (n,) from the nearest (n, k) and the thinned wide (n, k2) sales.

    Distances in km, inf where there is no sale (its residual must be 0). `unlike` is the squared
    unlikeness (n, k) in units.
    """
    out: dict[str, Array] = {}
    there = np.isfinite(near_distance)
    near_d = np.where(there, near_distance, 1e9)
    wide_there = np.isfinite(wide_distance)
    wide_d = np.where(wide_there, wide_distance, 1e9)
    recency = np.where(there, np.exp2(-near_age_days / settings.half_life_days), 0.0)
    wide_recency = np.where(wide_there, np.exp2(-wide_age_days / settings.half_life_days), 0.0)
    prior = settings.prior_weight
    broader = np.zeros(len(near_d))
    smooth: dict[float, Array] = {}
    for scale in sorted(settings.scales_km, reverse=True):
        wide = scale > 2.0
        distance, residual = (wide_d, wide_residual) if wide else (near_d, near_residual)
        weight = np.exp(-0.5 * (distance / scale) ** 2) * (wide_recency if wide else recency)
        total = np.add.reduce(weight, axis=1)
        broader = (_weighted(residual, weight) + prior * broader) / (total + prior)
        smooth[scale] = broader
        out[f"location_residual_{metres(scale)}"] = broader
        if scale in settings.density_scales_km:
            out[f"sales_density_{metres(scale)}"] = total
    like = np.exp(-0.5 * unlike)
    estimate = broader
    for scale in sorted(settings.alike_scales_km, reverse=True):
        weight = np.exp(-near_d / scale) * like * recency
        total = np.add.reduce(weight, axis=1)
        start = smooth[_closest(settings.scales_km, scale)]
        estimate = (_weighted(near_residual, weight) + prior * 0.5 * start) / (total + prior * 0.5)
        out[f"alike_residual_{metres(scale)}"] = estimate
        out[f"alike_weight_{metres(scale)}"] = total
    top, weight = most_alike(settings, near_distance, near_age_days, unlike)
    has = np.take_along_axis(there, top, axis=1)
    residual = np.take_along_axis(near_residual, top, axis=1)
    n_has = np.add.reduce(has.astype(np.float64), axis=1)
    safe = np.maximum(n_has, 1.0)
    total = np.maximum(np.add.reduce(weight, axis=1), 1e-300)
    mean = _weighted(residual, weight) / total
    spread = np.sqrt(_weighted((residual - mean[:, None]) ** 2, weight) / total)
    plain = np.add.reduce(residual * has, axis=1) / safe
    gap = np.where(has, np.take_along_axis(near_d, top, axis=1), 0.0)
    nan = np.where(n_has > 0, 0.0, np.nan)
    out["comps_residual"] = mean + nan
    out["comps_residual_median"] = _row_median(residual, has)
    out["comps_residual_low"] = np.min(np.where(has, residual, np.inf), axis=1) + nan
    out["comps_residual_high"] = np.max(np.where(has, residual, -np.inf), axis=1) + nan
    out["comps_spread"] = spread + nan
    out["comps_best_residual"] = residual[:, 0] + nan if residual.shape[1] else nan
    out["comps_mean_residual"] = plain + nan
    out["comps_distance_km"] = np.add.reduce(gap, axis=1) / safe + nan
    out["comps_unlikeness"] = (
        np.add.reduce(np.where(has, np.take_along_axis(unlike, top, axis=1), 0.0), axis=1) / safe
        + nan
    )
    out["comps_age_days"] = (
        np.add.reduce(np.where(has, np.take_along_axis(near_age_days, top, axis=1), 0.0), axis=1)
        / safe
        + nan
    )
    for rank in settings.distance_ranks:
        gap_km = near_distance[:, rank - 1]
        out[f"distance_to_sale_{rank}_km"] = np.where(np.isfinite(gap_km), gap_km, np.nan)
    n_all = np.add.reduce(there.astype(np.float64), axis=1)
    out["comps_count"] = n_all
    everywhere = np.where(n_all > 0, 0.0, np.nan)
    for name in list(out):
        if name.startswith(("location_residual", "alike_residual")):
            out[name] = out[name] + everywhere
    return out


def most_alike(
    settings: CompsSettings, near_distance: Array, near_age_days: Array, unlike: Array
) -> tuple[npt.NDArray[np.int64], Array]:
    """(place among the nearest, weight), both (n, n_alike), of the sales most alike in kind, place
    and time; weight 0 where there is none."""
    there = np.isfinite(near_distance)
    near_d = np.where(there, near_distance, 1e9)
    score = unlike + 2.0 * np.log1p(near_d / 0.3) + near_age_days / 365.0
    score = np.where(there, score, np.inf)
    top = np.argsort(score, axis=1, kind="stable")[:, : settings.n_alike]
    has = np.take_along_axis(there, top, axis=1)
    return top, np.where(has, np.exp(-0.5 * np.take_along_axis(score, top, axis=1)), 0.0)


def unlikeness(subject: Mapping[str, Array], pool: Mapping[str, Array], at: npt.NDArray) -> Array:
    """Squared distance (n, k), in LIKENESS_UNITS, between each subject and its sales `at`."""
    total = np.zeros(at.shape)
    for name, unit in LIKENESS_UNITS.items():
        gap = (subject[name][:, None] - pool[name][at]) / unit
        total += np.where(np.isnan(gap), UNKNOWN_UNLIKENESS, np.minimum(gap * gap, 16.0))
    return total


def make_up(
    subject: Mapping[str, Array], pool: Mapping[str, Array], at: npt.NDArray, there: npt.NDArray
) -> dict[str, Array]:
    """Means of the neighbours' attributes (n,) and the subject's own deviation from them."""
    out: dict[str, Array] = {}
    for name in MAKE_UP:
        value = pool[name][at]
        known = there & ~np.isnan(value)
        count = np.add.reduce(known.astype(np.float64), axis=1)
        mean = np.add.reduce(np.where(known, value, 0.0), axis=1) / np.maximum(count, 1.0)
        mean = np.where(count > 0, mean, np.nan)
        out[f"neighbours_{name}"] = mean
        out[f"own_minus_neighbours_{name}"] = subject[name] - mean
    return out


def _closest(values: tuple[float, ...], to: float) -> float:
    return min(values, key=lambda value: abs(value - to))


def _row_median(values: Array, there: npt.NDArray[np.bool_]) -> Array:
    """Median of the valid entries of each row (n,), NaN where there are none."""
    ordered = np.sort(np.where(there, values, np.inf), axis=1)
    count = there.sum(axis=1)
    rows = np.arange(len(values))
    low = np.maximum((count - 1) // 2, 0)
    high = np.minimum(count // 2, values.shape[1] - 1)
    with np.errstate(invalid="ignore"):
        middle = (ordered[rows, low] + ordered[rows, high]) / 2.0
    return np.where(count > 0, middle, np.nan)
