"""Holds what is published against staging, counted anew, and files against their tables."""

from __future__ import annotations

from typing import Any

from realty_assets.fingerprint import table_fingerprint
from realty_assets.ingestion.rules import NOT_HOMES
from realty_assets.publishing import manifests
from realty_assets.statements import SqlFile, sql
from realty_assets.warehouse import Warehouse, WarehouseMissing

Wrong = list[dict[str, Any]]


def coverage_wrong(warehouse: Warehouse) -> Wrong:
    """Figures of coverage that are not those of staging; empty: all agree."""
    return _differing(warehouse, sql("publish/coverage_counts.sql"))


def selected_wrong(warehouse: Warehouse) -> Wrong:
    """What is wrong with the selected listings; empty: nothing."""
    wrong = _differing(
        warehouse, sql("publish/selected_counts.sql").bind(not_homes=list(NOT_HOMES))
    )
    reasons = manifests.left_out(warehouse)
    with warehouse.connect() as conn:
        n_rows = conn.execute(f"SELECT count(*) FROM {manifests.SELECTED}").fetchall()[0][0]
    return wrong + _unequal("selected listings", n_rows, reasons.get("selected", 0))


def samples_wrong(warehouse: Warehouse) -> Wrong:
    """What is wrong with the clean samples; empty: nothing."""
    return _differing(warehouse, sql("publish/sample_counts.sql").bind(most=manifests.MOST_SAMPLES))


def files_wrong(warehouse: Warehouse) -> Wrong:
    """Files that do not hold what their tables hold, or not as their manifest says."""
    wrong: Wrong = []
    rows = {row["name"]: row for row in warehouse.read(manifests.TABLE).to_dicts()}
    for one in manifests.PUBLISHED:
        row = rows.get(one.table)
        path = warehouse.home / one.path
        if row is None or not path.exists():
            wrong += _unequal(f"files of {one.table}", 0, 1)
            continue
        with warehouse.connect() as conn:
            n_rows, content = table_fingerprint(conn, one.table)
        n_in_file, content_in_file = manifests.content_of(path, one.table)
        wrong += _unequal(f"sha256 of {one.path}", manifests.file_hash(path), row["file_sha256"])
        wrong += _unequal(f"content of {one.path}", content_in_file, content)
        wrong += _unequal(f"content of {one.table} by its manifest", row["content_sha256"], content)
        wrong += _unequal(f"rows of {one.path}", n_in_file, n_rows)
        wrong += _unequal(f"rows of {one.table} by its manifest", row["n_rows"], n_rows)
    return wrong


def _differing(warehouse: Warehouse, counts: SqlFile) -> Wrong:
    rows = warehouse.read(counts).to_dicts()
    if not rows:
        raise WarehouseMissing("Nothing was counted: materialize the room publishing first.")
    return [
        one
        for row in rows
        for one in _unequal(row["what"], int(row["found"]), int(row["expected"]))
    ]


def _unequal(what: str, found: object, expected: object) -> Wrong:
    return [] if found == expected else [{"what": what, "found": found, "expected": expected}]
