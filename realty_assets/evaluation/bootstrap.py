"""Seeded bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt


def bootstrap_intervals(
    statistics: Callable[[npt.NDArray[np.int64]], Sequence[float]],
    n: int,
    *,
    seed: int,
    n_draws: int = 1000,
    level: float = 0.95,
) -> list[tuple[float, float]]:
    """Percentile intervals (Efron 1979) of `statistics(row numbers)` over resamples of n rows.

    Row numbers come in ascending order, so a sorted sample stays sorted. All statistics share the
    draws; the same seed gives the same intervals. Draws without a value (NaN) are left out. Raises
    ValueError for n or n_draws below 1, or a level outside (0, 1).
    """
    if n < 1 or n_draws < 1:
        raise ValueError(f"nothing to resample: n {n}, draws {n_draws}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    random = np.random.default_rng(seed)
    draws = np.array([statistics(np.sort(random.integers(0, n, n))) for _ in range(n_draws)])
    return [_percentiles(column, level) for column in draws.T]


def _percentiles(draws: npt.NDArray[np.float64], level: float) -> tuple[float, float]:
    usable = draws[np.isfinite(draws)]
    if not len(usable):
        return float("nan"), float("nan")
    low, high = np.quantile(usable, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)
