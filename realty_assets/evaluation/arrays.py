"""What every measure asks of its arrays, and the smallest n that it speaks of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# Below this a figure says more about chance than about the model (EVALUATION, ratio study).
MIN_SALES = 30
TOO_SMALL = "n too small"


def paired(prediction: npt.ArrayLike, price: npt.ArrayLike) -> tuple[Array, Array]:
    """Prediction and sale price as float64 arrays (n,) in dollars.

    Raises ValueError when they differ in length, are empty, or hold anything but finite positive
    numbers: a figure over silently dropped rows would not be the figure that was asked for.
    """
    p, s = np.asarray(prediction, dtype=np.float64), np.asarray(price, dtype=np.float64)
    if p.shape != s.shape or p.ndim != 1:
        raise ValueError(f"prediction and price differ in shape: {p.shape} and {s.shape}")
    if not len(p):
        raise ValueError("no sales to measure")
    if not (np.isfinite(p).all() and np.isfinite(s).all() and (p > 0).all() and (s > 0).all()):
        raise ValueError("predictions and prices must be finite and positive")
    return p, s


def in_order(p: Array, s: Array) -> tuple[Array, Array]:
    """Both sorted by (price, prediction): sums then do not depend on the order of rows."""
    order = np.lexsort((p, s))
    return p[order], s[order]
