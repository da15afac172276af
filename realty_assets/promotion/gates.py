"""What a model must show before it may speak for a home, and what follows from it. Pure functions.

Floors are absolute and keep a broken model out. Where a champion stands, the candidate must besides
be better on paired sales, or fresher and no worse, and break no constraint. Every gate is evaluated
and reported, also when an earlier one has failed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from realty_assets.promotion.policy import Policy

RULE_VERSION = "5"
Verdict = Literal["promote", "reject", "inconclusive"]
FLOORS = "floors"
GAIN, REFRESH = "gain on paired sales", "fresher and no worse"
REPRODUCIBLE = "reproducible"


@dataclass(frozen=True)
class Gate:
    """One requirement, what was seen, and whether it holds; None where the evidence cannot say."""

    name: str
    requirement: str
    seen: float | None
    passed: bool | None
    family: str = FLOORS
    note: str = ""


def judge_floors(
    policy: Policy, record: Mapping[str, Any], works: bool = True, off: Sequence[str] = ()
) -> list[Gate]:
    """Every floor of the policy, held against a backtest record; a missing figure fails its gate.

    `works`: the model can be loaded, and the matrix has the columns that it reads. `off` are slices
    of the backtest whose intervals fail the blocking check: a run of this room alone does not wait
    for it, so it is asked here too.
    """
    gates = [
        Gate("loads and can be fed", "yes", None, works, note="" if works else "it cannot"),
        Gate("check intervals_hold", "passes", None, not off, note="; ".join(off)),
    ]
    for floor in policy.floors:
        seen = record.get(floor.figure)
        gates.append(Gate(floor.gate, floor.requirement, seen, floor.holds(seen)))
    return gates


def no_pairs(why: str) -> Gate:
    """The gate of a gain where there is not one paired sale."""
    return Gate(GAIN, "a sale that both valued without knowing it", None, None, "accuracy", why)


def verdict(
    gates: Sequence[Gate], model_version: str, champion: str | None, champion_works: bool = True
) -> tuple[Verdict, str]:
    """(verdict, the reason in a sentence) for a model that has been judged.

    Without a champion, or with one that can no longer be loaded or fed, the floors decide alone.
    """
    model = f"Model {model_version}"
    if missed := [gate for gate in gates if gate.family == FLOORS and not gate.passed]:
        return "reject", f"{model} misses its floors: {'; '.join(map(_missed, missed))}."
    if champion is None:
        return "promote", f"{model} is the first that meets every floor: it becomes champion."
    if not champion_works:
        return "promote", (
            f"{model} meets every floor and takes over from {champion}, which this home can no "
            "longer load or feed: its files or its features are gone."
        )
    by_name = {gate.name: gate for gate in gates}
    won = [by_name[name] for name in (REFRESH, GAIN) if name in by_name and by_name[name].passed]
    lost = [gate for gate in gates if gate.passed is False and (gate.name != GAIN or not won)]
    if lost:
        return "reject", f"{model} is kept from replacing {champion}: {_all(lost)}."
    unsure = [gate for gate in gates if gate.passed is None and gate.name not in (GAIN, REFRESH)]
    if won and not unsure:
        how = "better than" if won[-1].name == GAIN else "fresher than, and no worse than,"
        return "promote", f"{model} is {how} {champion}: {_all(won)}."
    # Where nothing is won the model was not made again: that is no reason of its own.
    open_gates = unsure if won else [*(g for g in unsure if g.name != REPRODUCIBLE), by_name[GAIN]]
    return "inconclusive", (
        f"{model} cannot be told from {champion} yet: {_all(open_gates)}. It stays challenger."
    )


def decision_id(model_version: str, champion: str | None, evidence: Mapping[str, Any]) -> str:
    """The same model, champion, evidence and rules give the same decision, once."""
    parts = json.dumps([model_version, champion, dict(evidence), RULE_VERSION], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _missed(gate: Gate) -> str:
    if gate.note:
        return f"{gate.name}: {gate.note}"
    return f"{gate.name} {_show(gate.seen)} (must be {gate.requirement})"


def _all(gates: Sequence[Gate]) -> str:
    return "; ".join(map(_told, gates))


def _told(gate: Gate) -> str:
    figure = "" if gate.seen is None else f" {gate.seen:.4g}"
    asked = "" if gate.passed else f", asked: {gate.requirement}"
    return f"{gate.name}{figure}" + (f" ({gate.note})" if gate.note else "") + asked


def _show(value: float | None) -> str:
    return "is missing" if value is None else f"is {value:.3g}"
