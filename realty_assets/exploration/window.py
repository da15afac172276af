"""The window on staging: a database in memory that holds the staging tables and can reach no other.

Exploring a market must not cheat: whoever sees clean tables, features or models while looking for
patterns has seen the answers. So the staging tables are copied, in one short read of the warehouse,
into a database of their own; then file access is turned off and the configuration locked, which
DuckDB does not take back. Only listed columns come along: what a record held as raw text, the
detail of a refusal and names of files may hold private cells, and stay behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from realty_assets.ingestion.contract import COLUMN_NAMES
from realty_assets.statements import SqlFile, sql
from realty_assets.warehouse import Warehouse, WarehouseMissing

LISTINGS, QUARANTINE, PHOTOS = "staging.listings", "staging.quarantine", "staging.photos"
# A column that is not listed here is not shown, also when a later release adds it.
SHOWN: dict[str, tuple[str, ...]] = {
    LISTINGS: COLUMN_NAMES,
    QUARANTINE: (
        *["file_hash", "line_number", "record_number", "rule_ids", "rule_versions", "source"],
        *["resolution", "listing_key", "known_at", "standard_status"],
    ),
    PHOTOS: ("photo_hash", "listing_key", "status", "width", "height", "n_bytes", "phash"),
}
# Made of the copies before the window is locked, by statements of the same name.
TABLES = ("latest_listings", "sales", "first_seen")
VIEWS = ("numbers", "words")
LOCK = (
    "SET TimeZone = 'UTC'",
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class Window:
    """Staging as it stood at one moment. Ask it with SQL, or with a statement from sql/."""

    def __init__(self, conn: duckdb.DuckDBPyConnection) -> None:
        self.conn = conn

    def ask(self, statement: str | SqlFile, **params: Any) -> pl.DataFrame:
        """The rows of a statement; parameters ($name) are bound."""
        text, bound = statement, params
        if isinstance(statement, SqlFile):
            text, bound = statement.text, {**statement.params, **params}
        frame = pl.from_arrow(self.conn.execute(str(text), bound or None).to_arrow_table())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def find(self, name: str, **params: Any) -> pl.DataFrame:
        """The rows of sql/exploration/<name>.sql."""
        return self.ask(sql(f"exploration/{name}.sql"), **params)

    def shows(self, table: str) -> bool:
        """Whether a staging table (schema.name) was there to be copied."""
        schema, name = table.split(".")
        return bool(
            self.conn.execute(
                "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
                [schema, name],
            ).fetchall()
        )


@contextmanager
def window(warehouse: Warehouse) -> Iterator[Window]:
    """A window on the staging tables of a warehouse, which is let go of before the body runs.

    Raises WarehouseMissing when nothing has been staged.
    """
    with _empty() as conn:
        with warehouse.connect() as source:
            for table in SHOWN:
                columns = _columns(source, table)
                if columns:
                    names = ", ".join(f'"{name}"' for name in columns)
                    rows = source.execute(f"SELECT {names} FROM {table}").to_arrow_reader(100_000)
                    _copy(conn, table, rows)
        yield _locked(conn)


@contextmanager
def window_on(frames: Mapping[str, pl.DataFrame], threads: int | None = None) -> Iterator[Window]:
    """A window on given frames, by table name: for tests and for tables from elsewhere."""
    with _empty() as conn:
        if threads is not None:
            conn.execute("SET threads = $threads", {"threads": threads})
        for table, frame in frames.items():
            _copy(conn, table, frame.to_arrow())
        yield _locked(conn)


@contextmanager
def window_of_home(home: Path) -> Iterator[Window]:
    """A window on the staging tables of a home's folder: what a notebook opens."""
    with window(Warehouse.at(home / "warehouse.duckdb")) as opened:
        yield opened


@contextmanager
def _empty() -> Iterator[duckdb.DuckDBPyConnection]:
    conn = duckdb.connect(":memory:")
    try:
        conn.execute("CREATE SCHEMA staging")
        yield conn
    finally:
        conn.close()


def _columns(source: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The shown columns that `table` has, in the order in which they are listed."""
    schema, name = table.split(".")
    there = {
        row[0]
        for row in source.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?",
            [schema, name],
        ).fetchall()
    }
    return [column for column in SHOWN[table] if column in there]


def _copy(conn: duckdb.DuckDBPyConnection, table: str, rows: Any) -> None:
    conn.register("incoming", rows)
    conn.execute(f"CREATE TABLE {table} AS SELECT * FROM incoming")
    conn.unregister("incoming")


def _locked(conn: duckdb.DuckDBPyConnection) -> Window:
    opened = Window(conn)
    if not opened.shows(LISTINGS):
        raise WarehouseMissing("Nothing has been staged yet: run `realty ingest` first.")
    for kind, names in (("TABLE", TABLES), ("VIEW", VIEWS)):
        for name in names:
            conn.execute(f"CREATE {kind} {name} AS {sql(f'exploration/{name}.sql').text}")
    for statement in LOCK:
        conn.execute(statement)
    return opened
