"""Decisions on rows that were kept out, and the books that must balance after them."""

from __future__ import annotations

from typing import Any

from realty_assets.ingestion.conservation import Balance, unbalanced
from realty_assets.ingestion.decisions import Request, decide
from realty_assets.ingestion.intake import CODE_VERSION
from realty_assets.warehouse import Warehouse


def decided(warehouse: Warehouse, verb: str, reason: str = "looked at it", **more: Any) -> dict:
    """Decides on the rows that `more` selects."""
    asked = {name: more.pop(name) for name in ("resolution", "every_row", "by") if name in more}
    request = Request(verb=verb, reason=reason, **{"by": "ann", **asked}, selection=more)
    return decide(warehouse, request, CODE_VERSION, run_id="a run")


def balanced(warehouse: Warehouse) -> Balance:
    found = unbalanced(warehouse)
    assert found.wrong == []
    assert found.rows_read == found.rows_staged + found.rows_quarantined + found.rows_unchanged
    return found
