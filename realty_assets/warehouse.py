"""The one door to the DuckDB warehouse: short transactions, atomic tables, one writer at a time.

Extends dagster-duckdb's resource, whose `get_connection` leaves the connection (and the file lock)
open when its body raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl
from dagster_duckdb import DuckDBResource

from realty_assets import metering
from realty_assets.processes import process_tags
from realty_assets.settings import get_settings
from realty_assets.statements import SqlFile
from realty_assets.warehouse_file import (
    WarehouseError,
    connection,
    keep,
    stop_keeping,
)

PREVIEW_ROWS = 5
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class WarehouseMissing(WarehouseError):
    """There is no warehouse, or not the table that was asked for."""


@dataclass(frozen=True)
class Changes:
    """Another state of a table by what changes: rows whose `named_by` is among `gone` (n,) go, and
    `rows` come."""

    named_by: str
    gone: pl.Series
    rows: pl.DataFrame


@dataclass(frozen=True)
class TableReport:
    """What a write left behind."""

    table: str
    n_rows: int
    columns: tuple[tuple[str, str], ...]
    preview: str


def check_table_name(table: str) -> str:
    """`table` itself. Raises ValueError when it is not of the form schema.name."""
    if not _TABLE_NAME.fullmatch(table):
        raise ValueError(f"not a table name of the form schema.name: {table!r}")
    return table


class Tx:
    """One open transaction."""

    def __init__(self, conn: duckdb.DuckDBPyConnection) -> None:
        self.conn = conn

    def replace(
        self, table: str, data: pl.DataFrame | SqlFile, params: Mapping[str, Any] | None = None
    ) -> TableReport:
        """Makes `table` hold exactly `data`."""
        self._create_schema(table)
        self._run(f"CREATE OR REPLACE TABLE {table} AS ", data, params)
        return self.report(table)

    def append(
        self, table: str, data: pl.DataFrame | SqlFile, params: Mapping[str, Any] | None = None
    ) -> TableReport:
        """Adds the rows of `data` to `table`, matching columns by name."""
        self._create_schema(table)
        if self.exists(table):
            self._run(f"INSERT INTO {table} BY NAME ", data, params)
        else:
            self._run(f"CREATE TABLE {table} AS ", data, params)
        return self.report(table)

    def change(self, table: str, changes: Changes) -> TableReport:
        """Takes `changes.gone` out of `table` and puts `changes.rows` in, by column name.

        Raises ValueError when the rows have other columns than the table: what stays would be of
        another form than what comes.
        """
        columns = [name for name, _ in _described(self.conn, table)]
        if sorted(columns) != sorted(changes.rows.columns):
            raise ValueError(f"{table} cannot be changed to other columns: {changes.rows.columns}")
        with self._registered(changes.gone.alias("name").to_frame()) as gone:
            self.conn.execute(
                f"DELETE FROM {table} WHERE {changes.named_by} IN (SELECT name FROM {gone})"
            )
        return self.append(table, changes.rows)

    def read(
        self,
        what: str | SqlFile,
        params: Mapping[str, Any] | None = None,
        *,
        columns: Sequence[str] = (),
    ) -> pl.DataFrame:
        """A table by name, or the rows of a SQL file; all columns, unless some are named."""
        return _read(self.conn, what, params, columns)

    def exists(self, table: str) -> bool:
        return _exists(self.conn, table)

    def report(self, table: str) -> TableReport:
        """Row count, columns and the first rows of `table` as it stands in this transaction."""
        check_table_name(table)
        n_rows = self.conn.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
        columns = _described(self.conn, table)
        head = self.conn.execute(f"SELECT * FROM {table} LIMIT {PREVIEW_ROWS}").fetchall()
        return TableReport(table, n_rows, columns, _markdown([name for name, _ in columns], head))

    def _create_schema(self, table: str) -> None:
        self.conn.execute(f"CREATE SCHEMA IF NOT EXISTS {check_table_name(table).split('.')[0]}")

    def _run(
        self, prefix: str, data: pl.DataFrame | SqlFile, params: Mapping[str, Any] | None
    ) -> None:
        if isinstance(data, SqlFile):
            self.conn.execute(prefix + data.text, {**data.params, **(params or {})} or None)
            return
        with self._registered(data) as name:
            self.conn.execute(f"{prefix}SELECT * FROM {name}")

    @contextmanager
    def _registered(self, data: pl.DataFrame) -> Iterator[str]:
        """The name under which statements see `data`."""
        name = "_incoming_frame"
        self.conn.register(name, data.to_arrow())
        try:
            yield name
        finally:
            self.conn.unregister(name)


class Warehouse(DuckDBResource):
    """The warehouse of one home, as a Dagster resource."""

    @classmethod
    def at(cls, path: Path | str) -> Warehouse:
        return cls(database=str(path))

    @property
    def path(self) -> Path:
        return Path(self.database)

    @property
    def home(self) -> Path:
        return self.path.parent

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Writes the process on its run, whoever started it (see `runs.free_dead_runs`), and keeps
        the file open between the questions of the run; what the run takes is measured."""
        if context.run_id and context.instance and not context.instance.is_ephemeral:
            context.instance.add_run_tags(context.run_id, process_tags())
            run = context.instance.get_run_by_id(context.run_id)
            metering.begin(context.run_id, run.job_name if run else "", self.home)
        keep(self.path)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        stop_keeping(self.path)
        if context.run_id and context.instance:
            metering.end(context.run_id, context.instance, self.home)

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that is always closed again.

        Raises WarehouseBusy when another process keeps the file locked for longer than the
        setting `lock_timeout_s`.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(
                f"The folder {self.path.parent} cannot be made ({error.strerror}): choose another "
                "with REALTY_HOME, or mend its permissions."
            ) from error
        with connection(self.path, get_settings().lock_timeout_s) as conn:
            conn.execute("SET TimeZone = 'UTC'")
            # Views name files relative to the home, so that a home can be moved or copied.
            conn.execute("SET file_search_path = $home", {"home": str(self.home.resolve())})
            yield conn

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The parent's method, with the connection closed when its body raises."""
        with self.connect() as conn:
            yield conn

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All or nothing: committed when the body ends, rolled back when it raises.

        Raises WarehouseError when the disk is full or fails.
        """
        with self.connect() as conn:
            conn.execute("BEGIN")
            try:
                yield Tx(conn)
                conn.execute("COMMIT")
            except (duckdb.IOException, duckdb.FatalException) as error:
                if not _disk_failed(error):
                    _roll_back(conn)
                    raise
                # DuckDB has rolled back by itself; the file is as it was before.
                raise WarehouseError(
                    f"The warehouse {self.path} could not be written, and nothing in it was "
                    f"changed: {_first_line(error)} Free some disk space and try again."
                ) from error
            except BaseException:
                _roll_back(conn)
                raise

    def replace(
        self, table: str, data: pl.DataFrame | SqlFile, params: Mapping[str, Any] | None = None
    ) -> TableReport:
        with self.transaction() as tx:
            return tx.replace(table, data, params)

    def append(
        self, table: str, data: pl.DataFrame | SqlFile, params: Mapping[str, Any] | None = None
    ) -> TableReport:
        with self.transaction() as tx:
            return tx.append(table, data, params)

    def read(
        self,
        what: str | SqlFile,
        params: Mapping[str, Any] | None = None,
        *,
        columns: Sequence[str] = (),
    ) -> pl.DataFrame:
        with self.connect() as conn:
            return _read(conn, what, params, columns)

    def columns(self, table: str) -> list[str]:
        """Names of the columns of `table`. Raises WarehouseMissing."""
        with self.connect() as conn:
            if not _exists(conn, table):
                raise WarehouseMissing(f"There is no table {table} in the warehouse yet.")
            return [name for name, _ in _described(conn, table)]

    def exists(self, table: str) -> bool:
        if not self.path.exists():
            return False
        with self.connect() as conn:
            return _exists(conn, table)


def _first_line(error: Exception) -> str:
    line = str(error).split("\n", 1)[0].strip()
    return line if line.endswith(".") else line + "."


def _disk_failed(error: Exception) -> bool:
    return any(word in str(error) for word in ("No space left", "Could not write", "too large"))


def _roll_back(conn: duckdb.DuckDBPyConnection) -> None:
    try:
        conn.execute("ROLLBACK")
    except duckdb.TransactionException:
        # The failed statement ended the transaction already.
        return


def _described(conn: duckdb.DuckDBPyConnection, table: str) -> tuple[tuple[str, str], ...]:
    """(name, type) of each column."""
    found = conn.execute(f"DESCRIBE {check_table_name(table)}").fetchall()
    return tuple((name, kind) for name, kind, *_ in found)


def _exists(conn: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema, name = check_table_name(table).split(".")
    found = conn.execute(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
        [schema, name],
    ).fetchall()
    return bool(found)


def _read(
    conn: duckdb.DuckDBPyConnection,
    what: str | SqlFile,
    params: Mapping[str, Any] | None,
    columns: Sequence[str],
) -> pl.DataFrame:
    wanted = ", ".join(f'"{name}"' for name in columns) or "*"
    if isinstance(what, SqlFile):
        statement, bound = what.text, {**what.params, **(params or {})}
        if columns:
            statement = f"SELECT {wanted} FROM (\n{statement}\n)"
    else:
        if not _exists(conn, what):
            raise WarehouseMissing(f"There is no table {what} in the warehouse yet.")
        statement, bound = f"SELECT {wanted} FROM {what}", {}
    frame = pl.from_arrow(conn.execute(statement, bound or None).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def _markdown(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    def cell(value: Any) -> str:
        text = "" if value is None else str(value)
        return (
            (text if len(text) <= 60 else text[:57] + "...").replace("|", "\\|").replace("\n", " ")
        )

    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)
