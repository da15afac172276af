"""The loop, month by month: what was known is monitored, triggers are asked, a model is made,
judged and promoted; then the month's sales are valued.

Besides the managed model two others value each month: one that is never retrained (features, and
with them the index, are fresh; boosters, level and intervals stay), and one made anew every month.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.modeling.judging.segment_table import judged_frame
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.settings import NotEnoughSales
from realty_assets.promotion.evidence import pairs_of
from realty_assets.promotion.gates import Gate, no_pairs, verdict
from realty_assets.promotion.judging import paired_gates
from realty_assets.promotion.policy import Policy as PromotionPolicy
from realty_assets.retraining import champion_months as cm
from realty_assets.retraining import deciding as d
from realty_assets.retraining.deciding import Now, Past, Signal, State, decide
from realty_assets.retraining.looking import new_sales_signal, performance_signal
from realty_assets.retraining.policy import LADDER, Policy
from realty_assets.retraining.replay.world import KEYS, VALUES, World

Row = dict[str, Any]
MANAGED, NEVER, MONTHLY = "managed", "never", "monthly"
MODELS = (MANAGED, NEVER, MONTHLY)
OUTCOME_OF = {"promote": d.PROMOTED, "reject": d.REJECTED, "inconclusive": d.OPEN}
# (features, judged months in a row) that are critical behind a model of a cutoff, on a day.
Drifting = Callable[[date, date], Sequence[tuple[str, int]]]


@dataclass(frozen=True)
class Rules:
    """The policies that a replay goes by, and what an hour of CPU costs on a day (US dollars)."""

    retraining: Policy
    promotion: PromotionPolicy
    cpu_hour_usd: Callable[[date], float]
    drifting: Drifting | None = None

    @classmethod
    def of(
        cls,
        retraining: Policy,
        promotion: PromotionPolicy,
        cpu_hour_usd: Callable[[date], float],
        drifting: Drifting | None = None,
    ) -> Rules:
        """A replay walks by one recipe. A rung above a refit is played as one, as if its search had
        found nothing better than the settings that there are; so is one below, which would make no
        model."""
        refit = LADDER.index("refit")
        begin = retraining.begin.model_copy(
            update={name: "refit" for name, rung in retraining.begin if LADDER.index(rung) < refit}
        )
        highest = LADDER[max(LADDER.index(retraining.highest), refit)]
        own = retraining.model_copy(update={"highest": highest, "begin": begin})
        return cls(own, promotion, cpu_hour_usd, drifting)


@dataclass(frozen=True)
class Standing:
    """Who speaks after a month: cutoffs of champion and challenger, and the retrains so far."""

    champion: date
    challenger: date | None = None
    trigger: str | None = None
    past: tuple[Past, ...] = ()

    def as_json(self) -> str:
        return json.dumps(asdict(self), default=str, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Standing:
        said = json.loads(text)
        past = tuple(
            Past(
                **{
                    **one,
                    "as_of": date.fromisoformat(one["as_of"]),
                    "at": datetime.fromisoformat(one["at"]),
                }
            )
            for one in said["past"]
        )
        other = said["challenger"]
        return cls(
            date.fromisoformat(said["champion"]),
            date.fromisoformat(other) if other else None,
            said["trigger"],
            past,
        )


@dataclass(frozen=True)
class Month:
    """What one month came to: the standing after it, its triggers, and each model's values of its
    sales (KEYS, VALUES, `model`)."""

    month: date
    standing: Standing
    triggers: tuple[Row, ...]
    sales: pl.DataFrame
    seconds: float
    promoted: bool


class Player:
    """Plays months in order; models are made when they are asked for, and kept."""

    def __init__(self, world: World, rules: Rules) -> None:
        self.world, self.rules = world, rules
        self._models: dict[date, Valuer] = {}

    @property
    def first(self) -> date:
        return self.world.folds[0].cutoff

    def begin(self) -> Standing:
        """The first month's model is champion. Raises NotEnoughSales."""
        self.model(self.first)
        return Standing(self.first)

    def model(self, cutoff: date) -> Valuer:
        if cutoff not in self._models:
            self._models[cutoff] = self.world.train(cutoff)
        return self._models[cutoff]

    def play(self, month: date, standing: Standing) -> Month:
        """One month, on what was known before its first day."""
        began = time.process_time()
        champion = standing.champion
        standing = self._judged_again(month, standing)
        rows = decide(self._state(month, standing), self.rules.retraining, _now(month))
        fired = next((row for row in rows if row["decision"] == d.FIRED), None)
        seconds = 0.0
        if fired is not None:
            standing, seconds = self._retrain(month, standing, fired)
        sales = self.valued(month, standing.champion)
        if fired is None:
            seconds = time.process_time() - began
        return Month(month, standing, tuple(rows), sales, seconds, standing.champion != champion)

    def _retrain(self, month: date, standing: Standing, fired: Row) -> tuple[Standing, float]:
        began = time.process_time()
        if fired["rung"] == "person":
            return self._remember(month, standing, fired, d.TOLD, 0.0), 0.0
        try:
            self.model(month)
        except NotEnoughSales:
            return self._remember(month, standing, fired, d.FAILED, 0.0), 0.0
        said = self._verdict(standing.champion, month, month)
        seconds = time.process_time() - began
        standing = self._remember(month, standing, fired, OUTCOME_OF[said], seconds)
        if said == "promote":
            return replace(standing, champion=month, challenger=None), seconds
        kept = month if said == "inconclusive" else None
        return replace(standing, challenger=kept, trigger=fired["trigger_id"]), seconds

    def _judged_again(self, month: date, standing: Standing) -> Standing:
        """A challenger that could not be told apart is held against what was heard of since."""
        if standing.challenger is None:
            return standing
        said = self._verdict(standing.champion, standing.challenger, month)
        if said == "inconclusive":
            return standing
        past = tuple(
            replace(one, outcome=OUTCOME_OF[said]) if one.trigger_id == standing.trigger else one
            for one in standing.past
        )
        speaks = standing.challenger if said == "promote" else standing.champion
        return Standing(speaks, None, None, past)

    def _remember(
        self, month: date, standing: Standing, fired: Row, outcome: str, seconds: float
    ) -> Standing:
        usd = seconds / 3600 * self.rules.cpu_hour_usd(month)
        one = Past(
            fired["trigger_id"],
            month,
            _now(month).clock,
            fired["rung"],
            outcome,
            usd,
            fired["kind"],
        )
        return replace(standing, past=(*standing.past, one))

    def _state(self, month: date, standing: Standing) -> State:
        return State(list(self._signals(month, standing)), standing.past)

    def _signals(self, month: date, standing: Standing) -> Iterator[Signal]:
        champion = self.model(standing.champion)
        about = {
            "track": champion.track,
            "model_version": champion.model_version,
            "n_train": champion.n_train,
        }
        asked = self.rules.retraining.triggers
        if asked.performance is not None:
            months = self._months(champion, month)
            yield performance_signal(about, cm.standing(months, asked.performance))
        if asked.new_sales is not None:
            n = self.world.n_new(champion.cutoff, month)
            yield new_sales_signal(about, n, asked.new_sales)
        if asked.drift is not None and self.rules.drifting is not None:
            names = [
                name
                for name, n in self.rules.drifting(champion.cutoff, month)
                if n >= asked.drift.consecutive
            ]
            says = (
                f"{len(names)} features are critical for {asked.drift.consecutive} months or more"
            )
            met = len(names) >= asked.drift.min_features
            seen = {"features": names[:20]}
            yield Signal(champion.track, "drift", met, says, seen, champion=champion.model_version)

    def _months(self, champion: Valuer, today: date) -> pl.DataFrame:
        """retraining.champion_months as of `today`."""
        since = [fold.cutoff for fold in self.world.folds if champion.cutoff <= fold.cutoff < today]
        rows: list[Row] = []
        for one in self.world.walked_months():
            if one < champion.cutoff:
                known = cm.known_then(self.world.fresh(one), champion.cutoff)
                rows += cm.month_rows(known, champion, True)
        for one in since[-cm.MOST_MONTHS :]:
            known = cm.known_then(self.world.said(champion, one), today)
            rows += cm.month_rows(known, champion, False)
        return pl.DataFrame(rows, schema=cm.SCHEMA, orient="row")

    def _verdict(self, champion: date, candidate: date, today: date) -> str:
        """What the gate says of the model of `candidate` against that of `champion`, on the paired
        sales of the walk that were known before `today`."""
        theirs, ours = self.model(champion), self.model(candidate)
        gates = self._gates(theirs, today)
        return verdict(gates, ours.model_version, theirs.model_version)[0]

    def _gates(self, champion: Valuer, today: date) -> list[Gate]:
        both = self._paired(champion, today)
        if (n := len(both)) < MIN_SALES:
            return [no_pairs(f"only {n} valid sales since the champion's {champion.cutoff}")]
        judged = judged_frame(both, self.world.market.sales_frame, self.world.photos)
        return paired_gates(pairs_of(judged), self.rules.promotion, True)

    def _paired(self, champion: Valuer, today: date) -> pl.DataFrame:
        parts = []
        key = ["listing_key", "property_key", "close_price"]
        for fold in self.world.folds:
            if not champion.cutoff <= fold.cutoff < today:
                continue
            fresh = cm.known_then(self.world.fresh(fold.cutoff), today)
            if fresh.is_empty():
                continue
            said = self.world.said(champion, fold.cutoff).select(
                *key, **{f"champion_{name}": pl.col(name) for name in VALUES}
            )
            parts.append(
                fresh.drop("known_at", "value")
                .filter(pl.col("excluded_by").is_null())
                .with_columns(pl.col("close_price").cast(pl.Float64))
                .join(said.unique(key), on=key, how="inner", maintain_order="left")
            )
        return pl.concat(parts) if parts else pl.DataFrame()

    def valued(self, month: date, champion: date) -> pl.DataFrame:
        """The month's sales by each model."""
        parts = []
        for name, cutoff in ((MANAGED, champion), (NEVER, self.first)):
            said = self.world.said(self.model(cutoff), month)
            if len(said):
                parts.append(said.with_columns(model=pl.lit(name)))
        fresh = self.world.fresh(month)
        if len(fresh) and parts:
            own = fresh.with_columns(pl.col("close_price").cast(pl.Float64))
            parts.append(own.select(*KEYS, *VALUES).with_columns(model=pl.lit(MONTHLY)))
        return pl.concat(parts) if parts else pl.DataFrame()


def basis_of(world: World, rules: Rules, data_hash: str) -> str:
    """Hash of all that a replay is made from."""
    parts: Mapping[str, Any] = {
        "data": data_hash,
        "track": world.market.track,
        "model": asdict(world.market.model),
        "features": world.market.features.described(),
        "retraining": rules.retraining.sha256,
        "promotion": rules.promotion.sha256,
        "drift": rules.drifting is not None,
        "code": [CODE_VERSION, cm.CODE_VERSION],
        "first": str(world.folds[0].cutoff),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


CODE_VERSION = "2"


def _now(month: date) -> Now:
    return Now(datetime(month.year, month.month, month.day), month)  # noqa: DTZ001 (UTC, naive)
