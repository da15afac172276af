"""What a file changes in the warehouse, in one transaction: ledger, staging, quarantine, raw view.

Rows that tell nothing new (a twin in the file, or content that is staged already) are counted, not
written. Rows released from quarantine take the same way as those of a new file.
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.ingestion import ledger
from realty_assets.ingestion.files import FileResult
from realty_assets.ingestion.ledger import (
    CONTENTS,
    DECISIONS,
    EVENTS,
    FILES,
    LISTINGS,
    PARCELS,
    QUARANTINE,
    RAW,
    TABLES,
    Delivery,
    LedgerRow,
    RowsLost,
    Status,
    known_file,
    note_delivery,
    table_hashes,
    write,
)
from realty_assets.statements import sql
from realty_assets.warehouse import Tx

# Columns that homes of an earlier release lack.
_LATER = {
    FILES: {"relation": "VARCHAR", "relation_of": "VARCHAR", "written_at": "TIMESTAMP"},
    QUARANTINE: {"quarantine_id": "VARCHAR", "mapping": "VARCHAR", "mapping_hash": "VARCHAR"},
}
_CREATED = (
    "ledger/files_table",
    "staging/listings_table",
    "staging/parcels_table",
    "staging/quarantine_table",
    "ledger/decisions_table",
)


def create_tables(tx: Tx) -> None:
    """Makes the tables of ingestion where they are missing; adds what older ones lack."""
    for schema in ("ledger", "raw", "staging"):
        tx.conn.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for name in _CREATED:
        tx.conn.execute(sql(f"{name}.sql").text)
    _upgrade(tx)
    if not tx.exists(EVENTS):
        tx.conn.execute(sql("ledger/events_table.sql").text)
        ledger.insert(tx, EVENTS, tx.read(sql("ledger/events_of_old.sql")))
    tx.conn.execute(sql("ledger/contents.sql").text)
    if not tx.exists(RAW):
        show_raw(tx)


def _upgrade(tx: Tx) -> None:
    for table, columns in _LATER.items():
        there = {row[0] for row in tx.conn.execute(f"DESCRIBE {table}").fetchall()}
        missing = {name: kind for name, kind in columns.items() if name not in there}
        for name, kind in missing.items():
            tx.conn.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
        if table == QUARANTINE and missing:
            tx.conn.execute(sql("staging/quarantine_upgrade.sql").text)


def show_raw(tx: Tx) -> None:
    """Points the view raw.listings at the parquet parts of the files in the ledger."""
    tx.conn.execute("CREATE SCHEMA IF NOT EXISTS raw")
    hashes = tx.read(sql("raw/registered.sql"))["file_hash"].to_list()
    if not hashes:
        tx.conn.execute(f"CREATE OR REPLACE VIEW {RAW} AS {sql('raw/no_listings.sql').text}")
        return
    tx.conn.execute(f"CREATE OR REPLACE VIEW {RAW} AS {sql('raw/listings.sql').text}")


def commit(tx: Tx, result: FileResult, delivery: Delivery, started: float) -> LedgerRow:
    """Writes what one file brings; `started` is on the monotonic clock.

    Raises RowsLost when the counts do not add up.
    """
    quarantined = result.quarantine["record_number"]
    source = result.source
    fates, staged = stage(
        tx,
        result.typed,
        result.rows,
        result.late,
        quarantined=quarantined,
        source=source.group,
        file_hash=result.file_hash,
        file_known_at=result.known_at,
        # A few late times do not date a file: nine in ten rows were known by then.
        file_made_at=nine_in_ten(result.rows["known_at"]),
        parcels=source.table == "parcels",
    )
    unchanged = fates.filter(pl.col("fate") == "unchanged").height
    if result.quarantine.height:
        tx.conn.register("incoming", result.quarantine.to_arrow())
        named = sql("staging/quarantine_incoming.sql").bind(
            mapping=source.name, mapping_hash=source.mapping_hash
        )
        tx.conn.execute(f"INSERT INTO {QUARANTINE} BY NAME {named.text}", dict(named.params))
        tx.conn.unregister("incoming")
    row = LedgerRow(
        delivery_id=delivery.delivery_id,
        file_hash=result.file_hash,
        file_name=delivery.file_name,
        source=source.group,
        mapping=source.name,
        mapping_hash=source.mapping_hash,
        encoding=result.encoding,
        delimiter=result.layout.delimiter,
        n_bytes=result.stamp.n_bytes,
        rows_read=result.rows_read,
        rows_malformed=result.rows_malformed,
        rows_staged=staged,
        rows_quarantined=quarantined.len(),
        rows_unchanged=unchanged,
        other_lines=result.other_lines,
        status="staged",
        reason=None,
        relation=delivery.relation,
        relation_of=delivery.relation_of,
        rules_version=ledger.rules_version(),
        written_at=delivery.written_at,
        arrived_at=utc_now(),
        run_id=delivery.run_id,
        duration_s=time.monotonic() - started,
    )
    write(tx, row)
    return row


def stage(
    tx: Tx,
    typed: Path | None,
    rows: pl.DataFrame,
    late: pl.DataFrame,
    *,
    quarantined: pl.Series,
    source: str,
    file_hash: str,
    file_known_at: datetime | None,
    file_made_at: datetime | None,
    parcels: bool = False,
) -> tuple[pl.DataFrame, int]:
    """Adds the rows of one file that tell something new to staging.listings, or staging.parcels.

    `typed`: folder of parquet parts with the typed rows; `rows`: the NARROW columns of those that
    may be staged; `late`: flags found after `typed` was written; `quarantined`: record numbers that
    stay out; `file_known_at`: for rows that say nothing of time. Returns (record_number, fate,
    blank_place, flags) of rows that are not simply staged as they are, and how many were staged.
    """
    fates = _verdicts(tx, rows, late, quarantined, source, file_hash, file_made_at, parcels)
    if typed is None:
        return fates, 0
    tx.conn.register("verdicts", fates.to_arrow())
    target = PARCELS if parcels else LISTINGS
    before = _count(tx, target)
    query = "staging/accepted_parcels.sql" if parcels else "staging/accepted.sql"
    accepted = sql(query).bind(typed=str(typed / "*.parquet"), file_known_at=file_known_at)
    tx.conn.execute(f"INSERT INTO {target} BY NAME {accepted.text}", dict(accepted.params))
    staged = _count(tx, target) - before
    tx.conn.unregister("verdicts")
    return fates, staged


def nine_in_ten(times: pl.Series) -> datetime | None:
    """The time that nine in ten of `times` do not exceed; None when there are none."""
    if times.is_empty():
        return None
    found = times.sort()[int(0.9 * (times.len() - 1))]
    assert found is None or isinstance(found, datetime)
    return found


def _verdicts(
    tx: Tx,
    rows: pl.DataFrame,
    late: pl.DataFrame,
    quarantined: pl.Series,
    source: str,
    file_hash: str,
    file_made_at: datetime | None,
    parcels: bool,
) -> pl.DataFrame:
    incoming = rows.select(
        "record_number", "listing_key", "known_at", "row_hash", "standard_status"
    )
    tx.conn.register("incoming_rows", incoming.to_arrow())
    by_source = {"source": source}
    if parcels:
        repeats = tx.read(sql("staging/parcel_repeats.sql"), by_source)
    else:
        repeats = tx.read(
            sql("staging/repeats.sql"),
            {**by_source, "file_hash": file_hash, "file_made_at": file_made_at},
        )
    tx.conn.unregister("incoming_rows")
    out = pl.DataFrame({"record_number": quarantined}, schema={"record_number": pl.Int64})
    unchanged = repeats.filter("unchanged").select(
        "record_number", pl.lit("unchanged").alias("fate")
    )
    reopened = repeats.filter(pl.col("reopened") & ~pl.col("unchanged")).select(
        "record_number",
        pl.lit(False).alias("blank_place"),
        pl.lit(["status.transition"]).alias("flags"),
    )
    flagged = (
        pl.concat([late, reopened])
        .group_by("record_number", maintain_order=True)
        .agg(pl.col("blank_place").any(), pl.col("flags").list.explode())
    )
    fates = pl.concat([out.with_columns(pl.lit("quarantined").alias("fate")), unchanged])
    return fates.join(flagged, on="record_number", how="full", coalesce=True).select(
        "record_number",
        pl.col("fate").fill_null("staged"),
        pl.col("blank_place").fill_null(False),
        pl.col("flags").fill_null(pl.lit([], dtype=pl.List(pl.String))),
    )


def _count(tx: Tx, table: str) -> int:
    return int(tx.conn.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


__all__ = [
    "CONTENTS",
    "DECISIONS",
    "EVENTS",
    "FILES",
    "LISTINGS",
    "QUARANTINE",
    "RAW",
    "TABLES",
    "Delivery",
    "LedgerRow",
    "RowsLost",
    "Status",
    "commit",
    "create_tables",
    "known_file",
    "note_delivery",
    "show_raw",
    "stage",
    "table_hashes",
    "write",
]
