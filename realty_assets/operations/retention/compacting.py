"""The warehouse file, written anew without the room that replaced tables left in it.

DuckDB gives room back to the file and never to the disk. The new file takes the place of the old
one in one step, under the old one's lock, after each table was found to be the same.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import duckdb

from realty_assets.errors import RealtyError
from realty_assets.fingerprint import LEFT_OUT, all_tables, table_fingerprint
from realty_assets.operations.backup import SPARE_BYTES
from realty_assets.operations.copying import sync_folder
from realty_assets.warehouse import Warehouse

SUFFIX = ".compacting"
# Who opened the old file just before it was replaced asks for its lock at once, and is refused.
LINGER_S = 0.5


class CompactionFailed(RealtyError):
    """The new file does not hold what the old one holds; the old one stands."""


def compact(warehouse: Warehouse, min_share: float | None) -> dict[str, Any]:
    """Writes the file anew when that saves more than `min_share` of it (None: never); what there
    is to tell: whether, and bytes before and after.

    Raises WarehouseBusy, or CompactionFailed.
    """
    path = warehouse.path
    beside = path.with_name(path.name + SUFFIX)
    forget_unfinished(warehouse)
    with warehouse.connect() as conn:
        conn.execute("CHECKPOINT")
        before = path.stat().st_size
        told: dict[str, Any] = {"compacted": False, "bytes_before": before, "bytes_after": before}
        if min_share is None or free_share(conn) <= min_share:
            return told
        if shutil.disk_usage(path.parent).free < before + SPARE_BYTES:
            return told | {"note": f"{path.parent} has no room for a second warehouse"}
        try:
            after = _copied(conn, warehouse, beside)
            if before - after <= min_share * before:
                return told
            beside.replace(path)
            sync_folder(path.parent)
            time.sleep(LINGER_S)
        finally:
            forget_unfinished(warehouse)
    return told | {"compacted": True, "bytes_after": after}


def forget_unfinished(warehouse: Warehouse) -> None:
    """Removes the copy that a killed compaction left."""
    path = warehouse.path
    for name in (path.name + SUFFIX, path.name + SUFFIX + ".wal"):
        path.with_name(name).unlink(missing_ok=True)


def free_share(conn: duckdb.DuckDBPyConnection) -> float:
    """Share of the file's blocks that hold nothing."""
    row = conn.execute("SELECT free_blocks, total_blocks FROM pragma_database_size()").fetchone()
    return row[0] / row[1] if row and row[1] else 0.0


def _copied(conn: duckdb.DuckDBPyConnection, warehouse: Warehouse, beside: Path) -> int:
    """Bytes of the copy, which holds the same."""
    (name,) = conn.execute("SELECT current_database()").fetchall()[0]
    stood = _fingerprints(conn)
    conn.execute(f"ATTACH '{str(beside).replace(chr(39), chr(39) * 2)}' AS compacting")
    try:
        conn.execute(f'COPY FROM DATABASE "{name}" TO compacting')
        conn.execute("CHECKPOINT compacting")
    finally:
        conn.execute("DETACH compacting")
    with Warehouse.at(beside).connect() as copy:
        made = _fingerprints(copy)
    if made != stood:
        differ = sorted(table for table in stood | made if stood.get(table) != made.get(table))
        raise CompactionFailed(
            f"The warehouse was not compacted: {', '.join(differ[:5])} came out different in the "
            "new file, which was removed; the old one stands. Make a backup, and tell of this."
        )
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    return beside.stat().st_size


def _fingerprints(conn: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, str]]:
    """Rows and contents of every table and view."""
    tables = [*all_tables(conn), *_left_out(conn)]
    return {table: table_fingerprint(conn, table) for table in tables}


def _left_out(conn: duckdb.DuckDBPyConnection) -> list[str]:
    rows = conn.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_catalog = current_database()"
    ).fetchall()
    return sorted({row[0] for row in rows} & set(LEFT_OUT))
