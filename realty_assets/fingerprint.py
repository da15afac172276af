"""What a table holds, as a number that does not depend on row order or on when it was made."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from realty_assets.dictionary import VOLATILE
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse, WarehouseMissing, check_table_name

# Not a table of the warehouse: what MLflow's registry holds.
MLFLOW = "mlflow.registry"
# Tell of runs, of this machine and of what was done to the home, nothing of the data.
LEFT_OUT = (
    *("ledger.full_runs", "monitoring.alert_events"),
    *("operations.actions", "operations.backups"),
    *("operations.holds", "operations.retention", "operations.costs", "operations.rescored"),
    *("operations.reviews", "operations.bills", "retraining.triggers"),
)


def table_fingerprint(
    conn: duckdb.DuckDBPyConnection, table: str, named_by: Sequence[str] = ()
) -> tuple[int, str]:
    """(n_rows, sha256 hex) of `table`, leaving out the columns marked volatile.

    With `named_by` only of those columns: where they are a hash of all that a row is made of, they
    tell tables apart as well as the rows themselves, and much faster.

    Each row is hashed over its column names and values; the sorted row hashes are hashed again, so
    that the order of rows does not matter and their multiplicity does.
    """
    check_table_name(table)
    volatile = VOLATILE.get(table, frozenset())
    columns = sorted(
        name
        for name, *_ in conn.execute(f"DESCRIBE {table}").fetchall()
        if name not in volatile and (not named_by or name in named_by)
    )
    if not columns:
        raise ValueError(f"table {table} has only volatile columns")
    cells = ", ".join(
        f"coalesce(replace(replace(CAST(\"{name}\" AS VARCHAR), '\\', '\\\\'), '|', '\\p'), '\\0')"
        for name in columns
    )
    digest = hashlib.sha256("|".join(columns).encode())
    cursor = conn.execute(
        f"SELECT row_hash FROM (SELECT md5(concat_ws('|', {cells})) AS row_hash FROM {table}) "
        "ORDER BY row_hash"
    )
    n_rows = 0
    while batch := cursor.fetchmany(100_000):
        n_rows += len(batch)
        digest.update("".join(row[0] for row in batch).encode())
    return n_rows, digest.hexdigest()


def content_hashes(store: Warehouse | Tx, tables: Sequence[str]) -> dict[str, str]:
    """What each of `tables` holds, as a hash by name, as written down when it was made
    (ledger.builds); those that have not been made are left out."""
    if not store.exists("ledger.builds"):
        return {}
    found = store.read(sql("ledger/content_hashes.sql").bind(tables=list(tables)))
    return dict(found.iter_rows())


def all_tables(conn: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table and view of the warehouse, as schema.name, sorted."""
    rows = conn.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('main', 'information_schema', 'pg_catalog') ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows if row[0] not in LEFT_OUT]


def fingerprint_home(warehouse: Warehouse, tables: list[str]) -> dict[str, dict[str, Any]]:
    """{table: {n_rows, sha256}} of the named tables, or of everything the home knows.

    Raises WarehouseMissing for a table that is not there.
    """
    found: dict[str, dict[str, Any]] = {}
    with warehouse.connect() as conn:
        there = all_tables(conn)
        for table in tables or there:
            if table not in there and table != MLFLOW:
                raise WarehouseMissing(f"There is no table {table} in the warehouse.")
            if table != MLFLOW:
                n_rows, digest = table_fingerprint(conn, table)
                found[table] = {"n_rows": n_rows, "sha256": digest}
    if not tables or MLFLOW in tables:
        rows = mlflow_registry(warehouse.home / "mlflow" / "mlflow.db")
        digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        found[MLFLOW] = {"n_rows": len(rows), "sha256": digest}
    return found


def mlflow_registry(database: Path) -> list[list[Any]]:
    """[name, version, alias or None] of each registered model version; [] without MLflow."""
    if not database.exists():
        return []
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as conn:
        rows = conn.execute(sql("promotion/mlflow_registry.sql").text).fetchall()
    conn.close()
    return [list(row) for row in rows]
