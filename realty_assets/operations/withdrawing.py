"""Withdrawing a published page, and giving it back: said first, then the page moves, then its row.

So a withdrawal holds whoever keeps the warehouse. A row, or a page, that a kill held up follows
with the next action.
"""

from __future__ import annotations

import uuid
from typing import Any

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.operations.pausing import recorded
from realty_assets.operations.records import check_action
from realty_assets.statements import sql
from realty_assets.switches import Turn, turning, write_turns
from realty_assets.warehouse import Warehouse
from realty_assets.withdrawals import FILE, WITHDRAW, follow, withdrawals, withdrawn

# Tables of pages that people are given.
PUBLISHED = (
    *("serving.reports", "serving.evaluation_reports", "analysis.takeaways"),
    *("exploration.reports", "monitoring.days", "monitoring.evidently_reports"),
)


class NoSuchPage(RealtyError):
    """A page that this home has not published."""


def turn_page(
    warehouse: Warehouse, verb: str, page: str, *, reason: str, by: str, dry_run: bool = False
) -> dict[str, Any]:
    """Withdraws a page or reinstates it; what there is to tell.

    `page` is its name, or its path below the home. What stands already so is left, and gets no
    second row. Raises BadAction, NoSuchPage, SwitchesBroken.
    """
    check_action(reason, by)
    home, now = warehouse.home, utc_now()
    path = _path_of(warehouse, page)
    asked = Turn(uuid.uuid4().hex[:16], path, verb, by.strip(), reason.strip(), now)
    with turning(home):
        stands = withdrawn(home).get(path)
        already = (stands is not None) == (verb == WITHDRAW)
        if not dry_run:
            turns = withdrawals(home)
            if not already:
                turns = [*turns, asked]
                write_turns(home, turns, FILE)
            # Also when it stands: a kill may have come before the page moved.
            follow(home, turns)
    held = (stands if already else asked) if verb == WITHDRAW else None
    told: dict[str, Any] = {"page": path, "withdrawn": held is not None, "already": already}
    if held is not None:
        told |= {"since": str(held.at), "by": held.by, "reason": held.reason}
    if dry_run:
        return told | {"dry_run": True, "note": "nothing was changed"}
    return told | recorded(warehouse)


def follow_up(warehouse: Warehouse) -> None:
    """Moves pages that a kill left where they were."""
    with turning(warehouse.home):
        follow(warehouse.home, withdrawals(warehouse.home))


def _path_of(warehouse: Warehouse, page: str) -> str:
    """The path below the home of a page that a table, or a withdrawal, names."""
    known: dict[str, list[str]] = {}
    for turn in withdrawals(warehouse.home):
        known.setdefault(turn.switch, []).append(turn.switch)
    for table in PUBLISHED:
        if warehouse.path.is_file() and warehouse.exists(table):
            for name, path in warehouse.read(sql("operations/pages.sql").bind(pages=table)).rows():
                known.setdefault(path, []).append(path)
                known.setdefault(name, []).append(path)
    found = sorted(set(known.get(page.strip(), [])))
    if len(found) == 1:
        return found[0]
    if found:
        raise NoSuchPage(f"{page!r} goes by several pages: name one of {', '.join(found)}.")
    pages = ", ".join(sorted({path for paths in known.values() for path in paths})[:12])
    raise NoSuchPage(f"There is no published page {page!r}; there are: {pages or 'none'}.")
