"""Seeded bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.resampling import percentile_interval

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
# Row numbers drawn at a time: many draws share one call, and what it makes stays in the cache.
_BATCH = 100_000


def bootstrap_intervals(
    statistics: Callable[[Rows], Sequence[Array]],
    n: int,
    *,
    seed: int,
    n_draws: int = 1000,
    level: float = 0.95,
) -> list[tuple[float, float]]:
    """Percentile intervals (Efron 1979) of `statistics(row numbers)` over resamples of n rows.

    `statistics` is given the row numbers of some draws at once, (draws, n), and answers with each
    figure's (draws,). Row numbers of a draw ascend, so a sorted sample stays sorted. All statistics
    share the draws; the same seed gives the same intervals. Draws without a value (NaN) are left
    out. Raises ValueError for n or n_draws below 1, or a level outside (0, 1).
    """
    if n < 1 or n_draws < 1:
        raise ValueError(f"nothing to resample: n {n}, draws {n_draws}")
    random = np.random.default_rng(seed)
    at_once = max(_BATCH // n, 1)
    parts = []
    for first in range(0, n_draws, at_once):
        rows = random.integers(0, n, (min(at_once, n_draws - first), n))
        rows.sort(axis=-1)
        parts.append(np.array(statistics(rows)))
    return [percentile_interval(figure, level) for figure in np.concatenate(parts, axis=-1)]
