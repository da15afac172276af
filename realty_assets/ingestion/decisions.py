"""What people decide on quarantined rows and on sources, carried out in one transaction.

Every decision is a row of ledger.decisions: who, when, why, on what evidence (the hash of the
record, the rules that it broke and their versions, the mapping), and what came of it.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.ingestion import ledger, plans, store
from realty_assets.ingestion.arrivals import record
from realty_assets.ingestion.blocks import blocked, put_back
from realty_assets.ingestion.plans import Plan
from realty_assets.ingestion.requests import DONE, BadDecision, Request, choose
from realty_assets.ingestion.selection import Selection
from realty_assets.ingestion.sources import load_source
from realty_assets.ingestion.writing import Scratch
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

_UPDATED = (
    *("quarantine_id", "resolution", "rule_ids", "rule_versions", "detail", "mapping"),
    *("mapping_hash", "listing_key", "known_at", "standard_status"),
)


@dataclass(frozen=True)
class _Decision:
    """The parts that all rows of one decision share."""

    request: Request
    decision_id: str
    run_id: str | None

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` as rows of ledger.decisions."""
        return frame.with_columns(
            pl.lit(self.decision_id).alias("decision_id"),
            pl.lit(utc_now()).alias("decided_at"),
            pl.lit(self.request.by).alias("decided_by"),
            pl.lit(self.run_id, dtype=pl.String).alias("run_id"),
            pl.lit(self.request.verb).alias("verb"),
            pl.lit(self.request.reason).alias("reason"),
            pl.lit(ledger.rules_version()).alias("rules_version"),
        )


