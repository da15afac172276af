"""What a file changes in the warehouse, in one transaction: ledger, staging, quarantine, raw view.

Rows that tell nothing new (a twin in the file, or content that is staged already) are counted, not
written. The hashes of the four tables, by which everything downstream knows whether it has work,
come from the ledger, so that they cost nothing however large staging is.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.ingestion.contract import CONTRACT_VERSION
from realty_assets.ingestion.files import FileResult
from realty_assets.ingestion.rules import RULES_VERSION
from realty_assets.warehouse import SqlFile, Tx, sql

FILES, RAW = "ledger.files", "raw.listings"
LISTINGS, QUARANTINE = "staging.listings", "staging.quarantine"
TABLES = (FILES, RAW, LISTINGS, QUARANTINE)
Status = Literal["staged", "unchanged", "refused"]


class RowsLost(RealtyError):
    """The counts of a file do not add up; its transaction is rolled back."""


@dataclass(frozen=True)
class LedgerRow:
    """One delivery. rows_read = rows_staged + rows_quarantined + rows_unchanged."""

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
    rules_version: str
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
    """One arrival of one file."""

    delivery_id: str
    file_name: str
    file_hash: str
    n_bytes: int
    run_id: str | None = None


def create_tables(tx: Tx) -> None:
    """Makes the four tables where they are missing."""
    for schema in ("ledger", "raw", "staging"):
        tx.conn.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for name in ("ledger/files_table", "staging/listings_table", "staging/quarantine_table"):
        tx.conn.execute(sql(f"{name}.sql").text)
    if not tx.exists(RAW):
        show_raw(tx)


def show_raw(tx: Tx) -> None:
    """Points the view raw.listings at the parquet parts of the files in the ledger."""
    tx.conn.execute("CREATE SCHEMA IF NOT EXISTS raw")
    hashes = tx.read(sql("raw/registered.sql"))["file_hash"].to_list()
    if not hashes:
        tx.conn.execute(f"CREATE OR REPLACE VIEW {RAW} AS {sql('raw/no_listings.sql').text}")
        return
    tx.conn.execute(f"CREATE OR REPLACE VIEW {RAW} AS {sql('raw/listings.sql').text}")


def known_file(tx: Tx, file_hash: str, mapping_hash: str) -> dict[str, object] | None:
    """What the ledger says of the same bytes under the same mapping, when they were staged."""
    rows = tx.read(
        sql("ledger/known_file.sql"), {"file_hash": file_hash, "mapping_hash": mapping_hash}
    ).to_dicts()
    return rows[0] if rows else None


def commit(tx: Tx, result: FileResult, delivery: Delivery, started: float) -> LedgerRow:
    """Writes what one file brings; `started` is on the monotonic clock.

    Raises RowsLost when the counts do not add up.
    """
    verdicts = _verdicts(tx, result)
    unchanged = verdicts.filter(pl.col("fate") == "unchanged").height
    staged = 0
    if result.typed is not None:
        tx.conn.register("verdicts", verdicts.to_arrow())
        before = _count(tx, LISTINGS)
        accepted = sql("staging/accepted.sql").bind(
            typed=str(result.typed / "*.parquet"), file_known_at=result.known_at
        )
        tx.conn.execute(f"INSERT INTO {LISTINGS} BY NAME {accepted.text}", dict(accepted.params))
        staged = _count(tx, LISTINGS) - before
        tx.conn.unregister("verdicts")
    if result.quarantine.height:
        _insert(tx, QUARANTINE, result.quarantine)
    row = LedgerRow(
        delivery_id=delivery.delivery_id,
        file_hash=result.file_hash,
        file_name=delivery.file_name,
        source=result.source.group,
        mapping=result.source.name,
        mapping_hash=result.source.mapping_hash,
        encoding=result.encoding,
        delimiter=result.layout.delimiter,
        n_bytes=result.stamp.n_bytes,
        rows_read=result.rows_read,
        rows_malformed=result.rows_malformed,
        rows_staged=staged,
        rows_quarantined=result.quarantine.height,
        rows_unchanged=unchanged,
        other_lines=result.other_lines,
        status="staged",
        reason=None,
        rules_version=_rules_version(),
        arrived_at=_utc_now(),
        run_id=delivery.run_id,
        duration_s=time.monotonic() - started,
    )
    write(tx, row)
    return row


def write(tx: Tx, row: LedgerRow) -> None:
    """Adds one delivery to the ledger."""
    _insert(tx, FILES, pl.DataFrame([asdict(row)], infer_schema_length=1))


def note_delivery(
    delivery: Delivery,
    status: Status,
    reason: str,
    *,
    source: tuple[str, str, str] | None = None,
    known: dict[str, object] | None = None,
    duration_s: float = 0.0,
) -> LedgerRow:
    """The ledger row of a delivery that changes nothing: refused, or known already.

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
        rules_version=_rules_version(),
        arrived_at=_utc_now(),
        run_id=delivery.run_id,
        duration_s=duration_s,
    )


