"""Decisions and aliases as rows: pure functions from what was judged to what is decided.

The decision is written first, in one transaction with the alias rows; MLflow's aliases follow
(`registry.py`) and are put right at the next run if a kill came between.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import polars as pl

from realty_assets.promotion import gates
from realty_assets.promotion.gates import Gate, Verdict
from realty_assets.promotion.policy import Policy

DECISIONS, ALIASES, PAIRED = "promotion.decisions", "promotion.aliases", "promotion.paired_sales"
PROBATIONS = "promotion.probations"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous_champion"
SHADOW = "shadow"
GATE, PROBATION, ROLLBACK, DEMOTE = "gate", "probation", "rollback", "demote"
WAITING, AUTOMATIC = "waiting", "automatic"

DECISION_SCHEMA: dict[str, Any] = {
    "decision_id": pl.String,
    "name": pl.String,
    "model_version": pl.String,
    "champion_version": pl.String,
    "verdict": pl.String,
    "reason": pl.String,
    "gates": pl.String,
    "evidence": pl.String,
    "rule_version": pl.String,
    "decided_by": pl.String,
    "approval": pl.String,
    "ms_per_home": pl.Float64,
    "as_of": pl.Date,
    "decided_at": pl.Datetime("us"),
}
ALIAS_SCHEMA: dict[str, Any] = {
    "name": pl.String,
    "alias": pl.String,
    "model_version": pl.String,
    "decision_id": pl.String,
    "moved_at": pl.Datetime("us"),
}


@dataclass(frozen=True)
class Moment:
    """When something is decided: by the clock (UTC), and by the market's own day."""

    now: datetime
    as_of: date


@dataclass(frozen=True)
class Judgement:
    """What the gate says of one model: `champion` is the version that stood then, `champion_works`
    whether it can be loaded and fed; `evidence` names by hash all that was looked at."""

    name: str
    model_version: str
    champion: str | None
    champion_works: bool
    gates: Sequence[Gate]
    evidence: dict[str, Any]
    ms_per_home: float | None = None

    @cached_property
    def said(self) -> tuple[Verdict, str]:
        """The verdict and its reason."""
        return gates.verdict(self.gates, self.model_version, self.champion, self.champion_works)

    @property
    def verdict(self) -> Verdict:
        return self.said[0]

    @property
    def gates_json(self) -> str:
        return json.dumps([asdict(gate) for gate in self.gates])


class Titles:
    """Who holds which alias, while decisions are made."""

    def __init__(self, aliases: pl.DataFrame) -> None:
        self.rows = {(row["name"], row["alias"]): row for row in aliases.iter_rows(named=True)}

    def of(self, name: str, alias: str) -> str | None:
        return self.rows.get((name, alias), {}).get("model_version")

    def give(self, name: str, alias: str, version: str, decision: str, now: datetime) -> None:
        """`version` holds `alias`; a model that holds it already keeps it by its old decision."""
        if self.of(name, alias) != version:
            self.rows[name, alias] = dict(
                zip(ALIAS_SCHEMA, (name, alias, version, decision, now), strict=True)
            )

    def take(self, name: str, alias: str, version: str | None) -> None:
        if version is not None and self.of(name, alias) == version:
            del self.rows[name, alias]

    def crown(
        self, name: str, version: str, decision: str, now: datetime, may_return: bool
    ) -> None:
        """`version` becomes champion; the one that stood may be rolled back to if it works."""
        before = self.of(name, CHAMPION)
        self.give(name, CHAMPION, version, decision, now)
        self.take(name, CHALLENGER, version)
        self.take(name, PREVIOUS, version)
        if before is not None and before != version and may_return:
            self.give(name, PREVIOUS, before, decision, now)

    def shade(self, wanted: bool) -> None:
        """Where shadows are `wanted`, every challenger is one, by the decision that made it
        challenger; nobody else is."""
        challengers = [row for (_, alias), row in self.rows.items() if alias == CHALLENGER]
        for key in [key for key in self.rows if key[1] == SHADOW]:
            del self.rows[key]
        if wanted:
            self.rows |= {(row["name"], SHADOW): row | {"alias": SHADOW} for row in challengers}

    def frame(self) -> pl.DataFrame:
        rows = pl.DataFrame(list(self.rows.values()), schema=ALIAS_SCHEMA, orient="row")
        return rows.sort("name", "alias")


def to_judge(models: pl.DataFrame, aliases: pl.DataFrame) -> list[dict[str, Any]]:
    """The newest model of every name (by cutoff, then by number), unless it is champion; older ones
    are left alone."""
    titles = Titles(aliases)
    newest = models.sort("name", "cutoff", "mlflow_version").unique(
        "name", keep="last", maintain_order=True
    )
    return [
        row
        for row in newest.iter_rows(named=True)
        if titles.of(row["name"], CHAMPION) != row["model_version"]
    ]


