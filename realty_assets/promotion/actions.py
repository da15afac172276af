"""What is decided of models outside the gate: a person approves the challenger, takes the champion
down or goes back; a probation goes back. Pure functions on rows."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.promotion import gates
from realty_assets.promotion.ledger import (
    CHALLENGER,
    CHAMPION,
    DEMOTE,
    GATE,
    PREVIOUS,
    PROBATION,
    ROLLBACK,
    Moment,
    Titles,
    with_rows,
)

PROMOTE = "promote"
VERBS = (PROMOTE, ROLLBACK, DEMOTE)
# Whom each verb is about: who becomes champion, or who is no longer.
MEANS = {PROMOTE: CHALLENGER, ROLLBACK: PREVIOUS, DEMOTE: CHAMPION}
# Who goes by these names is no person.
OWN_NAMES = {GATE: "the gate itself", PROBATION: "the rule of probation"}


class BadPromotion(RealtyError):
    """A promotion or a rollback cannot be carried out; the message says why and what to do."""


@dataclass(frozen=True)
class Action:
    """What a person asks for: `verb` is promote, rollback or demote, `name` a registered model.

    Raises BadPromotion for an unknown verb, a blank reason or a blank name.
    """

    verb: str
    name: str
    reason: str
    by: str
    despite_verdict: bool = False

    def __post_init__(self) -> None:
        if self.verb not in VERBS:
            raise BadPromotion(f"There is no verb {self.verb!r}: {', '.join(VERBS)}.")
        if not self.reason.strip():
            raise BadPromotion(f"The reason is blank: say with --reason why to {self.verb}.")
        if not self.by.strip():
            raise BadPromotion("The name is blank: say with --by who decides.")
        if (by := self.by.strip()) in OWN_NAMES:
            raise BadPromotion(f"{by!r} is {OWN_NAMES[by]}: say with --by who decides.")


Row = dict[str, Any]
Moved = tuple[pl.DataFrame, Titles, Row]


def carry_out(
    action: Action,
    decisions: pl.DataFrame,
    aliases: pl.DataFrame,
    at: Moment,
    broken: Collection[str] = (),
    shadow: bool = True,
) -> tuple[pl.DataFrame, pl.DataFrame, Row]:
    """(decisions, aliases, the row that stands for the action).

    An action that has been carried out already changes nothing, and its row is told again.
    `broken` are versions that cannot be loaded or fed; `shadow` says whether challengers hold that
    title too. Raises BadPromotion.
    """
    titles, name = Titles(aliases), action.name
    heir = titles.of(name, MEANS[action.verb])
    if heir is None:
        if done := _done(decisions, action, titles.of(name, CHAMPION)):
            return decisions, aliases, done
        raise BadPromotion(_nobody(action))
    if heir in broken and action.verb != DEMOTE:
        raise BadPromotion(f"{heir} can no longer be loaded or fed: {_mend(action)}")
    if action.verb == PROMOTE:
        decisions, titles, row = _approve(action, decisions, titles, at, broken)
    elif action.verb == DEMOTE:
        decisions, titles, row = _step_down(action, decisions, titles, at)
    else:
        who = action.by.strip()
        decisions, titles, row = roll_back(
            decisions,
            titles,
            name,
            action.reason.strip(),
            by=who,
            approval=f"approved by {who}",
            at=at,
            broken=broken,
        )
    titles.shade(shadow)
    return decisions, titles.frame(), row


def roll_back(
    decisions: pl.DataFrame,
    titles: Titles,
    name: str,
    reason: str,
    *,
    by: str,
    approval: str,
    at: Moment,
    broken: Collection[str] = (),
) -> Moved:
    """previous_champion speaks again; the one rolled back is challenger, unless there is another or
    it is among `broken`. There must be a previous_champion."""
    champion, previous = titles.of(name, CHAMPION), titles.of(name, PREVIOUS)
    assert previous is not None
    row = _row(
        decisions, name, previous, champion, {"rolls_back": champion}, at, reason, by, approval
    )
    row["verdict"] = ROLLBACK
    titles.crown(name, previous, row["decision_id"], at.now, may_return=False)
    if champion is not None and titles.of(name, CHALLENGER) is None and champion not in broken:
        titles.give(name, CHALLENGER, champion, row["decision_id"], at.now)
    return with_rows(decisions, [row]), titles, row


def _step_down(action: Action, decisions: pl.DataFrame, titles: Titles, at: Moment) -> Moved:
    """Nobody speaks for the track any more; the one that did is what a rollback brings back."""
    name, who = action.name, action.by.strip()
    champion = titles.of(name, CHAMPION)
    assert champion is not None
    evidence = {"demotes": champion}
    reason, approval = action.reason.strip(), f"asked for by {who}"
    row = _row(decisions, name, champion, champion, evidence, at, reason, who, approval)
    row["verdict"] = DEMOTE
    titles.take(name, CHAMPION, champion)
    titles.give(name, PREVIOUS, champion, row["decision_id"], at.now)
    return with_rows(decisions, [row]), titles, row


def _approve(
    action: Action,
    decisions: pl.DataFrame,
    titles: Titles,
    at: Moment,
    broken: Collection[str],
) -> Moved:
    name = action.name
    champion, challenger = titles.of(name, CHAMPION), titles.of(name, CHALLENGER)
    assert challenger is not None
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
    who, despite = action.by.strip(), said if said != PROMOTE else None
    evidence = {"approves": of_gate["decision_id"], "despite": despite}
    approval = f"approved by {who}" + (f" despite the verdict '{despite}'" if despite else "")
    row = _row(
        decisions, name, challenger, champion, evidence, at, action.reason.strip(), who, approval
    )
    row |= {
        "verdict": PROMOTE,
        "gates": of_gate["gates"],
        "ms_per_home": of_gate["ms_per_home"],
    }
    titles.crown(name, challenger, row["decision_id"], at.now, champion not in broken)
    return with_rows(decisions, [row]), titles, row


def _row(
    decisions: pl.DataFrame,
    name: str,
    version: str,
    champion: str | None,
    evidence: dict[str, Any],
    at: Moment,
    reason: str,
    by: str,
    approval: str,
) -> Row:
    """A decision that asks no gate; its verdict is to be filled in."""
    # Counted, for a model may be promoted and rolled back more than once.
    evidence = {**evidence, "n_before": len(_rows(decisions, name))}
    return {
        "decision_id": gates.decision_id(version, champion, evidence),
        "name": name,
        "model_version": version,
        "champion_version": champion,
        "verdict": None,
        "reason": reason,
        "gates": "[]",
        "evidence": json.dumps(evidence),
        "rule_version": gates.RULE_VERSION,
        "decided_by": by,
        "approval": approval,
        "ms_per_home": None,
        "as_of": at.as_of,
        "decided_at": at.now,
    }


def _rows(decisions: pl.DataFrame, name: str) -> pl.DataFrame:
    return decisions.filter(pl.col("name") == name)


def _done(decisions: pl.DataFrame, action: Action, champion: str | None) -> Row | None:
    """The decision of this kind, not the gate's, by which `champion` stands, if the last one is
    such."""
    others = _rows(decisions, action.name).filter(pl.col("decided_by") != GATE)
    if others.is_empty():
        return None
    last = others.row(-1, named=True)
    stands = None if action.verb == DEMOTE else last["model_version"]
    return last if (last["verdict"], stands) == (action.verb, champion) else None


def _nobody(action: Action) -> str:
    if action.verb == PROMOTE:
        return f"No challenger of {action.name} waits: `realty status` shows who holds what."
    if action.verb == DEMOTE:
        return f"No champion of {action.name} stands: there is nobody to demote."
    return f"There is nothing to roll {action.name} back to: no champion of it has been replaced."


def _mend(action: Action) -> str:
    if action.verb == PROMOTE:
        return "`realty run modeling` makes its folder anew."
    return "restore its folder from a backup first."
