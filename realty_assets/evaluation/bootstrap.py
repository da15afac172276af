"""Seeded bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt


def bootstrap_interval(
    statistic: Callable[[npt.NDArray[np.int64]], float],
    n: int,
    *,
    seed: int,
    n_draws: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval (Efron 1979) of `statistic(row numbers)` over resamples of n rows.

    The same seed gives the same interval. Draws without a value (NaN) are left out. Raises
    ValueError for n < 1 or a level outside (0, 1).
    """
    if n < 1:
        raise ValueError("no rows to resample")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    random = np.random.default_rng(seed)
    draws = np.array([statistic(random.integers(0, n, n)) for _ in range(n_draws)])
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.quantile(draws, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)
