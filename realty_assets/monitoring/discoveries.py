"""How much of what looks changed may be luck, when many features are asked about at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def adjusted(p_values: npt.ArrayLike) -> Array:
    """Benjamini-Hochberg adjusted p values (n,), in the order given; NaN stays NaN, uncounted.

    Whoever acts on those that are at most q acts on luck in at most a share q of the cases, on
    average (Benjamini and Hochberg 1995; it also holds for features that move together in the same
    direction, Benjamini and Yekutieli 2001).
    """
    p = np.asarray(p_values, dtype=np.float64)
    out = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    if not len(known):
        return out
    order = known[np.argsort(p[known], kind="stable")]
    n = len(order)
    scaled = p[order] * n / np.arange(1, n + 1)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out
