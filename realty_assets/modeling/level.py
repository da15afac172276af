"""The level correction: how far off the newest predictions were, and where that is going.

The index sees a turn of the market late: it is made of sales that were agreed on weeks before they
close, and smoothed. How late, the errors of the newest months say. They are taken to move on by
once more what they moved last, less what they move in a calm market, too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from realty_assets.features.hedonic import HUBER_K, MAD_TO_SD
from realty_assets.modeling.settings import ModelSettings

Array = npt.NDArray[np.float64]

_ROUNDS = 20


def level_shift(newest: Array, before: Array, settings: ModelSettings) -> float:
    """What is added to predictions, ln ratio.

    `newest` are the errors (log price minus log value) of the last `level_months` months, `before`
    those of as many months before them; either may be empty. Both parts are shrunk for small n.
    """
    if not len(newest):
        return 0.0
    shift = float(np.median(newest)) * _kept(len(newest), settings)
    if len(before):
        # Errors lean to one side, which a middle feels and the difference of two does not.
        moved = middle(newest) - middle(before)
        beyond = max(abs(moved) - settings.level_calm, 0.0)
        fewer = min(len(newest), len(before))
        shift += float(np.sign(moved)) * beyond * _kept(fewer, settings)
    return shift


def middle(errors: Array) -> float:
    """Huber's M-estimate of location (Huber 1964) of `errors` (n,), n > 0.

    An outlier moves it as little as the median; of errors like the normal's it needs two thirds of
    the median's number for the same precision.
    """
    at = float(np.median(errors))
    spread = max(MAD_TO_SD * float(np.median(np.abs(errors - at))), 1e-6)
    for _ in range(_ROUNDS):
        weight = np.minimum(1.0, HUBER_K * spread / np.maximum(np.abs(errors - at), 1e-12))
        at = float(np.add.reduce(weight * errors) / np.add.reduce(weight))
    return at


def _kept(n: int, settings: ModelSettings) -> float:
    """The share of a figure that `n` sales back up."""
    return n / (n + settings.level_prior_sales)
