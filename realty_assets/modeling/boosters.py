"""One booster: what it minimizes, how it is fed, and how it is trained.

Three losses on log price. `absolute` is XGBoost's own. `huber` is the pseudo-Huber loss
(Charbonnier et al. 1997), steadier where few sales stand in a leaf. `equity` adds a penalty on the
slope of the residual on log price: a model that shrinks to the middle values cheap homes too high
and dear ones too low (negative PRB), and the penalty pays for undoing it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from realty_assets.modeling.settings import Member, ModelSettings

Array = npt.NDArray[np.float64]
Inputs = npt.NDArray[np.float32]
Objective = Callable[[npt.NDArray[np.float32], Any], tuple[Array, Array]]

# How boosters are fed and trained: what is kept of earlier runs is theirs alone.
CODE_VERSION = "1"
START_COLUMN = "start_log_value"
LEAST_CURVATURE = 0.1


def fed(names: tuple[str, ...], inputs: Inputs, start: Array, member: Member) -> Any:
    """A DMatrix in which the start (n,) is the offset or one more column."""
    import xgboost as xgb

    if member.comps_as == "offset":
        rows = xgb.DMatrix(inputs, feature_names=list(names), nthread=1)
        rows.set_base_margin(start)
        return rows
    both = np.hstack([inputs, start.astype(np.float32)[:, None]])
    return xgb.DMatrix(both, feature_names=[*names, START_COLUMN], nthread=1)


def train_booster(rows: Any, target: Array, member: Member, settings: ModelSettings) -> Any:
    """A trained xgboost.Booster for `rows` as from `fed`. Same data and settings, same bits.

    It trains in one thread: its bits must not depend on the machine.
    """
    import xgboost as xgb

    own = member.of(settings)
    rows.set_label(target)
    params = {
        "objective": "reg:absoluteerror",
        "tree_method": "hist",
        "nthread": 1,
        "verbosity": 0,
        "seed": settings.seed + 1000 * member.seed_offset,
        "eta": own.eta,
        "max_depth": int(own.max_depth),
        "min_child_weight": own.min_child_weight,
        "subsample": own.subsample,
        "colsample_bytree": own.colsample_bytree,
        "reg_lambda": own.reg_lambda,
        "max_bin": int(own.max_bin),
    }
    objective = None
    if member.loss != "absolute":
        slope = own.equity_slope if member.loss == "equity" else own.huber_slope
        weight = own.equity_weight if member.loss == "equity" else 0.0
        objective = penalized(target, slope, weight)
        middle = float(np.median(target)) if member.comps_as == "feature" else 0.0
        params |= {"objective": "reg:squarederror", "base_score": middle}
    return xgb.train(params, rows, int(own.rounds), obj=objective)


def penalized(target: Array, slope: float, weight: float) -> Objective:
    """Gradient and curvature of pseudo-Huber loss plus weight * n / 2 * (slope of residual)^2.

    The second slope is that of prediction minus target on the standardized target (n,); its part
    of the curvature is bounded by `weight`, which keeps every step a descent.
    """
    spread = float(np.std(target)) or 1.0
    standard = (target - float(np.mean(target))) / spread

    def objective(prediction: npt.NDArray[np.float32], _: Any) -> tuple[Array, Array]:
        residual = prediction.astype(np.float64) - target
        bend = np.sqrt(1.0 + (residual / slope) ** 2)
        gradient = residual / bend
        curvature = np.maximum(bend**-3.0, LEAST_CURVATURE)
        if weight:
            tilt = float(np.add.reduce(residual * standard) / len(residual))
            gradient = gradient + weight * tilt * standard
        return gradient, curvature + weight

    return objective
