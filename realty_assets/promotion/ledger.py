"""Decisions and aliases as rows: pure functions from the models of a home to what is decided.

The decision is written first, in one transaction with the alias rows; MLflow's aliases follow
(`registry.py`) and are put right at the next run if a kill came between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from realty_assets.promotion import gates
from realty_assets.promotion.policy import Policy

CHAMPION, CHALLENGER = "champion", "challenger"

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
    "decided_at": pl.Datetime("us"),
}
ALIAS_SCHEMA: dict[str, Any] = {
    "name": pl.String,
    "alias": pl.String,
    "model_version": pl.String,
    "decision_id": pl.String,
    "moved_at": pl.Datetime("us"),
}


def decide(
    models: pl.DataFrame,
    records: Mapping[str, Mapping[str, Any]],
    decisions: pl.DataFrame,
    aliases: pl.DataFrame,
    now: datetime,
    policy: Policy,
    broken: frozenset[str] = frozenset(),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(decisions with the new ones appended, aliases as they then stand).

    `models` has name, model_version, cutoff and the hashes that are the evidence; `records` the
    backtest record by model name; `broken` the model versions that can no longer be loaded or fed;
    `policy` is what they are held to, and its hash part of the evidence.
    A model that was decided on before is left alone.
    """
    known = set(zip(decisions["name"], decisions["model_version"], strict=True))
    held = {(row["name"], row["alias"]): row for row in aliases.iter_rows(named=True)}
    fresh: list[dict[str, Any]] = []
    for model in models.sort("cutoff", "model_version").iter_rows(named=True):
        name, version = model["name"], model["model_version"]
        if (name, version) in known:
            continue
        champion = held.get((name, CHAMPION), {}).get("model_version")
        judged = gates.judge_floors(policy, records.get(name, {}))
        verdict, reason = gates.verdict(judged, version, champion, champion not in broken)
        evidence = {
            "backtest_id": records.get(name, {}).get("backtest_id", "none"),
            "policy_sha256": policy.sha256,
        } | {key: model[key] for key in sorted(model) if key.endswith(("_hash", "sha256"))}
        decision = {
            "decision_id": gates.decision_id(version, champion, evidence),
            "name": name,
            "model_version": version,
            "champion_version": champion,
            "verdict": verdict,
            "reason": reason,
            "gates": json.dumps([asdict(gate) for gate in judged]),
            "evidence": json.dumps(evidence),
            "rule_version": gates.RULE_VERSION,
            "decided_by": "gate",
            "decided_at": now,
        }
        fresh.append(decision)
        alias = {"promote": CHAMPION, "challenge": CHALLENGER}.get(verdict)
        if alias:
            held[(name, alias)] = {
                "name": name,
                "alias": alias,
                "model_version": version,
                "decision_id": decision["decision_id"],
                "moved_at": now,
            }
    stands = pl.DataFrame(list(held.values()), schema=ALIAS_SCHEMA, orient="row")
    grown = pl.concat([decisions, pl.DataFrame(fresh, schema=DECISION_SCHEMA, orient="row")])
    return grown, stands.sort("name", "alias")
