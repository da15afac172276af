"""How good intervals are: coverage, width and both together."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.arrays import in_order, paired

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
    """Coverage with its exact 95% interval; widths and Winkler score relative to the prediction."""

    n: int
    coverage: float
    coverage_low: float
    coverage_high: float
    median_width_ratio: float
    mean_width_ratio: float
    winkler_ratio: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def interval_quality(
    prediction: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    price: npt.ArrayLike,
    alpha: float = 0.10,
) -> IntervalQuality:
    """All interval measures at once, of arrays (n,) in dollars."""
    p, s = paired(prediction, price)
    lower, upper = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    hits = int(covered(lower, upper, s).sum())
    bounds = binomial_interval(hits, len(s))
    width = np.sort((upper - lower) / p)
    score, _ = in_order(winkler(lower, upper, s, alpha) / p, s)
    return IntervalQuality(
        n=len(s),
        coverage=hits / len(s),
        coverage_low=bounds[0],
        coverage_high=bounds[1],
        median_width_ratio=float(np.median(width)),
        mean_width_ratio=float(np.add.reduce(width) / len(width)),
        winkler_ratio=float(np.add.reduce(np.sort(score)) / len(score)),
    )
