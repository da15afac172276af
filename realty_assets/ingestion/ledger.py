"""What the ledger says: one row per delivery, and beside it events that are only ever added to.

`ledger.files` has the counts of each delivery, `ledger.events` all that ever happened to a file,
`ledger.decisions` what people decided on rows and sources; `ledger.contents` is the view over them:
one row per content, as it stands now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.ingestion.contract import CONTRACT_VERSION
from realty_assets.ingestion.rules import RULES_VERSION
from realty_assets.statements import SqlFile, sql
from realty_assets.warehouse import Tx

FILES, EVENTS, CONTENTS = "ledger.files", "ledger.events", "ledger.contents"
DECISIONS, RAW = "ledger.decisions", "raw.listings"
LISTINGS, QUARANTINE = "staging.listings", "staging.quarantine"
PARCELS = "staging.parcels"
TABLES = (FILES, DECISIONS, RAW, LISTINGS, PARCELS, QUARANTINE, EVENTS, CONTENTS)
Status = Literal["staged", "unchanged", "refused", "blocked"]


class RowsLost(RealtyError):
    """The counts of a file do not add up; its transaction is rolled back."""


@dataclass(frozen=True)
class LedgerRow:
    """One delivery. rows_read = rows_staged + rows_quarantined + rows_unchanged.

    `relation`: what the file is to earlier ones (relations.py), `relation_of` the content it is
    that to. `written_at`: when the file itself was last written, UTC.
    """

    delivery_id: str
    file_hash: str
    file_name: str
    source: str | None
    mapping: str | None
    mapping_hash: str | None
    encoding: str | None
    delimiter: str | None
    n_bytes: int
    rows_read: int
    rows_malformed: int
    rows_staged: int
    rows_quarantined: int
    rows_unchanged: int
    other_lines: int
    status: Status
    reason: str | None
    relation: str
    relation_of: str | None
    rules_version: str
    written_at: datetime | None
    arrived_at: datetime
    run_id: str | None
    duration_s: float

    def __post_init__(self) -> None:
        told = self.rows_staged + self.rows_quarantined + self.rows_unchanged
        if self.rows_read != told:
            raise RowsLost(
                f"{self.file_name}: {self.rows_read:,} rows were read, and {told:,} are accounted "
                "for; nothing of it was taken in."
            )


@dataclass(frozen=True)
class Delivery:
    """One arrival of one file. `begins_with`: earlier contents of that name that it begins with."""

    delivery_id: str
    file_name: str
    file_hash: str
    n_bytes: int
    run_id: str | None = None
    written_at: datetime | None = None
    begins_with: tuple[str, ...] = ()
    relation: str = "new"
    relation_of: str | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened to a file. `n_rows`: rows that it touched."""

    event_at: datetime
    kind: str
    file_name: str
    file_hash: str | None = None
    n_bytes: int | None = None
    source: str | None = None
    relation: str | None = None
    relation_of: str | None = None
    n_rows: int | None = None
    reason: str | None = None
    delivery_id: str | None = None
    decision_id: str | None = None
    run_id: str | None = None


def known_file(tx: Tx, file_hash: str, mapping_hash: str) -> dict[str, object] | None:
    """What the ledger says of the same bytes under the same mapping, when they were staged."""
    rows = tx.read(
        sql("ledger/known_file.sql"), {"file_hash": file_hash, "mapping_hash": mapping_hash}
    ).to_dicts()
    return rows[0] if rows else None