def looks(decisions: pl.DataFrame, name: str, version: str, champion: str | None) -> int:
    """How often the gate has judged this model against this champion before."""
    return decisions.filter(
        pl.col("name") == name,
        pl.col("model_version") == version,
        pl.col("champion_version").eq_missing(pl.lit(champion, pl.String)),
        pl.col("decided_by") == GATE,
    ).height


def decide(
    judged: Sequence[Judgement],
    decisions: pl.DataFrame,
    aliases: pl.DataFrame,
    at: Moment,
    policy: Policy,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(decisions with the new ones appended, aliases as they then stand).

    A judgement whose champion, evidence and rules are those of the model's last one is no new
    decision. With a champion that works, a verdict of promote waits for a person, unless the policy
    lets it be; also then a model that a person has rolled back waits. Where a person has taken the
    champion down, every verdict of promote waits.
    """
    titles = Titles(aliases)
    fresh: list[dict[str, Any]] = []
    for one in judged:
        if _decided(one, decisions):
            continue
        seen = looks(decisions, one.name, one.model_version, one.champion)
        evidence = one.evidence | {"looks": seen}
        row = {
            "decision_id": gates.decision_id(one.model_version, one.champion, evidence),
            "name": one.name,
            "model_version": one.model_version,
            "champion_version": one.champion,
            "verdict": one.verdict,
            "reason": one.said[1],
            "gates": one.gates_json,
            "evidence": json.dumps(evidence),
            "rule_version": gates.RULE_VERSION,
            "decided_by": GATE,
            "approval": None,
            "ms_per_home": one.ms_per_home,
            "as_of": at.as_of,
            "decided_at": at.now,
        }
        vacated = one.champion is None and demoted(one.name, decisions) is not None
        stands = one.champion is not None and one.champion_works
        if one.verdict == "promote" and (stands or vacated):
            back = vacated or _rolled_back(one, decisions)
            may = policy.approval.automatic and not back
            row["approval"] = AUTOMATIC if may else WAITING
        fresh.append(row)
        _follow(titles, one, row, at.now)
    titles.shade(policy.shadow is not None)
    return with_rows(decisions, fresh), titles.frame()


def waiting(decisions: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """Newest decisions on challengers that wait for a person."""
    challengers = aliases.filter(alias=CHALLENGER).select("name", "model_version")
    newest = decisions.join(challengers, on=["name", "model_version"], maintain_order="left")
    newest = newest.unique("name", keep="last", maintain_order=True)
    return newest.filter(pl.col("approval") == WAITING)


def demoted(name: str, decisions: pl.DataFrame) -> dict[str, Any] | None:
    """The decision by which a person took the champion of `name` down, while it is the last word of
    anyone but the gate; None when there is none."""
    others = decisions.filter(pl.col("name") == name, pl.col("decided_by") != GATE)
    last = others.row(-1, named=True) if len(others) else None
    return last if last is not None and last["verdict"] == DEMOTE else None


def with_rows(decisions: pl.DataFrame, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.concat([decisions, pl.DataFrame(list(rows), schema=DECISION_SCHEMA, orient="row")])


def in_form(table: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    """`table` with the columns of `schema`; those that it was written without are null."""
    missing: Collection[str] = schema.keys() - set(table.columns)
    return table.with_columns(
        pl.lit(None, dtype=schema[name]).alias(name) for name in sorted(missing)
    ).select(*schema)


def _follow(titles: Titles, one: Judgement, row: dict[str, Any], now: datetime) -> None:
    """Moves the aliases as the decision `row` says."""
    version, decision = one.model_version, row["decision_id"]
    if one.verdict == "reject":
        titles.take(one.name, CHALLENGER, version)
    elif one.verdict == "promote" and row["approval"] != WAITING:
        titles.crown(one.name, version, decision, now, one.champion_works)
    elif titles.of(one.name, PREVIOUS) != version:
        # Who was taken down comes back by a rollback, and by nothing else.
        titles.give(one.name, CHALLENGER, version, decision, now)


def _decided(one: Judgement, decisions: pl.DataFrame) -> bool:
    """Was the gate's last word on this model of the same champion, evidence and rules?"""
    mine = decisions.filter(
        pl.col("name") == one.name,
        pl.col("model_version") == one.model_version,
        pl.col("decided_by") == GATE,
    )
    if mine.is_empty():
        return False
    last = mine.row(-1, named=True)
    before = {key: value for key, value in json.loads(last["evidence"]).items() if key != "looks"}
    return (before, last["champion_version"], last["rule_version"]) == (
        one.evidence,
        one.champion,
        gates.RULE_VERSION,
    )


def _rolled_back(one: Judgement, decisions: pl.DataFrame) -> bool:
    return not decisions.filter(
        pl.col("name") == one.name,
        pl.col("verdict") == ROLLBACK,
        pl.col("champion_version") == one.model_version,
    ).is_empty()
