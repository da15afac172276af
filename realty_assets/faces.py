"""What the Dagster faces share: build a table only when something it is made from has changed.

`ledger.builds` holds, for every table, the hash of what it was made from and the hash of what it
holds; it is written in the same transaction as the table, so the two cannot part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl

from realty_assets.fingerprint import content_hashes, table_fingerprint
from realty_assets.statements import SqlFile, sql
from realty_assets.switches import PublishingPaused, Turn, publishing_paused
from realty_assets.warehouse import (
    Changes,
    TableReport,
    Tx,
    Warehouse,
    WarehouseMissing,
)
from realty_assets.warehouse_file import WarehouseBusy

BUILDS = "ledger.builds"
# In the metadata of a table that a pause of publishing kept as it was: the sentence that says so.
KEPT_BACK = "kept_back"
Data = pl.DataFrame | SqlFile | Changes


def specs_of(
    said: Mapping[str, str],
    *,
    code_version: str,
    deps: Iterable[str] = (),
    kinds: Iterable[str] = ("duckdb", "python"),
) -> list[dg.AssetSpec]:
    """Specs of tables that are made together: `said` has the description of each (schema.table),
    `deps` are the tables they are made from. The schema names the room."""
    return [
        dg.AssetSpec(
            key=table.split("."),
            deps=[name.split(".") for name in deps],
            group_name=table.split(".")[0],
            kinds=set(kinds),
            owners=["team:data"],
            code_version=code_version,
            description=text,
        )
        for table, text in said.items()
    ]


def built(
    warehouse: Warehouse,
    table: str,
    *,
    inputs: Sequence[str],
    code_version: str,
    compute: Callable[[], Data],
    settings: Mapping[str, Any] | None = None,
    intact: Callable[[], bool] = lambda: True,
    named_by: Sequence[str] = (),
) -> dg.MaterializeResult:
    """Materializes one table with `compute()`, or reuses it when nothing it depends on changed.

    `inputs` are tables made by other assets; `settings` everything else the result depends on
    (JSON-able); `intact` whether the files that the table names are still there; `named_by` columns
    that are a hash of all that a row is made of (none: the table is known by all that it holds).
    Raises WarehouseMissing when an input has not been made.
    """
    return next(
        built_many(
            warehouse,
            [table],
            inputs=inputs,
            code_version=code_version,
            compute=lambda: {table: compute()},
            settings=settings,
            intact=intact,
            named_by=named_by,
        )
    )


def built_many(
    warehouse: Warehouse,
    tables: Sequence[str],
    *,
    inputs: Sequence[str],
    code_version: str,
    compute: Callable[[], Mapping[str, Data]],
    settings: Mapping[str, Any] | None = None,
    intact: Callable[[], bool] = lambda: True,
    named_by: Sequence[str] = (),
) -> Iterator[dg.MaterializeResult]:
    """`built` for tables that are made together; all are swapped in by one transaction.

    While publishing is paused, what is published stays as it stands. Raises PublishingPaused when
    it does not stand yet.
    """
    with warehouse.transaction() as tx:
        _create_builds(tx)
        input_hash = _input_hash(tx, inputs, code_version, settings)
        stood = content_hashes(tx, tables)
        if _reusable(tx, tables, input_hash):
            results = [_result(tx.report(table), _output_hash(tx, table), True) for table in tables]
        else:
            results = []
    if not results or not intact():
        if pause := publishing_paused(warehouse.home, tables):
            yield from _kept_back(warehouse, tables, pause)
            return
        results = []
        made = compute()
        if missing := set(tables) - set(made):
            raise ValueError(f"compute() made no {', '.join(sorted(missing))}")
        with warehouse.transaction() as tx:
            for table in tables:
                data = made[table]
                if isinstance(data, Changes):
                    _require_same(table, stood, content_hashes(tx, [table]))
                    report = tx.change(table, data)
                else:
                    report = tx.replace(table, data)
                _, output_hash = table_fingerprint(tx.conn, table, named_by)
                record_build(tx, table, input_hash, output_hash, code_version)
                results.append(_result(report, output_hash, False))
    yield from results


def _kept_back(
    warehouse: Warehouse, tables: Sequence[str], pause: Turn
) -> list[dg.MaterializeResult]:
    with warehouse.transaction() as tx:
        if missing := [table for table in tables if not tx.exists(table)]:
            raise PublishingPaused(f"{', '.join(missing)} was not made: {pause.sentence}")
        return [
            _result(tx.report(table), _output_hash(tx, table), True, {KEPT_BACK: pause.sentence})
            for table in tables
        ]


def severity_of_published(warehouse: Warehouse) -> dg.AssetCheckSeverity:
    """That of a check that holds what is published against the tables it is made from: while
    publishing is paused it falls behind them as it is meant to, and nothing stops for that."""
    paused = publishing_paused(warehouse.home, ["publish.any"])
    return dg.AssetCheckSeverity.WARN if paused else dg.AssetCheckSeverity.ERROR


def record_build(tx: Tx, table: str, input_hash: str, output_hash: str, code_version: str) -> None:
    """Writes down what `table` was made from and what it holds; for self-keeping assets."""
    _create_builds(tx)
    n_rows = tx.conn.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
    tx.conn.execute(f"DELETE FROM {BUILDS} WHERE table_name = ?", [table])
    tx.conn.execute(
        f"INSERT INTO {BUILDS} VALUES (?, ?, ?, ?, ?, ?)",
        [
            table,
            input_hash,
            output_hash,
            code_version,
            n_rows,
            datetime.now(UTC).replace(tzinfo=None),
        ],
    )


def result_of(
    report: TableReport, output_hash: str, reused: bool, **metadata: Any
) -> dg.MaterializeResult:
    """The MaterializeResult of a table: rows, columns, preview and a data version."""
    return _result(report, output_hash, reused, metadata)


def with_metadata(result: dg.MaterializeResult, **metadata: Any) -> dg.MaterializeResult:
    """`result` with more metadata: pictures, counts."""
    return dg.MaterializeResult(
        asset_key=result.asset_key,
        data_version=result.data_version,
        metadata={**(result.metadata or {}), **metadata},
    )


def last_materialized(instance: dg.DagsterInstance, tables: Sequence[str]) -> float | None:
    """Since when all `tables` have stood as of a run: the earliest of their newest
    materializations, seconds since 1970; None when one has never been made."""
    found = [
        instance.get_latest_materialization_event(dg.AssetKey(table.split("."))) for table in tables
    ]
    times = [event.timestamp for event in found if event is not None]
    return min(times) if len(times) == len(tables) else None


def _create_builds(tx: Tx) -> None:
    tx.conn.execute("CREATE SCHEMA IF NOT EXISTS ledger")
    tx.conn.execute(sql("ledger/builds.sql").text)


def _input_hash(
    tx: Tx, inputs: Sequence[str], code_version: str, settings: Mapping[str, Any] | None
) -> str:
    parts = {
        "inputs": {table: _output_hash(tx, table) for table in inputs},
        "code_version": code_version,
        "settings": dict(settings or {}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _output_hash(tx: Tx, table: str) -> str:
    rows = tx.conn.execute(
        f"SELECT output_hash FROM {BUILDS} WHERE table_name = ?", [table]
    ).fetchall()
    if not rows or not tx.exists(table):
        raise WarehouseMissing(
            f"{table} has not been made yet: materialize {table.replace('.', '/')} first "
            f"(`realty run all` makes everything in order)."
        )
    return rows[0][0]


def _require_same(table: str, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Changes are those of the table that was read."""
    if before.get(table) != now.get(table):
        raise WarehouseBusy(
            f"{table} was changed by another process while it was being extended; nothing was "
            "written. Materialize it again."
        )


