"""How good intervals are: coverage, width and both together."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.arrays import in_order, paired
from realty_assets.evaluation.bootstrap import bootstrap_intervals

Array = npt.NDArray[np.float64]


def covered(low: npt.ArrayLike, high: npt.ArrayLike, price: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which sales (n,) lie within [low, high]. Raises ValueError where low > high."""
    lower, upper = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if (lower > upper).any():
        raise ValueError("an interval's lower end lies above its upper end")
    s = np.asarray(price, dtype=np.float64)
    return (lower <= s) & (s <= upper)


def binomial_interval(n_hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    if not 0 <= n_hits <= n or n < 1:
        raise ValueError(f"{n_hits} hits of {n}")
    tail = (1.0 - level) / 2.0
    low = 0.0 if n_hits == 0 else float(beta.ppf(tail, n_hits, n - n_hits + 1))
    high = 1.0 if n_hits == n else float(beta.ppf(1.0 - tail, n_hits + 1, n - n_hits))
    return low, high


def winkler(
    low: npt.ArrayLike, high: npt.ArrayLike, price: npt.ArrayLike, alpha: float = 0.10
) -> Array:
    """Interval score per sale (n,), dollars (Winkler 1972; Gneiting and Raftery 2007).

    Width, plus 2/alpha times the distance by which the price lies outside. Lower is better.
    """
    lower, upper, s = (np.asarray(x, dtype=np.float64) for x in (low, high, price))
    outside = np.maximum(lower - s, 0.0) + np.maximum(s - upper, 0.0)
    return (upper - lower) + 2.0 / alpha * outside


@dataclass(frozen=True)
class IntervalQuality:
    """Coverage with its exact 95% interval; widths and Winkler score relative to the prediction,
    with bootstrap intervals."""

    n: int
    coverage: float
    coverage_low: float
    coverage_high: float
    median_width_ratio: float
    median_width_ratio_low: float
    median_width_ratio_high: float
    mean_width_ratio: float
    mean_width_ratio_low: float
    mean_width_ratio_high: float
    winkler_ratio: float
    winkler_ratio_low: float
    winkler_ratio_high: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def interval_quality(
    prediction: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    price: npt.ArrayLike,
    alpha: float = 0.10,
    *,
    seed: int = 7,
    n_draws: int = 300,
) -> IntervalQuality:
    """All interval measures at once, of arrays (n,) in dollars; `n_draws` of the bootstrap."""
    p, s = paired(prediction, price)
    lower, upper = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    hits = int(covered(lower, upper, s).sum())
    bounds = binomial_interval(hits, len(s))
    # One order whatever the rows came in: the draws pick places in it.
    width, score = in_order((upper - lower) / p, winkler(lower, upper, s, alpha) / p)

    def figures(at: npt.NDArray[np.int64]) -> tuple[Array, Array, Array]:
        n, drawn = at.shape[-1], width[at]
        return (
            np.median(drawn, axis=-1),
            np.add.reduce(drawn, axis=-1) / n,
            np.add.reduce(score[at], axis=-1) / n,
        )

    seen = figures(np.arange(len(s)))
    drawn = bootstrap_intervals(figures, len(s), seed=seed, n_draws=n_draws)
    spread = [
        figure for value, ends in zip(seen, drawn, strict=True) for figure in (float(value), *ends)
    ]
    return IntervalQuality(len(s), hits / len(s), *bounds, *spread)
