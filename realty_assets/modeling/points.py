"""The point model: boosters on log price that start from an estimate and learn what it misses.

Two targets. `level`: the market's level is taken off the price and the start is the comparables'
estimate. Trees cannot run past the last day, so the index (as known at the cutoff) is taken off
each sale's log price on its close day, and what was known of the index in time is added to each
prediction. `list`: the start is the list price times the area's sale-to-list ratio, and boosters
learn the correction to it; a list price is of its day, so no level is taken off.

Each booster trains in one thread, so that its bits do not depend on the machine; members and months
train side by side instead.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.known_hash import DAY_US
from realty_assets.features.market_index import Vintage
from realty_assets.features.matrix import FeatureSettings
from realty_assets.features.registry import features
from realty_assets.features.sales import day_numbers, effective_known_at, epoch_day
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.modeling.boosters import fed, train_booster
from realty_assets.modeling.settings import Member, ModelSettings, NotEnoughSales, Target

Array = npt.NDArray[np.float64]

# Where a booster starts from, by target.
STARTS: dict[Target, str] = {"level": "comps_log_value", "list": "list_log_value"}
# Not shown to the boosters: the level is added afterwards, a start goes in as the member says.
NOT_INPUTS = frozenset({"index_log", *STARTS.values()})


def input_names(settings: FeatureSettings, track: str) -> tuple[str, ...]:
    """Names of the features that boosters of `track` see, in column order: those that the registry
    says are an input by default."""
    specs = features(settings.comps, settings.layers, track)
    return tuple(s.name for s in specs if s.default_input and s.name not in NOT_INPUTS)


@dataclass(frozen=True)
class TrainingSet:
    """What a model of one cutoff learns from: inputs (n, k), target, start and target per square
    foot (n,), ln usd, with the market's level off where `kind` says so. Rows are in a stable order.
    """

    names: tuple[str, ...]
    inputs: npt.NDArray[np.float32]
    target: Array
    start: Array
    per_sqft: Array
    kind: Target = "level"

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
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        digest = hashlib.sha256(json.dumps([self.kind, self.names]).encode())
        for part in (self.inputs, self.target, self.start):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def may_teach() -> pl.Expr:
    """Valid sales that had a market to be compared with."""
    return (
        (pl.col("role") == "sale")
        & pl.col("excluded_by").is_null()
        & pl.col("hedonic_log_value").is_not_null()
        & pl.col("known_at").is_not_null()
    )


def usable_for_training(cutoff: date) -> pl.Expr:
    """Those of them that were known before 00:00 UTC of `cutoff`."""
    return may_teach() & (effective_known_at() < pl.lit(cutoff).cast(pl.Datetime("us")))


def n_usable(matrix: pl.DataFrame, cutoff: date) -> int:
    """How many rows a model of `cutoff` can learn from."""
    return int(matrix.select(usable_for_training(cutoff).sum()).item())


@dataclass(frozen=True)
class Lessons:
    """All that a track's sales can ever teach, in a stable order, ready to be cut at any day:
    `inputs` (n, k) by `names`, `known_at` (microseconds UTC), `close_day` (days since 1970),
    `log_price`, `start` and `ln_living_area` (n,).
    """

    names: tuple[str, ...]
    inputs: npt.NDArray[np.float32]
    known_at: npt.NDArray[np.int64]
    close_day: npt.NDArray[np.int64]
    log_price: Array
    start: Array
    ln_living_area: Array
    kind: Target

    @classmethod
    def of(cls, matrix: pl.DataFrame, settings: FeatureSettings, target: Target) -> Lessons:
        """`matrix` holds the rows of one track."""
        rows = matrix.filter(may_teach()).sort(
            "as_of", "listing_key", "property_key", "close_price"
        )
        names = input_names(settings, rows["track"][0] if len(rows) else OFF_MARKET)
        known_at = rows.select(known=effective_known_at())["known"].cast(pl.Int64)
        return cls(
            names=names,
            inputs=inputs_of(rows, names),
            known_at=known_at.to_numpy(),
            close_day=day_numbers(rows["close_date"]),
            log_price=np.log(rows["close_price"].to_numpy()),
            start=rows[STARTS[target]].to_numpy().copy(),
            ln_living_area=rows["ln_living_area"].to_numpy(),
            kind=target,
        )

    @cached_property
    def first_known(self) -> npt.NDArray[np.int64]:
        """When each column first had a value (k,), microseconds UTC; the largest integer where it
        never had one."""
        never = np.iinfo(np.int64).max
        return np.array(
            [
                self.known_at[~np.isnan(self.inputs[:, i])].min(initial=never)
                for i in range(len(self.names))
            ],
            dtype=np.int64,
        )

    def before(self, cutoff: date, vintage: Vintage) -> TrainingSet:
        """What was known before 00:00 UTC of `cutoff`; `vintage` is the index as known then.

        Empty columns are left out; which are empty is seen from these rows only.
        """
        until = epoch_day(cutoff) * DAY_US
        rows, full = np.flatnonzero(self.known_at < until), np.flatnonzero(self.first_known < until)
        target = self.log_price[rows]
        if self.kind == "level":
            target = target - vintage.index(self.close_day[rows])
        return TrainingSet(
            names=tuple(self.names[i] for i in full),
            # Whole rows first: they lie in one piece.
            inputs=self.inputs.take(rows, axis=0).take(full, axis=1),
            target=target,
            start=self.start[rows],
            per_sqft=target - self.ln_living_area[rows],
            kind=self.kind,
        )


def training_set(
    matrix: pl.DataFrame,
    cutoff: date,
    vintage: Vintage,
    settings: FeatureSettings,
    target: Target = "level",
) -> TrainingSet:
    """Training set at one `cutoff`: see `Lessons.before`."""
    known = matrix.filter(usable_for_training(cutoff))
    return Lessons.of(known, settings, target).before(cutoff, vintage)


def inputs_of(rows: pl.DataFrame, names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """What boosters see of matrix rows: (n, k) float32, NaN where unknown."""
    if not names:
        return np.zeros((len(rows), 0), dtype=np.float32)
    return np.ascontiguousarray(rows.select(names).to_numpy(), dtype=np.float32)


def train_member(data: TrainingSet, member: Member, settings: ModelSettings) -> bytes:
    """One booster in XGBoost's own format (ubj). Same data and settings, same bytes."""
    rows = fed(data.names, data.inputs, data.start, member)
    return bytes(train_booster(rows, data.target, member, settings).save_raw("ubj"))


