"""The booster that says how far off a value is expected to be, from the sizes of earlier errors.

One calibration is asked for by many: the backtest, the model's record, the methods side by side,
the month that monitoring looks at. What was trained lately in this process is remembered by the
content of what it was trained on.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from realty_assets.modeling.settings import ModelSettings

Array = npt.NDArray[np.float64]

FLOOR = 0.02  # log points: below it, errors do not tell sizes apart
_MOST = 256  # boosters of some hundred kilobytes
_TRAINED: OrderedDict[str, bytes] = OrderedDict()
_LOCK = threading.Lock()


def fit_sizes(inputs: npt.NDArray[np.float32], error: Array, settings: ModelSettings) -> bytes:
    """A booster of ln |error| on `inputs` (n, k), in XGBoost's own format (ubj); `error` is (n,)
    log points. Same rows and settings, same bytes."""
    rounds, seed = settings.error_rounds, settings.seed
    digest = hashlib.sha256(f"{inputs.shape} {rounds} {seed} ".encode())
    digest.update(np.ascontiguousarray(inputs).tobytes())
    digest.update(np.ascontiguousarray(error).tobytes())
    key = digest.hexdigest()
    with _LOCK:
        if key in _TRAINED:
            _TRAINED.move_to_end(key)
            return _TRAINED[key]
    booster = _train(inputs, error, rounds, seed)
    with _LOCK:
        _TRAINED[key] = booster
        while len(_TRAINED) > _MOST:
            _TRAINED.popitem(last=False)
    return booster


def sizes(booster: bytes, inputs: npt.NDArray[np.float32]) -> Array:
    """The expected |error| (n,), log points, of `inputs` (n, k)."""
    import xgboost as xgb

    model = xgb.Booster({"nthread": 1})
    model.load_model(bytearray(booster))
    return np.exp(model.predict(xgb.DMatrix(inputs, nthread=1)).astype(np.float64))


def _train(inputs: npt.NDArray[np.float32], error: Array, rounds: int, seed: int) -> bytes:
    import xgboost as xgb

    params = {
        "objective": "reg:squarederror",
        "tree_method": "hist",
        "nthread": 1,
        "verbosity": 0,
        "seed": seed,
        "eta": 0.05,
        "max_depth": 3,
        "min_child_weight": 25,
        "subsample": 0.7,
        "colsample_bytree": 0.5,
        "reg_lambda": 5.0,
        "max_bin": 64,
    }
    rows = xgb.DMatrix(inputs, label=np.log(np.abs(error) + FLOOR), nthread=1)
    return bytes(xgb.train(params, rows, rounds).save_raw("ubj"))
