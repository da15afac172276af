"""Point accuracy of predictions p against sale prices s."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.arrays import in_order, paired
from realty_assets.evaluation.bootstrap import bootstrap_intervals


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
    return _r_squared(p, s)


def _r_squared(p: npt.NDArray[np.float64], s: npt.NDArray[np.float64]) -> float:
    error = float(np.add.reduce((p - s) ** 2))
    total = float(np.add.reduce((s - np.add.reduce(s) / len(s)) ** 2))
    if total == 0.0:
        return 1.0 if error == 0.0 else float("-inf")
    return 1.0 - error / total


def point_accuracy(prediction: npt.ArrayLike, price: npt.ArrayLike) -> PointAccuracy:
    """All point measures at once. Raises ValueError on unequal, empty or non-positive arrays."""
    p, s = in_order(*paired(prediction, price))
    return PointAccuracy(len(p), *_figures(p, s))


def point_intervals(
    prediction: npt.ArrayLike, price: npt.ArrayLike, *, seed: int, n_draws: int
) -> dict[str, tuple[float, float]]:
    """95% bootstrap interval of each figure of `point_accuracy`, by name; sales are resampled."""
    p, s = in_order(*paired(prediction, price))
    bounds = bootstrap_intervals(
        lambda at: _figures(p[at], s[at]), len(p), seed=seed, n_draws=n_draws
    )
    return dict(zip(_FIGURES, bounds, strict=True))


def _figures(p: npt.NDArray[np.float64], s: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """The fields of PointAccuracy after n."""
    ape = np.abs(p / s - 1.0)
    return (
        float(np.add.reduce(np.abs(p - s)) / len(p)),
        float(np.median(ape)),
        float(np.mean(ape <= 0.05)),
        float(np.mean(ape <= 0.10)),
        float(np.mean(ape <= 0.20)),
        _r_squared(p, s),
        _r_squared(np.log(p), np.log(s)),
    )


_FIGURES = tuple(field.name for field in fields(PointAccuracy))[1:]
