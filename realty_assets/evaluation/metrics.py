"""Point accuracy of predictions p against sale prices s."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.arrays import in_order, paired
from realty_assets.evaluation.bootstrap import bootstrap_intervals

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointAccuracy:
    """MAE in dollars; MdAPE and the PPEs as shares (0.08 = 8%); R2 on price and on log price."""

    n: int
    mae_usd: float
    mdape: float
    ppe5: float
    ppe10: float
    ppe20: float
    r2: float
    r2_log: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def absolute_percentage_errors(
    prediction: npt.ArrayLike, price: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """abs(p/s - 1) per sale (n,), in the order given."""
    p, s = paired(prediction, price)
    return np.abs(p / s - 1.0)


def mdape(prediction: npt.ArrayLike, price: npt.ArrayLike) -> float:
    """Median absolute percentage error, median abs(p/s - 1): the industry's headline."""
    return float(np.median(absolute_percentage_errors(prediction, price)))


def ppe(prediction: npt.ArrayLike, price: npt.ArrayLike, within: float) -> float:
    """Percentage predicted error: the share of sales with abs(p/s - 1) <= within."""
    return float(np.mean(absolute_percentage_errors(prediction, price) <= within))


def r_squared(prediction: npt.ArrayLike, price: npt.ArrayLike) -> float:
    """1 - SSE / SST about the mean; -inf when the prices do not vary and p differs from them."""
    p, s = in_order(*paired(prediction, price))
    return float(_r_squared(p, s))


def _r_squared(p: Array, s: Array) -> Array:
    error = np.add.reduce((p - s) ** 2, axis=-1)
    mean = np.add.reduce(s, axis=-1, keepdims=True) / s.shape[-1]
    total = np.add.reduce((s - mean) ** 2, axis=-1)
    flat = np.where(error == 0.0, 1.0, -np.inf)
    share = np.divide(error, total, out=np.zeros_like(total), where=total > 0.0)
    return np.where(total > 0.0, 1.0 - share, flat)


def point_accuracy(prediction: npt.ArrayLike, price: npt.ArrayLike) -> PointAccuracy:
    """All point measures at once. Raises ValueError on unequal, empty or non-positive arrays."""
    p, s = in_order(*paired(prediction, price))
    return PointAccuracy(len(p), *(float(figure) for figure in _figures(p, s)))


def point_intervals(
    prediction: npt.ArrayLike, price: npt.ArrayLike, *, seed: int, n_draws: int
) -> dict[str, tuple[float, float]]:
    """95% bootstrap interval of each figure of `point_accuracy`, by name; sales are resampled."""
    p, s = in_order(*paired(prediction, price))
    bounds = bootstrap_intervals(
        lambda at: _figures(p[at], s[at]), len(p), seed=seed, n_draws=n_draws
    )
    return dict(zip(_FIGURES, bounds, strict=True))


def _figures(p: Array, s: Array) -> tuple[Array, ...]:
    """The fields of PointAccuracy after n, (...,) each, of arrays (..., n)."""
    ape = np.abs(p / s - 1.0)
    return (
        np.add.reduce(np.abs(p - s), axis=-1) / p.shape[-1],
        np.median(ape, axis=-1),
        np.mean(ape <= 0.05, axis=-1),
        np.mean(ape <= 0.10, axis=-1),
        np.mean(ape <= 0.20, axis=-1),
        _r_squared(p, s),
        _r_squared(np.log(p), np.log(s)),
    )


_FIGURES = tuple(field.name for field in fields(PointAccuracy))[1:]
