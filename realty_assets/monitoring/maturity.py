"""How many of a month's sales are still to be heard of, told from how late earlier ones came.

A sale that closed `a` days ago is known by now with the probability that a sale becomes known
within `a` days; each known sale stands for 1 over that probability (Horvitz and Thompson 1952, the
run-off of claims in insurance). Only sales old enough that hardly any is missing teach the delays.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int64]

# A sale that is not heard of half a year after its close is not waited for.
SETTLED_DAYS = 180
# Delays of fewer sales say little.
MIN_SALES = 100


def known_share(age_days: npt.ArrayLike, delays: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Share of `delays` (days from close to known, (m,)) that are over after `age_days` (n,)."""
    ordered = np.sort(np.asarray(delays, dtype=np.int64))
    ages = np.asarray(age_days, dtype=np.int64)
    return np.searchsorted(ordered, ages, "right") / len(ordered)


def expected_sales(
    close_day: Days, known_day: Days, today: int, month: tuple[int, int]
) -> float | None:
    """Sales of `month` (first day, day after its last) that will have been heard of in the end.

    Days since 1970. Of `close_day` and `known_day` (n,) those known before `today` count. None
    when too few settled sales teach the delays, or none of the month's is known. A delay that no
    settled sale had counts as the longest one.
    """
    there = known_day < today
    closed, delay = close_day[there], np.maximum(known_day - close_day, 0)[there]
    settled = closed < today - SETTLED_DAYS
    if np.count_nonzero(settled) < MIN_SALES:
        return None
    delays = np.minimum(delay[settled], SETTLED_DAYS)
    inside = (closed >= month[0]) & (closed < month[1])
    if not inside.any():
        return None
    # Known before today: a sale that closed yesterday had no day yet to become known.
    share = known_share(today - 1 - closed[inside], delays)
    return float(np.sum(1.0 / np.maximum(share, 1.0 / len(delays))))