def decide(
    warehouse: Warehouse,
    request: Request,
    code_version: str,
    run_id: str | None = None,
    log: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Carries a decision out, all or nothing; returns what came of it, as counts.

    The same decision again changes nothing. Raises BadDecision without a reason or a selection,
    NoSuchRows when no row fits, CannotRelease, MappingChanged, and SourceError for a source that
    does not exist.
    """
    request = request.model_copy(update={"reason": request.reason.strip()})
    if not request.reason or not request.by.strip():
        raise BadDecision(f"To {request.verb} needs a reason: say why with --reason.")
    decision = _Decision(request, uuid.uuid4().hex[:16], run_id)
    if request.verb in ("block", "unblock"):
        told = _decide_source(warehouse, decision, code_version)
    else:
        told = _decide_rows(warehouse, decision, code_version)
    log(", ".join(f"{name} {value}" for name, value in told.items()))
    return told


def _decide_source(warehouse: Warehouse, decision: _Decision, code_version: str) -> dict[str, Any]:
    request, home = decision.request, warehouse.home
    name = request.source or ""
    if request.verb == "block":
        load_source(name, home)
    with warehouse.transaction() as tx:
        store.create_tables(tx)
        blocks = blocked(tx)
        standing = blocks.get(name)
        again = standing is not None and standing.by == request.by
        again = again and standing is not None and standing.reason == request.reason.rstrip(". ")
        if request.verb == "block" and standing is not None and not again:
            raise BadDecision(
                f"The source {name} is blocked already, by {standing.by} ({standing.reason})."
            )
        if request.verb == "unblock" and standing is None:
            raise BadDecision(f"The source {name} is not blocked.")
        if not again or request.verb == "unblock":
            outcome = f"{request.verb}ed"
            row = pl.DataFrame({"source": [name], "outcome": [outcome]})
            ledger.insert(tx, ledger.DECISIONS, decision.rows(row))
        left = blocked(tx)
        record(tx, code_version)
    placed = put_back(home, left)
    return {"verb": request.verb, "source": name, "n_files_put_back": len(placed)}


def _decide_rows(warehouse: Warehouse, decision: _Decision, code_version: str) -> dict[str, Any]:
    request, home = decision.request, warehouse.home
    with warehouse.transaction() as tx:
        store.create_tables(tx)
        rows, n_before = choose(tx, request)
        discarded = Selection().rows(tx, "discarded").select("file_hash", "record_number")
        hashes = rows["file_hash"].unique().to_list()
        written = dict(tx.read(sql("ledger/readings.sql"), {"hashes": hashes}).rows())
    told = {
        "verb": request.verb,
        "n_rows": 0,
        "n_staged": 0,
        "n_unchanged": 0,
        "n_still_open": 0,
        "n_decided_before": n_before,
    }
    # A record that two mappings kept out may stand here twice: one after the other, then.
    turn = pl.int_range(pl.len()).over("file_hash", "mapping_hash", "record_number")
    groups = rows.with_columns(turn.alias("turn")).partition_by(
        "file_hash", "mapping_hash", "turn", maintain_order=True
    )
    planned = [(group, _plan(request, group, discarded, written, home)) for group in groups]
    with (
        Scratch(home / "scratch" / f"{os.getpid()}-{decision.decision_id}") as scratch,
        warehouse.transaction() as tx,
    ):
        # Another process may have decided in between.
        current = request.selection.rows(tx, request.resolution)["quarantine_id"]
        for number, (group, plan) in enumerate(planned):
            left = group.filter(pl.col("quarantine_id").is_in(current.implode()))
            if left.height:
                fates = _move(tx, left, plan, scratch / str(number)) if plan else {}
                _write(tx, decision, left, plan, fates, told)
        record(tx, code_version)
    return told


def _plan(
    request: Request,
    rows: pl.DataFrame,
    discarded: pl.DataFrame,
    written: dict[str, Any],
    home: Path,
) -> Plan | None:
    if request.verb == "release":
        return plans.release(rows, home)
    if request.verb == "discard":
        return None
    file_hash = rows["file_hash"][0]
    silent = discarded.filter(pl.col("file_hash") == file_hash)["record_number"]
    return plans.retry(rows, silent, written[file_hash], home)


def _move(tx: Tx, rows: pl.DataFrame, plan: Plan, scratch: Path) -> dict[int, str]:
    """Stages what goes to staging; 'staged' or 'unchanged' by record number."""
    going = pl.col("record_number").is_in(rows["record_number"].implode())
    typed = plan.typed.filter(going)
    if not typed.height:
        return {}
    scratch.mkdir()
    typed.write_parquet(scratch / "typed.parquet")
    file_hash = rows["file_hash"][0]
    made_at = tx.read(sql("staging/made_at.sql"), {"file_hash": file_hash})["made_at"][0]
    fates, _ = store.stage(
        tx,
        scratch,
        plan.rows.filter(going),
        plan.late.filter(going),
        quarantined=pl.Series([], dtype=pl.Int64),
        source=plan.source.group,
        file_hash=file_hash,
        file_known_at=None,
        file_made_at=made_at or store.nine_in_ten(typed["known_at"]),
        parcels=plan.source.table == "parcels",
    )
    unchanged = set(fates.filter(pl.col("fate") == "unchanged")["record_number"].to_list())
    return {
        number: "unchanged" if number in unchanged else "staged"
        for number in typed["record_number"].to_list()
    }


def _write(
    tx: Tx,
    decision: _Decision,
    rows: pl.DataFrame,
    plan: Plan | None,
    fates: dict[int, str],
    told: dict[str, Any],
) -> None:
    """Writes the resolutions, the decisions and their event; counts them into `told`."""
    verb = decision.request.verb
    outcomes = [
        DONE[verb] if verb == "discard" or number in fates else "open"
        for number in rows["record_number"].to_list()
    ]
    found = rows.select(
        *("quarantine_id", "record_number", "rule_ids", "rule_versions", "detail"),
        *("listing_key", "known_at", "standard_status"),
    )
    if plan is not None and plan.told.height:
        found = found.update(plan.told, on="record_number", how="left")
        found = found.sort("record_number")
    if plan is not None:
        now = found.with_columns(
            pl.Series("resolution", outcomes),
            pl.lit(plan.source.name).alias("mapping"),
            pl.lit(plan.source.mapping_hash).alias("mapping_hash"),
        )
    else:
        now = found.with_columns(
            pl.Series("resolution", outcomes), rows["mapping"], rows["mapping_hash"]
        )
    tx.conn.register("decided", now.select(_UPDATED).to_arrow())
    tx.conn.execute(sql("staging/resolve.sql").text)
    tx.conn.unregister("decided")
    still = pl.Series("still", [one == "open" for one in outcomes])
    entries = rows.select(
        *("source", "quarantine_id", "file_hash", "file_name", "record_number", "line_number"),
        *("rule_ids", "rule_versions"),
        text_hash=pl.Series([_sha256(text) for text in rows["raw_text"].to_list()]),
        mapping=now["mapping"],
        mapping_hash=now["mapping_hash"],
        outcome=pl.Series(outcomes),
        fate=pl.Series(
            [fates.get(number) for number in rows["record_number"].to_list()], dtype=pl.String
        ),
        found_rule_ids=pl.when(still).then(now["rule_ids"]),
        found_rule_versions=pl.when(still).then(now["rule_versions"]),
    )
    entries = _news(tx, decision.rows(entries))
    ledger.insert(tx, ledger.DECISIONS, entries)
    told["n_rows"] += rows.height
    told["n_staged"] += sum(fate == "staged" for fate in fates.values())
    told["n_unchanged"] += sum(fate == "unchanged" for fate in fates.values())
    told["n_still_open"] += int(still.sum())
    if entries.height:
        first = rows.row(0, named=True)
        event = ledger.Event(
            utc_now(),
            DONE[verb],
            first["file_name"],
            file_hash=first["file_hash"],
            source=first["source"],
            n_rows=entries.filter(pl.col("outcome") != "open").height,
            reason=decision.request.reason,
            decision_id=decision.decision_id,
            run_id=decision.run_id,
        )
        ledger.write_events(tx, [event])


def _news(tx: Tx, entries: pl.DataFrame) -> pl.DataFrame:
    """Without a retry that says what the last decision on its row said: it was only repeated."""
    ids = entries["quarantine_id"].to_list()
    last = tx.read(sql("ledger/last_decisions.sql"), {"ids": ids})
    same = [
        *("quarantine_id", "verb", "decided_by", "reason", "rules_version", "mapping_hash"),
        *("outcome", "found_rule_ids"),
    ]
    keys = pl.concat_str(
        pl.col(name).list.join(",") if name == "found_rule_ids" else pl.col(name) for name in same
    )
    said = last.filter(pl.col("outcome") == "open").select(keys.alias("said"))["said"]
    return entries.filter(~keys.fill_null("").is_in(said.implode()))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


__all__ = ["BadDecision", "Request", "decide"]
