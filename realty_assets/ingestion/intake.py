"""Takes what waits in the inbox into the warehouse, file by file, each exactly once."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.faces import record_build
from realty_assets.ingestion import inbox, reading, store
from realty_assets.ingestion.files import (
    FileResult,
    NoRoom,
    ingest_file,
    no_room,
    place_raw,
)
from realty_assets.ingestion.reading import FileRefused, FileStillGrowing
from realty_assets.ingestion.writing import Scratch
from realty_assets.warehouse import TableReport, Tx, Warehouse, sql

CODE_VERSION = "1"
# A scratch folder this old belongs to nobody any more.
STALE_S = 86_400.0
Log = Callable[[str], None]


@dataclass(frozen=True)
class Taken:
    """What became of the files that waited."""

    rows: tuple[store.LedgerRow, ...]
    growing: tuple[str, ...]


def take_in(
    warehouse: Warehouse,
    *,
    max_share: float,
    run_id: str | None = None,
    quiet_s: float = 0.0,
    log: Log = lambda _: None,
) -> Taken:
    """Takes every waiting file in, refuses it, or leaves it when it is still being written.

    `max_share`: share of a file's rows above which the whole file is refused. `quiet_s`: how long
    a file must have been left alone before its end is taken for a broken one.
    Raises NoRoom when the disk is full; files already committed stay so.
    """
    home = warehouse.home
    _sweep(home)
    with warehouse.transaction() as tx:
        store.create_tables(tx, home)
        _record(tx)
    rows: list[store.LedgerRow] = []
    growing: list[str] = []
    for path in inbox.pending(home):
        try:
            row = _take_one(path, warehouse, max_share, run_id, quiet_s)
        except FileStillGrowing as error:
            growing.append(path.name)
            log(str(error))
            continue
        if row is not None:
            rows.append(row)
            log(describe(row))
    return Taken(tuple(rows), tuple(growing))


def state(warehouse: Warehouse) -> dict[str, tuple[TableReport, str]]:
    """(what each of the four tables holds, the hash of its content), made empty when missing.

    Previews of raw and quarantine are summaries: their cells name agents and owners.
    """
    with warehouse.transaction() as tx:
        store.create_tables(tx, warehouse.home)
        hashes = store.table_hashes(tx)
        summaries = {
            store.FILES: "ledger/latest.sql",
            store.RAW: "raw/summary.sql",
            store.QUARANTINE: "staging/quarantine_summary.sql",
        }
        reports = {}
        for table in store.TABLES:
            report = tx.report(table)
            if table in summaries:
                report = replace(report, preview=markdown(tx.read(sql(summaries[table]))))
            reports[table] = (report, hashes[table])
        return reports


def markdown(frame: pl.DataFrame) -> str:
    """A small frame as a Markdown table."""
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + " --- |" * frame.width]
    lines += [
        "| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |"
        for row in frame.rows()
    ]
    return "\n".join(lines)


def describe(row: store.LedgerRow) -> str:
    """A delivery in one line."""
    if row.status == "refused":
        return f"refused {row.file_name}: {row.reason}"
    return (
        f"{row.status} {row.file_name} ({row.mapping}): {row.rows_read:,} rows = "
        f"{row.rows_staged:,} staged + {row.rows_quarantined:,} quarantined + "
        f"{row.rows_unchanged:,} unchanged, in {row.duration_s:.1f} s"
    )


def _take_one(
    path: Path, warehouse: Warehouse, max_share: float, run_id: str | None, quiet_s: float
) -> store.LedgerRow | None:
    """The ledger row of one waiting file; None when the ledger held this delivery already."""
    started = time.monotonic()
    home = warehouse.home
    delivery = store.Delivery("", path.name, "", 0, run_id)
    try:
        stamp = reading.stamp(path)
        delivery = store.Delivery(
            inbox.delivery_id(path, "", stamp), path.name, "", stamp.n_bytes, run_id
        )
        digest = reading.hash_file(path)
        delivery = store.Delivery(
            inbox.delivery_id(path, digest, stamp), path.name, digest, stamp.n_bytes, run_id
        )
        if done := _done_before(warehouse, delivery.delivery_id):
            _move(path, home, digest, done)
            return None
        sources = inbox.sources_for(path, home)
        source = reading.sniff(path, sources).source
        with warehouse.transaction() as tx:
            known = store.known_file(tx, digest, source.mapping_hash)
        if known is not None:
            row = store.note_delivery(
                delivery,
                "unchanged",
                "The same bytes were taken in before.",
                source=(source.group, source.name, source.mapping_hash),
                known=known,
                duration_s=time.monotonic() - started,
            )
            return _finish(path, warehouse, row)
        with Scratch(home / "scratch" / f"{os.getpid()}-{digest[:16]}") as folder:
            result = ingest_file(
                path, sources, folder, file_name=path.name, file_hash=digest, max_share=max_share
            )
            committed = _commit(warehouse, result, delivery, started)
        _move(path, home, digest, ("staged", None))
        return committed
    except FileRefused as error:
        _wait_until_quiet(path, quiet_s)
        row = store.note_delivery(
            delivery, "refused", str(error), duration_s=time.monotonic() - started
        )
        return _finish(path, warehouse, row)


def _commit(
    warehouse: Warehouse, result: FileResult, delivery: store.Delivery, started: float
) -> store.LedgerRow | None:
    name = result.file_name
    try:
        place_raw(result, warehouse.home)
        with warehouse.transaction() as tx:
            if store.delivered(tx, delivery.delivery_id):
                # Another process was faster.
                return None
            row = store.commit(tx, result, delivery, started, time.monotonic())
            store.show_raw(tx, warehouse.home)
            _record(tx)
            return row
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        if _is_full(error):
            raise no_room(name) from error
        raise


def _is_full(error: Exception) -> bool:
    said = str(error)
    return any(word in said for word in ("No space left", "disk full", "max_temp_directory_size"))


def _finish(path: Path, warehouse: Warehouse, row: store.LedgerRow) -> store.LedgerRow | None:
    """Writes a delivery that changes no table but the ledger, then moves its file."""
    try:
        with warehouse.transaction() as tx:
            fresh = not store.delivered(tx, row.delivery_id)
            if fresh:
                store.write(tx, row)
                _record(tx)
    except (duckdb.IOException, OSError) as error:
        if _is_full(error):
            raise no_room(path.name) from error
        raise
    _move(path, warehouse.home, row.file_hash, (row.status, row.reason))
    return row if fresh else None


def _done_before(warehouse: Warehouse, delivery_id: str) -> tuple[str, str | None] | None:
    with warehouse.transaction() as tx:
        found = tx.conn.execute(
            f"SELECT status, reason FROM {store.FILES} WHERE delivery_id = ?", [delivery_id]
        ).fetchall()
    return (found[0][0], found[0][1]) if found else None


def _move(path: Path, home: Path, digest: str, done: tuple[str, str | None]) -> None:
    status, reason = done
    try:
        if status == "refused":
            inbox.put_aside(path, home, reason or "")
        else:
            inbox.archive(path, home, digest)
    except FileNotFoundError:
        # Another process has moved it.
        return
    except OSError as error:
        raise RealtyError(
            f"{path.name} was taken in, but cannot be moved out of the inbox: {error.strerror}; "
            "let this user write there."
        ) from error


def _wait_until_quiet(path: Path, quiet_s: float) -> None:
    """Raises FileStillGrowing when a file that looks broken was touched in the last seconds."""
    try:
        before = reading.stamp(path)
    except FileRefused:
        return
    left = quiet_s - (time.time() - before.mtime_ns / 1e9)
    if 0 < left <= quiet_s:
        time.sleep(left)
        if not reading.same(path, before):
            raise FileStillGrowing(f"{path.name} is still being written; it is left for later.")


def _record(tx: Tx) -> None:
    """Writes the hash of each of the four tables where downstream assets look for it."""
    for table, digest in store.table_hashes(tx).items():
        record_build(tx, table, digest, digest, CODE_VERSION)


def _sweep(home: Path) -> None:
    """Removes what killed runs left: scratch of dead processes, half-copied files."""
    import psutil

    scratch = home / "scratch"
    if not scratch.is_dir():
        return
    for folder in scratch.iterdir():
        pid = folder.name.partition("-")[0]
        alive = pid.isdigit() and int(pid) != os.getpid() and psutil.pid_exists(int(pid))
        if not alive or time.time() - folder.stat().st_mtime > STALE_S:
            shutil.rmtree(folder, ignore_errors=True)


__all__ = ["NoRoom", "Taken", "describe", "state", "take_in"]