def predict_member(
    data: TrainingSet, member: Member, booster: bytes, matrix: pl.DataFrame
) -> Array:
    """Log value (n,) in ln usd of `matrix` rows by one booster trained on `data`."""
    model = PointModel(data.names, (member,), (booster,), data.plain(), data.kind)
    return model.predict_log(matrix)[0]


@dataclass(frozen=True)
class PointModel:
    """A trained ensemble: log value is the members' mean, plus the market's level if that is off
    their target.

    `plain` is the training sales' median (log price, log price per square foot), market level off:
    where a home starts from whose as_of lies before the market's first vintage.
    """

    names: tuple[str, ...]
    members: tuple[Member, ...]
    boosters: tuple[bytes, ...]
    plain: tuple[float, float]
    target: Target = "level"

    def start(self, matrix: pl.DataFrame) -> Array:
        """Where the boosters start from (n,), ln usd."""
        known = matrix[STARTS[self.target]].to_numpy()
        per_sqft = matrix["ln_living_area"].to_numpy() + self.plain[1]
        plain = np.where(np.isnan(per_sqft), self.plain[0], per_sqft)
        return np.where(np.isnan(known), plain, known)

    def level(self, matrix: pl.DataFrame) -> Array:
        """What is added to the boosters' answer (n,), ln ratio."""
        if self.target == "list":
            return np.zeros(len(matrix))
        level = matrix["index_log"].to_numpy()
        return np.where(np.isnan(level), 0.0, level)

    def predict_log(self, matrix: pl.DataFrame, n_threads: int = 1) -> tuple[Array, Array]:
        """(log value (n,) in ln usd, half the range between members (n,)) of matrix rows; the same
        bits in any number of threads, each of which takes rows of its own."""
        import xgboost as xgb

        inputs, start = inputs_of(matrix, self.names), self.start(matrix)
        answers = []
        for member, raw in zip(self.members, self.boosters, strict=True):
            booster = xgb.Booster({"nthread": n_threads})
            booster.load_model(bytearray(raw))
            rows = fed(self.names, inputs, start, member)
            answers.append(booster.predict(rows).astype(np.float64))
        total = answers[0]
        for answer in answers[1:]:
            total = total + answer
        spread = (np.max(answers, axis=0) - np.min(answers, axis=0)) / 2.0
        return total / len(answers) + self.level(matrix), spread

    def sha256(self) -> str:
        """Hash of the boosters and of how they are fed."""
        how = json.dumps([self.names, [asdict(m) for m in self.members], self.plain, self.target])
        digest = hashlib.sha256(how.encode())
        for raw in self.boosters:
            digest.update(hashlib.sha256(raw).digest())
        return digest.hexdigest()


def require_sales(matrix: pl.DataFrame, cutoff: date, needed: int) -> None:
    """Raises NotEnoughSales unless a model can be trained at `cutoff`."""
    have = n_usable(matrix, cutoff)
    if have < needed:
        raise NotEnoughSales(needed, have, f"with a known market before {cutoff} to train a model")
