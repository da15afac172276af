"""Legal holds: what must stay whatever the policy says, until a person takes the hold off."""

from __future__ import annotations

import fcntl
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.holding import HOLDS, held_by, holds_now
from realty_assets.operations.records import (
    BadAction,
    check_action,
    create_tables,
    record_action,
)
from realty_assets.operations.retention.things import Thing
from realty_assets.warehouse import Tx, Warehouse

LOCK = ".retain.lock"
ADD, REMOVE = "add", "remove"


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Nothing is removed while a hold is put on it: who holds this lock is alone."""
    with (home / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def set_hold(warehouse: Warehouse, verb: str, what: str, *, reason: str, by: str) -> dict[str, Any]:
    """Puts a hold on `what`, or takes it off; what there is to tell.

    `what` is a class, a path below the home (and all below it), a model version, a run id, or a
    pattern of those (`*`). Done already, it changes nothing. Raises BadAction.
    """
    check_action(reason, by)
    what = what.strip().rstrip("/")
    if not what:
        raise BadAction("There is nothing to hold: name a class, a path, a version or a run.")
    with alone(warehouse.home):
        held = {row["what"] for row in holds_now(warehouse)}
        already = (what in held) == (verb == ADD)
        if verb == REMOVE and already:
            known = ", ".join(sorted(held)) or "nothing"
            return {"what": what, "held": False, "already": True, "note": f"held is: {known}"}
        if not already:
            with warehouse.transaction() as tx:
                _record(tx, verb, what, reason.strip(), by.strip())
    return {"what": what, "held": verb == ADD, "already": already}


def _record(tx: Tx, verb: str, what: str, reason: str, by: str) -> None:
    create_tables(tx)
    hold_id = uuid.uuid4().hex[:16]
    row = {
        "hold_id": hold_id,
        "set_at": utc_now(),
        "set_by": by,
        "verb": verb,
        "what": what,
        "reason": reason,
    }
    tx.append(HOLDS, pl.DataFrame([row]))
    record_action(
        tx, f"hold {verb}", what, reason=reason, by=by, outcome="done", detail={"hold_id": hold_id}
    )


def held_back(things: Sequence[Thing], holds: Sequence[dict[str, Any]]) -> list[Thing]:
    """`things`, of which those that are held stay."""
    return [_held(one, holds) for one in things]


def _held(thing: Thing, holds: Sequence[dict[str, Any]]) -> Thing:
    hold = held_by(thing.item, holds, (thing.kind, *thing.names))
    return thing if hold is None else replace(thing, kept=f"held: {hold['what']}")
