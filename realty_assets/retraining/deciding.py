"""Which trigger fires, and why the others do not: a pure function of what is known.

Every trigger that was looked at is a row. At most one fires: a retrain trains every track, so that
whatever else is met is taken along by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from realty_assets.errors import RealtyError
from realty_assets.retraining.policy import BY_HAND, LADDER, Kind, Policy, Rung

FIRED, SKIPPED = "fired", "skipped"
# What became of a retrain that fired.
PROMOTED, WAITING, REJECTED, OPEN = "promoted", "waiting", "rejected", "inconclusive"
NOTHING_NEW, FAILED, OVERTAKEN, TOLD = "nothing new", "failed", "overtaken", "told"
REFRESHED = "refreshed"
# A retrain that ended so has not helped: the next one tries more, later.
IN_VAIN = (REJECTED, NOTHING_NEW, FAILED, TOLD)
# Rungs that need the champion's settings to be those that training would go by now.
OF_THE_CHAMPION = ("recalibrate", "refit")
# The breach of performance that is about intervals alone (champion_months.standing).
COVERAGE = "coverage"
# Automation asks first what is most telling.
ORDER: tuple[Kind, ...] = ("performance", "drift", "change", "new_sales", "calendar")


class BadAsk(RealtyError):
    """A retrain that is asked for by hand and cannot be made."""


def check_rung(rung: str) -> Rung:
    """`rung`, if there is such a one. Raises BadAsk."""
    if rung not in LADDER:
        raise BadAsk(f"There is no rung {rung!r}: one of {', '.join(LADDER)}.")
    return LADDER[LADDER.index(rung)]


@dataclass(frozen=True)
class Signal:
    """One trigger of one track, as the evidence has it.

    `met`: it asks for a retrain. `suspect`: it would confirm a drift. `says`: the figure in words.
    """

    track: str
    kind: Kind
    met: bool
    says: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    suspect: bool = False
    champion: str | None = None


@dataclass(frozen=True)
class Hand:
    """A retrain that a person asks for. Raises BadAsk for a rung that there is not, or a blank
    reason or name."""

    rung: Rung
    reason: str
    by: str
    track: str = "all"

    def __post_init__(self) -> None:
        check_rung(self.rung)
        if not self.reason.strip():
            raise BadAsk("The reason is blank: say with --reason why.")
        if not self.by.strip():
            raise BadAsk("The name is blank: say with --by who asks for it.")


@dataclass(frozen=True)
class Past:
    """A retrain that fired: on which day of the market and of the clock, and what became of it
    (None: not known yet)."""

    trigger_id: str
    as_of: date
    at: datetime
    rung: Rung
    outcome: str | None = None
    cost_usd: float | None = None
    kind: Kind = "performance"


@dataclass(frozen=True)
class Now:
    """By the clock (UTC), and by the market's own day."""

    clock: datetime
    as_of: date


@dataclass(frozen=True)
class State:
    """All that a decision depends on. `unfit`, `paused` and `waits` are sentences, None where
    nothing stands in the way; `refits` says of which tracks the settings are still the champion's.
    """

    signals: Sequence[Signal] = ()
    past: Sequence[Past] = ()
    hand: Hand | None = None
    unfit: str | None = None
    paused: str | None = None
    waits: str | None = None
    refits: Mapping[str, bool] = field(default_factory=dict)


Row = dict[str, Any]


def decide(state: State, policy: Policy, now: Now) -> list[Row]:
    """One row for each trigger that was looked at, by hand first; at most one of them fired.

    The order of signals and of the past does not matter.
    """
    rows, fired = [], None
    if state.hand is not None:
        row = _by_hand(state, state.hand, policy, now)
        fired = row if row["decision"] == FIRED else None
        rows.append(row)
    for signal in sorted(state.signals, key=_place):
        why_not = _unmet(signal, state)
        if why_not is None and fired is not None:
            why_not = f"taken along by {fired['trigger_id']}"
        why_not = why_not or guarded(state, policy, now)
        rung = None if why_not else _rung(signal, state, policy)
        row = _row(signal, why_not, rung, policy, now)
        rows.append(row)
        if why_not is None:
            fired = row
    return rows


def in_vain(past: Sequence[Past]) -> int:
    """How many of the newest retrains in a row led nowhere; what is open does not count."""
    n = 0
    for one in _newest_first(past):
        if one.outcome in IN_VAIN:
            n += 1
        elif one.outcome in (PROMOTED, WAITING):
            break
    return n


def under_way(past: Sequence[Past]) -> Past | None:
    """The retrain that has fired and has not ended."""
    return next((one for one in _newest_first(past) if one.outcome is None), None)


