"""What of a model's answer comes from what: the one place that knows how a value is put together.

A value's logarithm is the mean of the members' answers, plus the market's level, plus the level
correction. Each member's answer is split into Shapley values of its trees (Lundberg et al. 2020,
as XGBoost's `pred_contribs` gives them). A member that starts from the comparables' estimate
carries it in its margin; that start is a part of its own. What a change in modeling would break
here shows as rounding that is not rounding, which a blocking check refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.modeling.boosters import fed
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.points import STARTS, PointModel, inputs_of
from realty_assets.modeling.settings import Member

Array = npt.NDArray[np.float64]

# Largest difference, in log points, that sums of float32 may leave between parts and value.
TOLERANCE = 1e-4


class NoModel(RealtyError):
    """There is no model to explain."""


@dataclass(frozen=True)
class Contributions:
    """Log values (n,) of homes, and the parts that they are the sum of.

    value = base + sum of features + start + index + level_shift + rounding, all in ln usd. `base`
    is what the ensemble says of a home of which it knows nothing but the training sales' median
    price; `start` how far the comparables' estimate moves the members that start from it;
    `features` (n, k) the members' mean Shapley values by `names`.
    """

    names: tuple[str, ...]
    features: Array
    start: Array
    index: Array
    level_shift: float
    base: float
    log_value: Array

    def __len__(self) -> int:
        return len(self.log_value)

    @property
    def rounding(self) -> Array:
        """What float32 sums leave (n,); more than TOLERANCE means that a part is not known here."""
        return self.log_value - (
            self.base
            + np.add.reduce(self.features, axis=1)
            + self.start
            + self.index
            + self.level_shift
        )


def newest_model(models: pl.DataFrame, track: str = "off_market") -> dict[str, Any]:
    """The row of modeling.models that was added last for `track`. Raises NoModel."""
    mine = models.filter(pl.col("track") == track)
    if mine.is_empty():
        raise NoModel(f"There is no model of the {track} track to explain: `realty run modeling`.")
    return mine.sort("mlflow_version", maintain_order=True).row(-1, named=True)


def log_values(valuer: Valuer, matrix: pl.DataFrame, n_threads: int = 1) -> Array:
    """ln usd (n,) of matrix rows, the level correction left out: it moves all of them alike."""
    return valuer.point.predict_log(matrix, n_threads)[0]


def explain(valuer: Valuer, matrix: pl.DataFrame, n_threads: int = 1) -> Contributions:
    """The parts of the value of each row of `matrix`, in its order.

    The numbers do not depend on `n_threads`: a row's trees are summed in one of them.
    """
    point = valuer.point
    names = (*point.names, STARTS[point.target])
    inputs, start = inputs_of(matrix, point.names), point.start(matrix)
    total = np.zeros((len(matrix), len(names)))
    base = offsets = 0.0
    for member, raw in zip(point.members, point.boosters, strict=True):
        if len(matrix):  # XGBoost has no answer for no rows.
            rows = _rows(point, inputs, start, member)
            split = _booster(raw, n_threads).predict(rows, pred_contribs=True)
            total[:, : split.shape[1] - 1] += split[:, :-1]
            base += float(split[0, -1])
        offsets += float(member.comps_as == "offset")
    n = len(point.members)
    share = offsets / n
    return Contributions(
        names=names,
        features=total / n,
        start=share * (start - point.plain[0]),
        index=point.level(matrix),
        level_shift=valuer.calibration.level_shift,
        base=base / n + share * point.plain[0],
        log_value=log_values(valuer, matrix) + valuer.calibration.level_shift,
    )


def _rows(point: PointModel, inputs: npt.NDArray[np.float32], start: Array, member: Member) -> Any:
    """The member's DMatrix, with a margin of nothing where it starts from the comparables: the
    start is added apart, and the bias that is left is one number for all rows."""
    nothing = np.zeros_like(start) if member.comps_as == "offset" else start
    return fed(point.names, inputs, nothing, member)


def _booster(raw: bytes, n_threads: int) -> Any:
    import xgboost as xgb

    booster = xgb.Booster({"nthread": n_threads})
    booster.load_model(bytearray(raw))
    return booster
