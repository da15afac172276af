"""Legal holds as everybody sees them who deletes something: what is held, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

HOLDS = "operations.holds"


def holds_now(warehouse: Warehouse) -> list[dict[str, Any]]:
    """What is held: what, set_at, set_by, reason."""
    if not warehouse.exists(HOLDS):
        return []
    return warehouse.read(sql("operations/holds_now.sql")).to_dicts()


def held_by(
    item: str, holds: Sequence[dict[str, Any]], names: Sequence[str] = ()
) -> dict[str, Any] | None:
    """The hold that keeps `item` (a path below the home, or an id), by its place or one of its
    other `names`; None when nothing does."""
    for hold in holds:
        what = hold["what"]
        below = item.startswith(f"{what}/") or what.startswith(f"{item}/")
        if below or any(fnmatchcase(name, what) for name in (item, *names)):
            return hold
    return None