def guarded(state: State, policy: Policy, now: Now) -> str | None:
    """Why automation may not retrain now whatever asks for it; None when it may."""
    checks: tuple[Callable[[State, Policy, Now], str | None], ...] = (
        lambda s, p, n: s.unfit,
        lambda s, p, n: s.paused,
        _one_at_a_time,
        lambda s, p, n: s.waits,
        _frozen,
        _cooling,
        _spent,
    )
    return next((why for check in checks if (why := check(state, policy, now))), None)


def _one_at_a_time(state: State, _policy: Policy, _now: Now) -> str | None:
    found = under_way(state.past)
    return f"one at a time: {found.trigger_id} ({found.rung}) has not ended" if found else None


def _frozen(_state: State, policy: Policy, now: Now) -> str | None:
    day = now.clock.date()
    for window in policy.guards.freeze:
        if window.since <= day <= window.until:
            return f"frozen until {window.until}: {window.why}"
    return None


def _cooling(state: State, policy: Policy, now: Now) -> str | None:
    ended = _newest_first(state.past)
    if not ended:
        return None
    vain = in_vain(state.past)
    rest = policy.guards.rest_days(vain)
    over = ended[0].as_of + timedelta(days=rest)
    if now.as_of >= over:
        return None
    why = f", after {vain} in a row that led nowhere" if vain else ""
    return f"cooling down until {over} ({rest:g} days since {ended[0].trigger_id}{why})"


def _spent(state: State, policy: Policy, now: Now) -> str | None:
    guards, month = policy.guards, now.clock.strftime("%Y-%m")
    own = [one for one in state.past if one.at.strftime("%Y-%m") == month]
    if guards.runs_a_month is not None and len(own) >= guards.runs_a_month:
        return f"budget: {len(own)} retrains in {month}, {guards.runs_a_month} are allowed"
    usd = sum(one.cost_usd or 0.0 for one in own)
    if guards.usd_a_month is not None and usd >= guards.usd_a_month:
        return f"budget: {usd:.4g} US dollars in {month}, {guards.usd_a_month:g} are allowed"
    return None


def _unmet(signal: Signal, state: State) -> str | None:
    if not signal.met:
        return f"not met: {signal.says}"
    if signal.kind != "drift":
        return None
    confirmed = any(
        other.kind == "performance"
        and (other.met or other.suspect)
        and signal.track in (other.track, "all")
        for other in state.signals
    )
    return None if confirmed else f"drift proposes, performance does not confirm: {signal.says}"


def _rung(signal: Signal, state: State, policy: Policy) -> Rung:
    alone = signal.kind == "performance" and list(signal.evidence.get("breaches", ())) == [COVERAGE]
    begin: Kind | Literal["intervals"] = "intervals" if alone else signal.kind
    n_vain, own = in_vain(state.past), state.refits.get(signal.track, True)
    rung = policy.rung(begin, n_vain)
    while rung in OF_THE_CHAMPION and not own:
        n_vain += 1
        rung = policy.rung(begin, n_vain)
    return rung


def _by_hand(state: State, hand: Hand, policy: Policy, now: Now) -> Row:
    """A person may do at any time what automation may not; but one at a time."""
    signal = Signal(hand.track, BY_HAND, True, hand.reason, {"reason": hand.reason})
    why_not = _one_at_a_time(state, policy, now)
    row = _row(signal, why_not, None if why_not else hand.rung, policy, now, asked_by=hand.by)
    # Asked for again it is another one.
    return row | {"trigger_id": _digest([row["trigger_id"], hand.by, now.clock.isoformat()])}


def _row(
    signal: Signal,
    why_not: str | None,
    rung: Rung | None,
    policy: Policy,
    now: Now,
    asked_by: str = "automation",
) -> Row:
    decision = SKIPPED if why_not else FIRED
    reason = why_not or signal.says
    evidence = json.dumps(dict(signal.evidence), sort_keys=True, default=str)
    about = [signal.track, signal.kind, str(now.as_of), signal.champion, evidence]
    return {
        "trigger_id": _digest([*about, decision, reason, rung, policy.sha256]),
        "as_of": now.as_of,
        "looked_at": now.clock,
        "track": signal.track,
        "kind": signal.kind,
        "decision": decision,
        "reason": reason,
        "rung": rung,
        "evidence": evidence,
        "policy_sha256": policy.sha256,
        "champion_version": signal.champion,
        "asked_by": asked_by,
    }


def _digest(parts: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()[:16]


def _place(signal: Signal) -> tuple[int, str, str]:
    return ORDER.index(signal.kind), signal.track, json.dumps(dict(signal.evidence), default=str)


def _newest_first(past: Sequence[Past]) -> list[Past]:
    return sorted(past, key=lambda one: (one.as_of, one.at, one.trigger_id), reverse=True)
