"""Checks of monitoring: its facts are sound, and no column has gone empty."""

from __future__ import annotations

import dagster as dg

from realty_assets.statements import sql
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

EXAMPLES = 10


@dg.asset_check(
    asset=["monitoring", "drift"],
    additional_deps=[["monitoring", "profile"]],
    blocking=True,
    pool="duckdb",
    description="One row per month, population, slice, feature and method; values in their range; "
    "whatever was measured has its profile.",
)
def drift_facts_are_sound(warehouse: Warehouse) -> dg.AssetCheckResult:
    wrong = warehouse.read(sql("monitoring/wrong_drift.sql"))
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        metadata={
            "n_wrong": len(wrong),
            "examples": dg.MetadataValue.json(_json(wrong.head(EXAMPLES).to_dicts())),
        },
    )


@dg.asset_check(
    asset=["monitoring", "drift"],
    pool="duckdb",
    description="No column of the newest delivery or months is emptier than it used to be.",
)
def null_rates_hold(warehouse: Warehouse) -> dg.AssetCheckResult:
    month = market_today(warehouse).replace(day=1)
    broken = warehouse.read(sql("monitoring/null_rate_breaks.sql").bind(month=month))
    return dg.AssetCheckResult(
        passed=broken.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "n_broken": len(broken),
            "columns": dg.MetadataValue.json(broken["feature"].unique().sort().to_list()),
            "examples": dg.MetadataValue.json(_json(broken.head(EXAMPLES).to_dicts())),
        },
    )


def _json(rows: list[dict]) -> list[dict]:
    return [{key: str(value) for key, value in row.items()} for row in rows]