def note_delivery(
    delivery: Delivery,
    status: Status,
    reason: str,
    *,
    source: tuple[str, str, str] | None = None,
    known: dict[str, object] | None = None,
    duration_s: float = 0.0,
) -> LedgerRow:
    """The ledger row of a delivery that changes nothing: refused, blocked, or known already.

    `source`: its family, mapping name and mapping hash; `known`: the row of the first delivery.
    """
    group, mapping, mapping_hash = source or (None, None, None)
    known = known or {}
    rows = int(str(known.get("rows_read", 0)))
    return LedgerRow(
        delivery_id=delivery.delivery_id,
        file_hash=delivery.file_hash,
        file_name=delivery.file_name,
        source=group,
        mapping=mapping,
        mapping_hash=mapping_hash,
        encoding=_text(known.get("encoding")),
        delimiter=_text(known.get("delimiter")),
        n_bytes=delivery.n_bytes,
        rows_read=rows,
        rows_malformed=int(str(known.get("rows_malformed", 0))),
        rows_staged=0,
        rows_quarantined=0,
        rows_unchanged=rows,
        other_lines=int(str(known.get("other_lines", 0))),
        status=status,
        reason=reason,
        relation=delivery.relation,
        relation_of=delivery.relation_of,
        rules_version=rules_version(),
        written_at=delivery.written_at,
        arrived_at=utc_now(),
        run_id=delivery.run_id,
        duration_s=duration_s,
    )


def write(tx: Tx, row: LedgerRow) -> None:
    """Adds one delivery to the ledger: its row, when it was first seen, and what became of it."""
    insert(tx, FILES, pl.DataFrame([asdict(row)], infer_schema_length=1))

    seen_at = row.arrived_at - timedelta(seconds=row.duration_s)
    said: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            *("file_name", "file_hash", "n_bytes", "source", "relation", "relation_of"),
            *("delivery_id", "run_id"),
        )
    }
    told = Event(row.arrived_at, row.status, n_rows=row.rows_read, reason=row.reason, **said)
    write_events(tx, [Event(seen_at, "seen", **said), told])


def write_events(tx: Tx, events: Sequence[Event]) -> None:
    """Adds events; none is ever changed."""
    kinds = {"datetime": pl.Datetime("us"), "int": pl.Int64, "str": pl.String}
    schema: dict[str, Any] = {
        one.name: kinds[str(one.type).split(" ", maxsplit=1)[0]] for one in fields(Event)
    }
    insert(tx, EVENTS, pl.DataFrame([asdict(one) for one in events], schema=schema))


def note_growing(tx: Tx, file_name: str, run_id: str | None) -> None:
    """Remembers that a file was left alone because it was still being written."""
    why = "It was still being written, and was left for later."
    write_events(tx, [Event(utc_now(), "growing", file_name, reason=why, run_id=run_id)])


def table_hashes(tx: Tx) -> dict[str, str]:
    """A hash per table of what its rows come from: files, mappings, rules, counts and decisions.

    Deliveries that changed nothing change the ledger alone; a released row changes staging too.
    """
    content = _digest(tx, sql("ledger/content.sql"))
    deliveries = _digest(tx, sql("ledger/deliveries.sql"))
    decided = _digest(tx, sql("ledger/decided.sql"))
    moved = _digest(tx, sql("ledger/moved.sql"))
    growing = tx.conn.execute(f"SELECT count(*) FROM {EVENTS} WHERE kind = 'growing'").fetchall()
    parts = {
        FILES: deliveries,
        DECISIONS: decided,
        RAW: content,
        LISTINGS: f"{content}|{moved}",
        PARCELS: f"{content}|{moved}",
        QUARANTINE: f"{content}|{decided}",
        EVENTS: f"{deliveries}|{decided}|{growing[0][0]}",
        CONTENTS: f"{deliveries}|{decided}",
    }
    return {
        table: hashlib.sha256(f"{table}|{said}".encode()).hexdigest()
        for table, said in parts.items()
    }


def insert(tx: Tx, table: str, frame: pl.DataFrame) -> None:
    """Adds the rows of `frame`, matching columns by name."""
    tx.conn.register("incoming", frame.to_arrow())
    tx.conn.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    tx.conn.unregister("incoming")


def rules_version() -> str:
    """The version of contract and rules that rows are judged by."""
    return f"{CONTRACT_VERSION}.{RULES_VERSION}"


def _digest(tx: Tx, query: SqlFile) -> str:
    digest = hashlib.sha256()
    for row in tx.conn.execute(query.text).fetchall():
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _text(value: object) -> str | None:
    return None if value is None else str(value)
