"""What an analyst decides of a sale: a row of ledger.sale_decisions, which wins over every rule."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import polars as pl

from realty_assets.cleaning.rules import RULE_VERSION
from realty_assets.errors import RealtyError
from realty_assets.statements import sql
from realty_assets.warehouse import Tx

TABLE = "ledger.sale_decisions"
VERBS = ("exclude", "include")
NO_SALES = "There are no sales yet: run `realty ingest`, then `realty run all`."


class BadSaleDecision(RealtyError):
    """A decision without a reason, or on no sale that there is."""


def create_table(tx: Tx) -> None:
    tx.conn.execute("CREATE SCHEMA IF NOT EXISTS ledger")
    tx.conn.execute(sql("ledger/sale_decisions_table.sql").text)


def find_sale(tx: Tx, key: str, source: str | None = None) -> dict[str, Any]:
    """The one row of clean.sales that goes by a listing key. Raises BadSaleDecision for none or
    several."""
    if not tx.exists("clean.sales"):
        raise BadSaleDecision(NO_SALES)
    found = tx.read(sql("clean/sales_of_key.sql"), {"key": key, "source": source})
    if found.is_empty():
        where = f" of the source {source}" if source else ""
        raise BadSaleDecision(
            f"There is no sale{where} with the listing key {key!r}: `realty sales list` shows the "
            "keys of excluded sales."
        )
    if len(found) > 1:
        sources = sorted(set(found["source"].to_list()))
        hint = (
            f"say which with --source ({' or '.join(sources)})."
            if len(sources) > 1
            else f"name one by its own key: {', '.join(found['listing_key'].to_list())}."
        )
        raise BadSaleDecision(f"{len(found)} sales go by the listing key {key!r}: {hint}")
    return found.row(0, named=True)


def check(
    tx: Tx, verb: str, key: str, reason: str, by: str, source: str | None = None
) -> dict[str, Any]:
    """The sale that a decision is about, as a row of clean.sales.

    Raises BadSaleDecision for an unknown verb, a blank reason or name, or no such sale.
    """
    if verb not in VERBS:
        raise BadSaleDecision(f"A sale can be excluded or included, not {verb!r}.")
    if not reason.strip():
        raise BadSaleDecision(f"The reason is blank: say with --reason why to {verb} the sale.")
    if not by.strip():
        raise BadSaleDecision("The name is blank: say with --by who decides.")
    return find_sale(tx, key, source)


def decide(
    tx: Tx,
    verb: str,
    key: str,
    reason: str,
    by: str,
    source: str | None = None,
    run_id: str | None = None,
) -> dict[str, Any]:
    """Writes a decision down, in the open transaction; the last one on the sale, given once more,
    is only repeated. Raises what `check` raises."""
    sale = check(tx, verb, key, reason, by, source)
    reason, by = reason.strip(), by.strip()
    create_table(tx)
    last = tx.read(sql("clean/last_sale_decisions.sql")).filter(
        (pl.col("source") == sale["source"]) & (pl.col("listing_key") == sale["listing_key"])
    )
    told = {
        "verb": verb,
        "listing_key": sale["listing_key"],
        "source": sale["source"],
        "rules_said": sale["ruled_out_by"] or "nothing against it",
    }
    if last.select("verb", "decided_by", "reason").rows() == [(verb, by, reason)]:
        return {**told, "recorded": False}
    row = {
        "decision_number": tx.report(TABLE).n_rows + 1,
        "decision_id": uuid.uuid4().hex[:16],
        "decided_at": datetime.now(UTC).replace(tzinfo=None),
        "decided_by": by,
        "run_id": run_id,
        "verb": verb,
        "reason": reason,
        **{name: sale[name] for name in ("source", "listing_key", "property_key", "close_date")},
        **{name: sale[name] for name in ("close_price", "ruled_out_by", "rule_ids")},
        "rule_version": RULE_VERSION,
    }
    schema: dict[str, Any] = {
        "run_id": pl.String,
        "ruled_out_by": pl.String,
        "rule_ids": pl.List(pl.String),
    }
    tx.append(TABLE, pl.DataFrame([row], schema_overrides=schema))
    return {**told, "recorded": True}