def _reusable(tx: Tx, tables: Sequence[str], input_hash: str) -> bool:
    same = tx.conn.execute(
        f"SELECT count(*) FROM {BUILDS} WHERE list_contains(?, table_name) AND input_hash = ?",
        [list(tables), input_hash],
    ).fetchall()[0][0]
    return same == len(tables) and all(tx.exists(table) for table in tables)


def _result(
    report: TableReport,
    output_hash: str,
    reused: bool,
    extra: Mapping[str, Any] | None = None,
) -> dg.MaterializeResult:
    schema = dg.TableSchema(columns=[dg.TableColumn(name, kind) for name, kind in report.columns])
    return dg.MaterializeResult(
        asset_key=dg.AssetKey(report.table.split(".")),
        data_version=dg.DataVersion(output_hash[:16]),
        metadata={
            "dagster/row_count": report.n_rows,
            "dagster/column_schema": schema,
            "dagster/table_name": report.table,
            "preview": dg.MetadataValue.md(report.preview),
            "reused": reused,
            **(extra or {}),
        },
    )


__all__ = [
    "BUILDS",
    "KEPT_BACK",
    "Data",
    "built",
    "built_many",
    "last_materialized",
    "record_build",
    "result_of",
    "severity_of_published",
    "specs_of",
    "with_metadata",
]
