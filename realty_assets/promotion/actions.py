"""What a person decides of models: approve the challenger, or go back. Pure functions on rows."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.promotion import gates
from realty_assets.promotion.ledger import (
    CHALLENGER,
    CHAMPION,
    GATE,
    PREVIOUS,
    ROLLBACK,
    Titles,
    with_rows,
)

PROMOTE = "promote"


class BadPromotion(RealtyError):
    """A promotion or a rollback cannot be carried out; the message says why and what to do."""


@dataclass(frozen=True)
class Action:
    """What a person asks for: `verb` is promote or rollback, `name` a registered model.

    Raises BadPromotion for an unknown verb, a blank reason or a blank name.
    """

    verb: str
    name: str
    reason: str
    by: str
    despite_verdict: bool = False

    def __post_init__(self) -> None:
        if self.verb not in (PROMOTE, ROLLBACK):
            raise BadPromotion(f"There is no verb {self.verb!r}: {PROMOTE} or {ROLLBACK}.")
        if not self.reason.strip():
            raise BadPromotion(f"The reason is blank: say with --reason why to {self.verb}.")
        if not self.by.strip():
            raise BadPromotion("The name is blank: say with --by who decides.")
        if self.by.strip() == GATE:
            raise BadPromotion(f"{GATE!r} is the gate itself: say with --by who decides.")


Tables = tuple[pl.DataFrame, pl.DataFrame, dict[str, Any]]


def carry_out(
    action: Action,
    decisions: pl.DataFrame,
    aliases: pl.DataFrame,
    now: datetime,
    broken: Collection[str] = (),
    shadow: bool = True,
) -> Tables:
    """(decisions, aliases, the row that stands for the action).

    An action that has been carried out already changes nothing, and its row is told again.
    `broken` are versions that cannot be loaded or fed; `shadow` says whether challengers hold that
    title too. Raises BadPromotion.
    """
    act = _approve if action.verb == PROMOTE else _roll_back
    decisions, aliases, row = act(action, decisions, aliases, now, broken)
    titles = Titles(aliases)
    titles.shade(shadow)
    return decisions, titles.frame(), row


def _approve(
    action: Action,
    decisions: pl.DataFrame,
    aliases: pl.DataFrame,
    now: datetime,
    broken: Collection[str],
) -> Tables:
    titles, name = Titles(aliases), action.name
    champion, challenger = titles.of(name, CHAMPION), titles.of(name, CHALLENGER)
    if challenger is None:
        if done := _done(decisions, name, PROMOTE, champion):
            return decisions, aliases, done
        raise BadPromotion(f"No challenger of {name} waits: `realty status` shows who holds what.")
    if challenger in broken:
        raise BadPromotion(
            f"The challenger {challenger} can no longer be loaded or fed: `realty run modeling` "
            "makes its folder anew."
        )
    by_gate = (pl.col("decided_by") == GATE) & (pl.col("model_version") == challenger)
    # A model that was rolled back is challenger by that decision, whatever the gate said before.
    back = (pl.col("verdict") == ROLLBACK) & (pl.col("champion_version") == challenger)
    of_gate = _rows(decisions, name).filter(by_gate).row(-1, named=True)
    said = _rows(decisions, name).filter(by_gate | back)["verdict"][-1]
    if of_gate["champion_version"] != champion:
        raise BadPromotion(
            f"{challenger} was judged against {of_gate['champion_version']}, but {champion} is "
            "champion now: `realty run promotion` judges it anew."
        )
    if said != PROMOTE and not action.despite_verdict:
        raise BadPromotion(
            f"The newest verdict on {challenger} is {said!r}: {of_gate['reason']} "
            "--despite-verdict promotes it all the same, and the decision says so."
        )
    despite = said if said != PROMOTE else None
    evidence = {"approves": of_gate["decision_id"], "despite": despite}
    row = _row(action, decisions, challenger, champion, evidence, now)
    row |= {"gates": of_gate["gates"], "ms_per_home": of_gate["ms_per_home"]}
    if despite:
        row["approval"] += f" despite the verdict '{despite}'"
    titles.crown(name, challenger, row["decision_id"], now, champion not in broken)
    return with_rows(decisions, [row]), titles.frame(), row


def _roll_back(
    action: Action,
    decisions: pl.DataFrame,
    aliases: pl.DataFrame,
    now: datetime,
    broken: Collection[str],
) -> Tables:
    titles, name = Titles(aliases), action.name
    champion, previous = titles.of(name, CHAMPION), titles.of(name, PREVIOUS)
    if champion is None or previous is None:
        if done := _done(decisions, name, ROLLBACK, champion):
            return decisions, aliases, done
        raise BadPromotion(
            f"There is nothing to roll {name} back to: no champion of it has been replaced."
        )
    if previous in broken:
        raise BadPromotion(
            f"{previous} can no longer be loaded or fed: restore its folder from a backup first."
        )
    row = _row(action, decisions, previous, champion, {"rolls_back": champion}, now)
    titles.crown(name, previous, row["decision_id"], now, may_return=False)
    if titles.of(name, CHALLENGER) is None and champion not in broken:
        titles.give(name, CHALLENGER, champion, row["decision_id"], now)
    return with_rows(decisions, [row]), titles.frame(), row


def _row(
    action: Action,
    decisions: pl.DataFrame,
    version: str,
    champion: str | None,
    evidence: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    # Counted, for a model may be promoted and rolled back more than once.
    evidence = {**evidence, "n_before": len(_rows(decisions, action.name))}
    return {
        "decision_id": gates.decision_id(version, champion, evidence),
        "name": action.name,
        "model_version": version,
        "champion_version": champion,
        "verdict": action.verb,
        "reason": action.reason.strip(),
        "gates": "[]",
        "evidence": json.dumps(evidence),
        "rule_version": gates.RULE_VERSION,
        "decided_by": action.by.strip(),
        "approval": f"approved by {action.by.strip()}",
        "ms_per_home": None,
        "decided_at": now,
    }


def _rows(decisions: pl.DataFrame, name: str) -> pl.DataFrame:
    return decisions.filter(pl.col("name") == name)


def _done(
    decisions: pl.DataFrame, name: str, verb: str, champion: str | None
) -> dict[str, Any] | None:
    """The person's decision of this kind by which `champion` stands, if the last one is such."""
    by_person = _rows(decisions, name).filter(pl.col("decided_by") != GATE)
    if by_person.is_empty():
        return None
    last = by_person.row(-1, named=True)
    return last if (last["verdict"], last["model_version"]) == (verb, champion) else None
