"""The point model: boosters on log price with the market's level taken off the target.

Trees cannot run past the last day, so the index (as known at the cutoff) is taken off each sale's
log price on its close day, and what was known of the index in time is added to each prediction.
Each booster trains in one thread, so that its bits do not depend on the machine; members and months
train side by side instead.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.market_index import Vintage
from realty_assets.features.matrix import FeatureSettings
from realty_assets.features.registry import features
from realty_assets.features.sales import day_numbers, effective_known_at
from realty_assets.modeling.settings import Member, ModelSettings, NotEnoughSales

Array = npt.NDArray[np.float64]

START = "comps_log_value"
# Not shown to the boosters: the level is added afterwards, the start goes in as START says.
NOT_INPUTS = frozenset({"index_log", START})


def input_names(settings: FeatureSettings) -> tuple[str, ...]:
    """Names of the features that boosters may see, in column order."""
    return tuple(s.name for s in features(settings.comps) if s.name not in NOT_INPUTS)


@dataclass(frozen=True)
class TrainingSet:
    """What a model of one cutoff learns from: inputs (n, k), target, start and target per square
    foot (n,), ln usd with the market's level off. Rows are in a stable order."""

    names: tuple[str, ...]
    inputs: npt.NDArray[np.float32]
    target: Array
    start: Array
    per_sqft: Array

    def __len__(self) -> int:
        return len(self.target)

    def plain(self) -> tuple[float, float]:
        """Median (log price, log price per square foot); the latter NaN when no area is known."""
        known = self.per_sqft[~np.isnan(self.per_sqft)]
        return float(np.median(self.target)), float(np.median(known)) if len(known) else float(
            "nan"
        )

    def sha256(self) -> str:
        """Hash of names and bytes: equal hashes, equal training sets."""
        digest = hashlib.sha256(json.dumps(self.names).encode())
        for part in (self.inputs, self.target, self.start):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def usable_for_training(cutoff: date) -> pl.Expr:
    """Valid sales known before 00:00 UTC of `cutoff` that had a market to be compared with."""
    return (
        (pl.col("role") == "sale")
        & pl.col("excluded_by").is_null()
        & (effective_known_at() < pl.lit(cutoff).cast(pl.Datetime("us")))
        & pl.col("hedonic_log_value").is_not_null()
    )


def n_usable(matrix: pl.DataFrame, cutoff: date) -> int:
    """How many rows a model of `cutoff` can learn from."""
    return matrix.filter(usable_for_training(cutoff)).height


def training_set(
    matrix: pl.DataFrame, cutoff: date, vintage: Vintage, settings: FeatureSettings
) -> TrainingSet:
    """Training set at `cutoff`; `vintage` is the index as known then. Empty columns are left out.

    Which columns are empty is seen from rows known before the cutoff only.
    """
    rows = matrix.filter(usable_for_training(cutoff)).sort(
        "as_of", "listing_key", "property_key", "close_price"
    )
    names = tuple(n for n in input_names(settings) if rows[n].null_count() < len(rows))
    level = vintage.index(day_numbers(rows["close_date"]))
    target = np.log(rows["close_price"].to_numpy()) - level
    return TrainingSet(
        names=names,
        inputs=_inputs(rows, names),
        target=target,
        start=rows[START].to_numpy().copy(),
        per_sqft=target - rows["ln_living_area"].to_numpy(),
    )


def _inputs(rows: pl.DataFrame, names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    if not names:
        return np.zeros((len(rows), 0), dtype=np.float32)
    return np.ascontiguousarray(rows.select(names).to_numpy(), dtype=np.float32)


def train_member(data: TrainingSet, member: Member, settings: ModelSettings) -> bytes:
    """One booster in XGBoost's own format (ubj). Same data and settings, same bytes."""
    import xgboost as xgb

    params = {
        "objective": "reg:absoluteerror",
        "tree_method": "hist",
        "nthread": 1,
        "verbosity": 0,
        "seed": settings.seed + 1000 * member.seed_offset,
        "eta": settings.eta,
        "max_depth": settings.max_depth,
        "min_child_weight": settings.min_child_weight,
        "subsample": settings.subsample,
        "colsample_bytree": settings.colsample_bytree,
        "reg_lambda": settings.reg_lambda,
        "max_bin": settings.max_bin,
    }
    rows = _dmatrix(data.names, data.inputs, data.start, member)
    rows.set_label(data.target)
    return bytes(xgb.train(params, rows, settings.rounds).save_raw("ubj"))


def _dmatrix(
    names: tuple[str, ...], inputs: npt.NDArray[np.float32], start: Array, member: Member
) -> Any:
    """A DMatrix in which the comparables' estimate is the offset or one more column."""
    import xgboost as xgb

    if member.comps_as == "offset":
        rows = xgb.DMatrix(inputs, feature_names=list(names), nthread=1)
        rows.set_base_margin(start)
        return rows
    both = np.hstack([inputs, start.astype(np.float32)[:, None]])
    return xgb.DMatrix(both, feature_names=[*names, START], nthread=1)


@dataclass(frozen=True)
class PointModel:
    """A trained ensemble: log value is the members' mean plus the market's level.

    `plain` is the training sales' median (log price, log price per square foot), market level off:
    where a home starts from whose as_of lies before the market's first vintage.
    """

    names: tuple[str, ...]
    members: tuple[Member, ...]
    boosters: tuple[bytes, ...]
    plain: tuple[float, float]

    def predict_log(self, matrix: pl.DataFrame) -> tuple[Array, Array]:
        """(log value (n,) in ln usd, half the range between members (n,)) of matrix rows."""
        import xgboost as xgb

        inputs = _inputs(matrix, self.names)
        per_sqft = matrix["ln_living_area"].to_numpy() + self.plain[1]
        plain = np.where(np.isnan(per_sqft), self.plain[0], per_sqft)
        known, level = matrix[START].to_numpy(), matrix["index_log"].to_numpy()
        start = np.where(np.isnan(known), plain, known)
        answers = []
        for member, raw in zip(self.members, self.boosters, strict=True):
            booster = xgb.Booster({"nthread": 1})
            booster.load_model(bytearray(raw))
            rows = _dmatrix(self.names, inputs, start, member)
            answers.append(booster.predict(rows).astype(np.float64))
        total = answers[0]
        for answer in answers[1:]:
            total = total + answer
        spread = (np.max(answers, axis=0) - np.min(answers, axis=0)) / 2.0
        return total / len(answers) + np.where(np.isnan(level), 0.0, level), spread

    def sha256(self) -> str:
        """Hash of the boosters and of how they are fed."""
        how = json.dumps([self.names, [asdict(m) for m in self.members], self.plain])
        digest = hashlib.sha256(how.encode())
        for raw in self.boosters:
            digest.update(hashlib.sha256(raw).digest())
        return digest.hexdigest()


def require_sales(matrix: pl.DataFrame, cutoff: date, needed: int) -> None:
    """Raises NotEnoughSales unless a model can be trained at `cutoff`."""
    have = n_usable(matrix, cutoff)
    if have < needed:
        raise NotEnoughSales(needed, have, f"with a known market before {cutoff} to train a model")
