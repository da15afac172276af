"""retraining.triggers: what is remembered of every trigger, and how its outcome is joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from realty_assets.promotion.ledger import GATE
from realty_assets.promotion.ledger import WAITING as APPROVAL_WAITS
from realty_assets.retraining import deciding as d
from realty_assets.retraining.deciding import Past

TRIGGERS = "retraining.triggers"
SCHEMA: dict[str, Any] = {
    "trigger_id": pl.String,
    "as_of": pl.Date,
    "looked_at": pl.Datetime("us"),
    "track": pl.String,
    "kind": pl.String,
    "decision": pl.String,
    "reason": pl.String,
    "rung": pl.String,
    "evidence": pl.String,
    "policy_sha256": pl.String,
    "champion_version": pl.String,
    "asked_by": pl.String,
    "models_before": pl.List(pl.String),
    "run_id": pl.String,
    "model_versions": pl.List(pl.String),
    "outcome": pl.String,
    "outcome_reason": pl.String,
    "cost_usd": pl.Float64,
}
# No model comes of these rungs: what they make stands when their run has ended.
WITHOUT_MODEL = ("index",)
# What the verdict of the gate makes of a retrain; the best of several tracks counts.
BEST_FIRST = (d.PROMOTED, d.WAITING, d.OPEN, d.REJECTED)
Row = dict[str, Any]


@dataclass(frozen=True)
class Tried:
    """What the runs of a trigger came to: none yet, one under way, one that ended well (its id), or
    failed as often as is tried."""

    run_id: str | None = None
    open: bool = False
    failed: bool = False


@dataclass(frozen=True)
class Known:
    """What outcomes are joined from: versions of modeling.models with their day (of cutoff),
    promotion.decisions, and what each run cost (US dollars)."""

    models: pl.DataFrame
    decisions: pl.DataFrame
    costs: Mapping[str, float]


def with_rows(table: pl.DataFrame, rows: Sequence[Row], models: Sequence[str]) -> pl.DataFrame:
    """`table` with the decided `rows` that it does not know yet; `models` stand at that moment."""
    known = set(table["trigger_id"])
    fresh = [
        {
            **dict.fromkeys(SCHEMA),
            **row,
            "models_before": list(models) if row["decision"] == d.FIRED else None,
            "outcome": d.TOLD if row["rung"] == "person" else None,
        }
        for row in rows
        if row["trigger_id"] not in known
    ]
    return pl.concat([table, pl.DataFrame(fresh, schema=SCHEMA, orient="row")])


def with_outcomes(
    table: pl.DataFrame, tried: Mapping[str, Tried], known: Known, as_of: date
) -> pl.DataFrame:
    """`table` with what has become of each retrain that fired."""
    rows = [
        _with_outcome(row, tried.get(row["trigger_id"], Tried()), known, as_of)
        if row["decision"] == d.FIRED and row["rung"] != "person"
        else row
        for row in table.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _with_outcome(row: Row, tried: Tried, known: Known, as_of: date) -> Row:
    run_id = row["run_id"] or tried.run_id
    if run_id is None:
        ended = row["outcome"] == d.OVERTAKEN
        return row if ended else row | _without_run(row, tried, known)
    made = row["model_versions"]
    if made is None:
        before = set(row["models_before"] or ())
        made = [v for v in known.models["model_version"] if v not in before]
    outcome, reason = _verdict(row, made, known.decisions)
    return row | {
        "run_id": run_id,
        "model_versions": made,
        "outcome": outcome,
        "outcome_reason": reason,
        "cost_usd": known.costs.get(run_id, row["cost_usd"]),
    }


def _without_run(row: Row, tried: Tried, known: Known) -> Row:
    """Nothing has ended well: it failed, or what it is for was done by others meanwhile."""
    if tried.failed:
        why = "its runs have failed: see their logs"
        return {"outcome": d.FAILED, "outcome_reason": why}
    if tried.open:
        return {}
    newer = known.models.filter(pl.col("cutoff") > row["as_of"])["model_version"].to_list()
    if newer:
        return {"outcome": d.OVERTAKEN, "outcome_reason": f"{newer[-1]} was trained meanwhile"}
    return {}


def _verdict(row: Row, made: Sequence[str], decisions: pl.DataFrame) -> tuple[str | None, str]:
    if row["rung"] in WITHOUT_MODEL:
        return d.REFRESHED, "the tables of this rung stand; no model comes of it"
    if not made:
        return d.NOTHING_NEW, "training gave the models that were known"
    mine = decisions.filter(pl.col("model_version").is_in(list(made)))
    if mine.is_empty():
        return d.OPEN, "not judged yet"
    found: dict[str, tuple[str, str]] = {}
    for one in mine.iter_rows(named=True):  # oldest first: the last word on each model stays
        found[one["model_version"]] = (_said(one), one["reason"])
    return min(found.values(), key=lambda said: BEST_FIRST.index(said[0]))


def _said(decision: Row) -> str:
    if decision["verdict"] == "promote":
        waits = decision["decided_by"] == GATE and decision["approval"] == APPROVAL_WAITS
        return d.WAITING if waits else d.PROMOTED
    return d.REJECTED if decision["verdict"] == "reject" else d.OPEN


def past_of(table: pl.DataFrame) -> list[Past]:
    """The retrains that fired, oldest first."""
    return [
        Past(
            row["trigger_id"],
            row["as_of"],
            row["looked_at"],
            row["rung"],
            row["outcome"],
            row["cost_usd"],
            row["kind"],
        )
        for row in table.filter(decision=d.FIRED).iter_rows(named=True)
    ]


def without_run(table: pl.DataFrame) -> pl.DataFrame:
    """Retrains that have fired and that no run has ended well; what a person is to do is none."""
    return table.filter(
        pl.col("decision") == d.FIRED, pl.col("run_id").is_null(), pl.col("rung") != "person"
    )


def due(table: pl.DataFrame) -> Row | None:
    """The retrain that has been decided on and that no run has ended: id, rung, track and why."""
    open_ = without_run(table).filter(pl.col("outcome").is_null())
    if open_.is_empty():
        return None
    row = open_.row(-1, named=True)
    return {name: str(row[name]) for name in ("trigger_id", "rung", "track", "kind", "reason")}


def asked_of_a_person(table: pl.DataFrame) -> str:
    """The id of the newest retrain that fired, where it asks a person; else empty."""
    newest = table.filter(decision=d.FIRED).sort("as_of", "looked_at", maintain_order=True).tail(1)
    return newest["trigger_id"][0] if len(newest) and newest["rung"][0] == "person" else ""
