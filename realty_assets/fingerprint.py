"""What a table holds, as a number that does not depend on row order or on when it was made."""

from __future__ import annotations

import hashlib

import duckdb

from realty_assets.dictionary import VOLATILE
from realty_assets.warehouse import check_table_name


def table_fingerprint(conn: duckdb.DuckDBPyConnection, table: str) -> tuple[int, str]:
    """(n_rows, sha256 hex) of `table`, leaving out the columns marked volatile.

    Each row is hashed over its column names and values; the sorted row hashes are hashed again, so
    that the order of rows does not matter and their multiplicity does.
    """
    check_table_name(table)
    volatile = VOLATILE.get(table, frozenset())
    columns = sorted(
        name for name, *_ in conn.execute(f"DESCRIBE {table}").fetchall() if name not in volatile
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


def all_tables(conn: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table and view of the warehouse, as schema.name, sorted."""
    rows = conn.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('main', 'information_schema', 'pg_catalog') ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows]