def table_hashes(tx: Tx) -> dict[str, str]:
    """A hash per table of what its rows come from: files, mappings, rules and counts.

    Deliveries that changed nothing change ledger.files alone.
    """
    content = _digest(tx, sql("ledger/content.sql"))
    deliveries = _digest(tx, sql("ledger/deliveries.sql"))
    hashes = {FILES: deliveries}
    for table in (RAW, LISTINGS, QUARANTINE):
        hashes[table] = hashlib.sha256(f"{table}|{content}".encode()).hexdigest()
    return hashes


def _digest(tx: Tx, query: SqlFile) -> str:
    digest = hashlib.sha256()
    for row in tx.conn.execute(query.text).fetchall():
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _verdicts(tx: Tx, result: FileResult) -> pl.DataFrame:
    """(record_number, fate, blank_place, flags) of rows that are not simply staged as they are."""
    incoming = result.rows.select(
        "record_number", "listing_key", "known_at", "row_hash", "standard_status"
    )
    tx.conn.register("incoming_rows", incoming.to_arrow())
    repeats = tx.read(
        sql("staging/repeats.sql"),
        {
            "source": result.source.group,
            "file_hash": result.file_hash,
            # A few late times do not date a file: nine in ten rows were known by then.
            "file_made_at": incoming["known_at"].sort()[int(0.9 * (incoming.height - 1))]
            if incoming.height
            else None,
        },
    )
    tx.conn.unregister("incoming_rows")
    quarantined = result.quarantine.select("record_number", pl.lit("quarantined").alias("fate"))
    unchanged = repeats.filter("unchanged").select(
        "record_number", pl.lit("unchanged").alias("fate")
    )
    reopened = repeats.filter(pl.col("reopened") & ~pl.col("unchanged")).select(
        "record_number",
        pl.lit(False).alias("blank_place"),
        pl.lit(["status.transition"]).alias("flags"),
    )
    flagged = (
        pl.concat([result.late, reopened])
        .group_by("record_number", maintain_order=True)
        .agg(pl.col("blank_place").any(), pl.col("flags").list.explode())
    )
    fates = pl.concat([quarantined, unchanged])
    return fates.join(flagged, on="record_number", how="full", coalesce=True).select(
        "record_number",
        pl.col("fate").fill_null("staged"),
        pl.col("blank_place").fill_null(False),
        pl.col("flags").fill_null(pl.lit([], dtype=pl.List(pl.String))),
    )


def _insert(tx: Tx, table: str, frame: pl.DataFrame) -> None:
    tx.conn.register("incoming", frame.to_arrow())
    tx.conn.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    tx.conn.unregister("incoming")


def _count(tx: Tx, table: str) -> int:
    return int(tx.conn.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _rules_version() -> str:
    return f"{CONTRACT_VERSION}.{RULES_VERSION}"


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
