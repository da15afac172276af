"""Which day it is, for a home: said by its data or its user, never by the wall clock."""

from __future__ import annotations

from datetime import date

from realty_assets.settings import get_settings
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse, WarehouseMissing

NEEDED = "a model needs 300 valid closed sales to train, and 100 more to calibrate"


def market_today(warehouse: Warehouse) -> date:
    """REALTY_AS_OF, or the day after the latest `known_at` in staging.

    Raises WarehouseMissing when nothing has been staged yet.
    """
    given = get_settings().as_of
    if given is not None:
        return given
    with warehouse.connect() as conn:
        tx = Tx(conn)
        if not tx.exists("staging.listings"):
            raise WarehouseMissing(
                f"Nothing has been staged yet: run `realty ingest` first; {NEEDED}."
            )
        day: date | None = tx.read(sql("clean/today.sql"))["today"][0]
    if day is None:
        raise WarehouseMissing(
            "No row has been staged yet: run `realty ingest`, and see `realty status` for what was "
            f"refused or quarantined; {NEEDED}."
        )
    return day
