"""Pausing and resuming: the switch is turned first, and its row follows.

So a pause holds at once, whoever keeps the warehouse; a row that a kill or a busy warehouse held up
is written with the next action.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from realty_assets.clock import utc_now
from realty_assets.operations.records import ACTIONS, BadAction, check_action, record_action
from realty_assets.switches import (
    PAUSE,
    SWITCHES,
    Turn,
    paused,
    read_turns,
    turning,
    write_turns,
)
from realty_assets.warehouse import Warehouse
from realty_assets.warehouse_file import WarehouseBusy
from realty_assets.withdrawals import withdrawals


def turn(
    warehouse: Warehouse,
    verb: str,
    switch: str,
    *,
    reason: str,
    by: str,
    until: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Turns a switch of the home; what there is to tell.

    What already stands so is left, and gets no second row. Raises BadAction for a switch that there
    is not, a blank reason or name, or an `until` (YYYY-MM-DD) that is no day to come.
    """
    check_action(reason, by)
    if switch not in SWITCHES:
        raise BadAction(f"There is no switch {switch!r}: one of {', '.join(SWITCHES)}.")
    home, now = warehouse.home, utc_now()
    asked = Turn(
        uuid.uuid4().hex[:16],
        switch,
        verb,
        by.strip(),
        reason.strip(),
        now,
        _day_to_come(until, now),
    )
    with turning(home):
        stands = paused(home, switch, now)
        already = _same(stands, asked)
        if not already and not dry_run:
            write_turns(home, [*read_turns(home), asked])
    held = stands if already else asked if verb == PAUSE else None
    told: dict[str, Any] = {"switch": switch, "paused": held is not None, "already": already}
    if held is not None:
        told |= {"since": str(held.at), "by": held.by, "reason": held.reason, "until": held.until}
    if dry_run:
        return told | {"dry_run": True, "note": "nothing was changed"}
    return told | recorded(warehouse)


def record_turns(warehouse: Warehouse) -> list[str]:
    """Adds a row for each turn of a switch or a page that has none; returns their ids."""
    turns = [*read_turns(warehouse.home), *withdrawals(warehouse.home)]
    if not turns or not warehouse.path.is_file():
        return []
    with warehouse.transaction() as tx:
        there = tx.exists(ACTIONS)
        known = set(tx.read(ACTIONS, columns=["action_id"])["action_id"]) if there else set()
        owed = [one for one in turns if one.action_id not in known]
        for one in owed:
            record_action(
                tx,
                one.verb,
                one.switch,
                reason=one.reason,
                by=one.by,
                outcome="done",
                detail={"until": one.until},
                action_id=one.action_id,
                acted_at=one.at,
            )
    return [one.action_id for one in owed]


def _same(stands: Turn | None, asked: Turn) -> bool:
    """Whether what is asked for stands already."""
    if stands is None:
        return asked.verb != PAUSE
    same = (stands.reason, stands.until) == (asked.reason, asked.until)
    return asked.verb == PAUSE and same


def recorded(warehouse: Warehouse) -> dict[str, Any]:
    """The rows that `record_turns` added, or that they are to follow."""
    try:
        return {"recorded": record_turns(warehouse)}
    except WarehouseBusy as error:
        return {"recorded": [], "note": f"it holds; its row follows with the next action. {error}"}


def _day_to_come(until: str | None, now: datetime) -> date | None:
    if until is None:
        return None
    try:
        day = date.fromisoformat(until)
    except ValueError as error:
        raise BadAction(f"--until {until!r} is no day: give it as YYYY-MM-DD.") from error
    if day <= now.date():
        raise BadAction(f"--until {until} is past: the pause would be over already.")
    return day
