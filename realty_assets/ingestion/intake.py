"""Takes what waits in the inbox into the warehouse, file by file, each exactly once.

Small files are read in batches, so that the warehouse is opened once for all of them; each is
still committed in a transaction of its own.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from realty_assets.ingestion import inbox, ledger, packed, store
from realty_assets.ingestion.arrivals import Arrival, Seen, finish, prepare, record
from realty_assets.ingestion.blocks import put_back
from realty_assets.ingestion.files import NoRoom, telling_of_a_full_disk
from realty_assets.ingestion.photo_inbox import is_for_photos
from realty_assets.ingestion.reading import FileRefused, FileStillGrowing
from realty_assets.statements import sql
from realty_assets.warehouse import TableReport, Warehouse

CODE_VERSION = "2"
# What is read before the warehouse is opened to commit it.
BATCH_BYTES, BATCH_FILES = 32 << 20, 64
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
    with telling_of_a_full_disk("the inbox", home), warehouse.transaction() as tx:
        store.create_tables(tx)
        record(tx, CODE_VERSION)
        seen = Seen.of(tx)
    put_back(home, seen.blocks)
    with telling_of_a_full_disk("an archive", home):
        packed.unpack_waiting(inbox.pending(home), home / "scratch", home)
    rows: list[store.LedgerRow] = []
    growing: list[str] = []
    exports = [path for path in inbox.pending(home) if not is_for_photos(path, home)]
    for batch in _batches(exports):
        with ExitStack() as scratch:
            ready: list[Arrival] = []
            for path in batch:
                try:
                    with telling_of_a_full_disk(path.name, home):
                        ready.append(prepare(path, home, seen, scratch, max_share, run_id, quiet_s))
                except FileStillGrowing as error:
                    growing.append(path.name)
                    log(str(error))
            # Held open, so that the transactions below do not each open and close the file.
            with warehouse.connect():
                for arrival in ready:
                    with telling_of_a_full_disk(arrival.path.name, home):
                        row = finish(arrival, warehouse, CODE_VERSION)
                    if row is not None:
                        rows.append(row)
                        log(describe(row))
    if growing:
        with warehouse.transaction() as tx:
            for name in growing:
                ledger.note_growing(tx, name, run_id)
            record(tx, CODE_VERSION)
    return Taken(tuple(rows), tuple(growing))


def _batches(paths: list[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    n_bytes = 0
    for path in paths:
        size = path.stat().st_size if path.exists() else 0
        if batch and (n_bytes + size > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield batch
            batch, n_bytes = [], 0
        batch.append(path)
        n_bytes += size
    if batch:
        yield batch


def state(warehouse: Warehouse) -> dict[str, tuple[TableReport, str]]:
    """(what each table of ingestion holds, the hash of its content), made empty when missing.

    Previews of raw and quarantine are summaries: their cells name agents and owners.
    """
    with warehouse.transaction() as tx:
        store.create_tables(tx)
        hashes = store.table_hashes(tx)
        summaries = {
            store.FILES: "ledger/latest.sql",
            store.EVENTS: "ledger/latest_events.sql",
            store.CONTENTS: "ledger/latest_contents.sql",
            store.DECISIONS: "ledger/latest_decisions.sql",
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
    if row.status in ("refused", "blocked"):
        return f"{row.status} {row.file_name}: {row.reason}"
    return (
        f"{row.status} {row.file_name} ({row.mapping}): {row.rows_read:,} rows = "
        f"{row.rows_staged:,} staged + {row.rows_quarantined:,} quarantined + "
        f"{row.rows_unchanged:,} unchanged, in {row.duration_s:.1f} s"
    )


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


__all__ = ["FileRefused", "NoRoom", "Taken", "describe", "state", "take_in"]
