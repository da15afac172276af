"""Ratio study: level, uniformity and vertical equity of values (r = prediction / price).

Definitions: IAAO, Standard on Ratio Studies (2013) for the median ratio, COD, PRD and PRB; Quintos
(2020, 2021, "A Gini measure for vertical equity in property assessments") for the MKI; IAAO draft
Standard on Ratio Studies (2025) for the VEI.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.arrays import MIN_SALES, in_order, paired
from realty_assets.evaluation.bootstrap import bootstrap_intervals

Array = npt.NDArray[np.float64]


def median_ratio(prediction: npt.ArrayLike, price: npt.ArrayLike) -> float:
    """Median of p/s. Acceptable: 0.90 to 1.10."""
    return float(_median_ratio(*in_order(*paired(prediction, price))))


def cod(prediction: npt.ArrayLike, price: npt.ArrayLike) -> float:
    """Coefficient of dispersion: 100 * mean abs(r - median r) / median r. Homes: 5 to 15."""
    return float(_cod(*in_order(*paired(prediction, price))))


def prd(prediction: npt.ArrayLike, price: npt.ArrayLike) -> float:
    """Price-related differential: mean r / (sum p / sum s). Acceptable: 0.98 to 1.03."""
    return float(_prd(*in_order(*paired(prediction, price))))


def prb(prediction: npt.ArrayLike, price: npt.ArrayLike) -> float:
    """Price-related bias: slope of (r - m)/m on ln(0.5 (s + p/m)) / ln 2, m = median r.

    The change of the ratio when value doubles. Acceptable: -0.05 to 0.05. NaN when the proxy of
    value does not vary.
    """
    return float(_prb(*in_order(*paired(prediction, price))))


def mki(prediction: npt.ArrayLike, price: npt.ArrayLike) -> float:
    """Modified Kakwani index: Gini of p with homes ordered by s, over the Gini of s.

    Acceptable: 0.95 to 1.05. Homes of equal price count as one step: their predictions are
    averaged, so that the order of rows does not matter. NaN when prices do not vary.
    """
    return float(_mki(*in_order(*paired(prediction, price))))


def vei(prediction: npt.ArrayLike, price: npt.ArrayLike) -> float:
    """Vertical equity indicator: 100 (median r of the top group - of the bottom) / median r.

    Groups by the proxy 0.5 s + 0.5 p/m: 2 for n of 20 to 50, 4 for 51 to 500, 10 above; NaN for
    fewer than 20 sales. Negative is regressive. Ties of the proxy stay together.
    """
    return float(_vei(*in_order(*paired(prediction, price))))


# The same on arrays (..., n) that are sorted by price already, as resamples of a sorted sample are:
# one figure for each row of them.


def _mean(values: Array) -> Array:
    return np.add.reduce(values, axis=-1, keepdims=True) / values.shape[-1]


def _middle(values: Array) -> Array:
    return np.median(values, axis=-1, keepdims=True)


def _median_ratio(p: Array, s: Array) -> Array:
    return np.median(p / s, axis=-1)


def _cod(p: Array, s: Array) -> Array:
    r = p / s
    middle = _middle(r)
    return (100.0 * _mean(np.abs(r - middle)) / middle)[..., 0]


def _prd(p: Array, s: Array) -> Array:
    weighted = np.add.reduce(p, axis=-1) / np.add.reduce(s, axis=-1)
    return _mean(p / s)[..., 0] / weighted


def _prb(p: Array, s: Array) -> Array:
    r = p / s
    m = _middle(r)
    x = np.log(0.5 * (s + p / m)) / np.log(2.0)
    y = (r - m) / m
    dx = x - _mean(x)
    spread = np.add.reduce(dx * dx, axis=-1)
    varies = spread > 1e-18 * x.shape[-1]
    tilt = np.add.reduce(dx * (y - _mean(y)), axis=-1)
    return np.divide(tilt, spread, out=np.full_like(spread, np.nan), where=varies)


def _mki(p: Array, s: Array) -> Array:
    first = np.ones(s.shape, dtype=bool)
    first[..., 1:] = s[..., 1:] != s[..., :-1]
    start = np.flatnonzero(first)  # every row begins with one
    count = np.diff(np.r_[start, first.size])
    level = np.repeat(np.add.reduceat(p.ravel(), start) / count, count).reshape(s.shape)
    gini_s = _gini_in_order(s)
    out = np.full(gini_s.shape, np.nan)
    return np.divide(_gini_in_order(level), gini_s, out=out, where=gini_s > 1e-15)


def _gini_in_order(value: Array) -> Array:
    """Gini coefficients with the order given: 2 sum(i v_i) / (n sum v) - (n + 1) / n."""
    n = value.shape[-1]
    rank = np.arange(1, n + 1, dtype=np.float64)
    total = np.add.reduce(value, axis=-1)
    return 2.0 * np.add.reduce(rank * value, axis=-1) / (n * total) - (n + 1) / n


def _vei(p: Array, s: Array) -> Array:
    n = p.shape[-1]
    if n < 20:
        return np.full(p.shape[:-1], np.nan)
    groups = 2 if n <= 50 else 4 if n <= 500 else 10
    r = p / s
    middle = _middle(r)
    proxy = 0.5 * s + 0.5 * p / middle
    low, high = np.quantile(proxy, [1.0 / groups, 1.0 - 1.0 / groups], axis=-1, keepdims=True)
    top, bottom = _median_where(r, proxy >= high), _median_where(r, proxy <= low)
    return 100.0 * (top - bottom) / middle[..., 0]


def _median_where(values: Array, inside: npt.NDArray[np.bool_]) -> Array:
    """Medians (...,) of those of the values (..., n) that are `inside`; some are, in every row."""
    n = np.add.reduce(inside, axis=-1, keepdims=True)
    middle = ((n - 1) // 2, n // 2)
    ordered = np.partition(np.where(inside, values, np.inf), np.unique(middle), axis=-1)
    low, high = (np.take_along_axis(ordered, at, axis=-1) for at in middle)
    return (0.5 * (low + high))[..., 0]


STATISTICS: dict[str, Callable[[Array, Array], Array]] = {
    "median_ratio": _median_ratio,
    "cod": _cod,
    "prd": _prd,
    "prb": _prb,
    "mki": _mki,
    "vei": _vei,
}


@dataclass(frozen=True)
class RatioStatistic:
    """One statistic with its bootstrap interval; `note` says why a figure is missing."""

    name: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    note: str = ""


def untrimmed_rows(prediction: npt.ArrayLike, price: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Rows (n,) whose ratio is within 3 interquartile ranges of the quartiles."""
    p, s = paired(prediction, price)
    r = p / s
    q1, q3 = np.quantile(r, [0.25, 0.75])
    return (r >= q1 - 3 * (q3 - q1)) & (r <= q3 + 3 * (q3 - q1))


def ratio_study(
    prediction: npt.ArrayLike,
    price: npt.ArrayLike,
    *,
    seed: int = 7,
    n_draws: int = 1000,
    level: float = 0.95,
    trim: bool = False,
) -> dict[str, RatioStatistic]:
    """Every statistic with a seeded percentile bootstrap interval, by name.

    `trim` leaves out ratios beyond 3 IQR. Under 30 sales there is no figure, only "n too small".
    """
    p, s = paired(prediction, price)
    if trim:
        rows = untrimmed_rows(p, s)
        p, s = p[rows], s[rows]
    n = len(p)
    if n < MIN_SALES:
        return {
            name: RatioStatistic(name, n, None, None, None, "n too small") for name in STATISTICS
        }
    p, s = in_order(p, s)
    names = list(STATISTICS)
    bounds = bootstrap_intervals(
        lambda rows: [STATISTICS[name](p[rows], s[rows]) for name in names],
        n,
        seed=seed,
        n_draws=n_draws,
        level=level,
    )
    return {
        name: RatioStatistic(name, n, float(STATISTICS[name](p, s)), low, high)
        for name, (low, high) in zip(names, bounds, strict=True)
    }
