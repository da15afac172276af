"""What a model must show before it may speak for a home. Pure functions of its record.

The floors are absolute: they keep a broken model out. Comparing a challenger with the champion on
paired rows is another matter; until a decision says so, a second model stays challenger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from realty_assets.promotion.policy import Policy

RULE_VERSION = "2"
Verdict = Literal["promote", "challenge", "reject"]


@dataclass(frozen=True)
class Gate:
    """One requirement, what was seen, and whether it holds."""

    name: str
    requirement: str
    seen: float | None
    passed: bool


def judge_floors(policy: Policy, record: Mapping[str, Any]) -> list[Gate]:
    """Every floor of the policy, held against a backtest record; a missing figure fails its
    gate."""
    gates = []
    for floor in policy.floors:
        seen = record.get(floor.figure)
        gates.append(Gate(floor.gate, floor.requirement, seen, floor.holds(seen)))
    return gates


def verdict(
    gates: list[Gate], model_version: str, champion: str | None, champion_works: bool = True
) -> tuple[Verdict, str]:
    """(verdict, the reason in a sentence) for a model that has been judged.

    A champion that can no longer be loaded or fed cannot speak; the next valid model takes over.
    """
    failed = [gate for gate in gates if not gate.passed]
    if failed:
        names = "; ".join(
            f"{gate.name} {_show(gate.seen)} (must be {gate.requirement})" for gate in failed
        )
        return "reject", f"Model {model_version} misses its floors: {names}."
    if champion is None:
        return "promote", (
            f"Model {model_version} is the first that meets every floor: it becomes champion."
        )
    if not champion_works:
        return "promote", (
            f"Model {model_version} meets every floor and takes over from {champion}, which this "
            "home can no longer load or feed: its files or its features are gone."
        )
    return "challenge", (
        f"Model {model_version} meets every floor; {champion} stays champion until a decision "
        "on paired sales says otherwise."
    )


def decision_id(model_version: str, champion: str | None, evidence: Mapping[str, str]) -> str:
    """The same model, champion, evidence and rules give the same decision, once."""
    parts = json.dumps([model_version, champion, dict(evidence), RULE_VERSION], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _show(value: float | None) -> str:
    return "is missing" if value is None else f"is {value:.3g}"
