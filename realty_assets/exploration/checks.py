"""Checks of exploration: report files are whole, and each kind of leak is said aloud."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from realty_assets.exploration import making
from realty_assets.exploration.findings import LEAKS
from realty_assets.pages import damaged
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

FINDINGS, REPORTS = (
    dg.AssetKey(["exploration", "findings"]),
    dg.AssetKey(["exploration", "reports"]),
)
SAYS = {
    "after_the_close": "No field is filled only after the close, but for the outcome itself.",
    "tells_the_price": "No field, product or ratio of two fields determines the close price.",
    "predicts_the_split": "No single field tells the last months of sales from earlier ones.",
    "time_travel": "No staged version knows of a time that had not come.",
}


@dg.multi_asset_check(
    name="leaks",
    pool="duckdb",
    specs=[dg.AssetCheckSpec(kind, asset=FINDINGS, description=SAYS[kind]) for kind in LEAKS],
)
def leaks(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
    for kind in LEAKS:
        found = warehouse.read(sql("exploration/leaks.sql"), {"kind": kind})
        yield dg.AssetCheckResult(
            asset_key=FINDINGS,
            check_name=kind,
            passed=found.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "n_findings": found.height,
                "findings": dg.MetadataValue.json(found.to_dicts()),
            },
        )


@dg.asset_check(
    asset=REPORTS,
    blocking=True,
    pool="duckdb",
    description="Every report file is there and is, byte for byte, the one that was made.",
)
def reports_are_whole(warehouse: Warehouse) -> dg.AssetCheckResult:
    wrong = damaged(warehouse.home, warehouse.read(making.REPORTS))
    return dg.AssetCheckResult(
        passed=not wrong,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(wrong)} report files are gone or changed." if wrong else None,
        metadata={"wrong": dg.MetadataValue.json(wrong)},
    )
