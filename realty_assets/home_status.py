"""What a home holds, for `realty status`."""

from __future__ import annotations

from typing import Any

from realty_assets.ingestion.inbox import pending
from realty_assets.settings import Settings
from realty_assets.warehouse import Tx, Warehouse, sql


def describe(settings: Settings, warehouse: Warehouse) -> dict[str, Any]:
    """Files, rows, tables, models and what waits; an empty home says what to do first."""
    inbox = settings.home / "inbox"
    waiting = [str(path.relative_to(inbox)) for path in pending(settings.home)]
    told: dict[str, Any] = {"home": str(settings.home), "waiting_in_inbox": waiting}
    if not warehouse.exists("ledger.files"):
        return told | {"next": "nothing has been ingested: `realty ingest PATH` or `realty demo`"}
    with warehouse.connect() as conn:
        tx = Tx(conn)
        told["files"] = tx.read(sql("ledger/status.sql")).to_dicts()
        told["quarantine_rules"] = tx.read(sql("ledger/quarantine_rules.sql")).to_dicts()
        if tx.exists("staging.photos"):
            told["photos"] = tx.read(sql("staging/photo_counts.sql")).to_dicts()
        if tx.exists("promotion.aliases"):
            told["models"] = tx.read("promotion.aliases").sort("name", "alias").to_dicts()
        if tx.exists("serving.valuations") and tx.exists("serving.listing_valuations"):
            told["valuations"] = tx.read(sql("serving/valued_tracks.sql")).to_dicts()
        told["tables"] = (
            tx.read("ledger.builds")
            .select("table_name", "n_rows", "built_at")
            .sort("table_name")
            .to_dicts()
        )
    return told
