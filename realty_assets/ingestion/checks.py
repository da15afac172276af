"""Checks of ingestion: nothing is lost, and what is staged keeps its contract."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from realty_assets.ingestion.conservation import contract_breaches, unbalanced
from realty_assets.ingestion.photo_checks import accounts
from realty_assets.warehouse import Warehouse

LISTINGS = dg.AssetKey(["staging", "listings"])
PHOTOS = dg.AssetKey(["staging", "photos"])


@dg.asset_check(
    asset=LISTINGS,
    blocking=True,
    pool="duckdb",
    description="Rows read = staged + quarantined + unchanged, for every file, counted anew.",
)
def rows_are_conserved(warehouse: Warehouse) -> dg.AssetCheckResult:
    found = unbalanced(warehouse)
    return dg.AssetCheckResult(
        passed=not found.wrong,
        severity=dg.AssetCheckSeverity.ERROR,
        description=found.sentence,
        metadata={
            "n_files": found.n_files,
            "rows_read": found.rows_read,
            "rows_staged": found.rows_staged,
            "rows_quarantined": found.rows_quarantined,
            "rows_unchanged": found.rows_unchanged,
            "wrong": dg.MetadataValue.json(found.wrong),
        },
    )


@dg.asset_check(
    asset=LISTINGS,
    pool="duckdb",
    description="A sample of staged rows keeps the types and ranges of the contract.",
)
def contract_is_kept(warehouse: Warehouse) -> dg.AssetCheckResult:
    breaches, n_rows = contract_breaches(warehouse)
    return dg.AssetCheckResult(
        passed=not breaches,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rows_looked_at": n_rows, "breaches": dg.MetadataValue.json(breaches)},
    )


@dg.asset_check(
    asset=PHOTOS,
    blocking=True,
    pool="duckdb",
    description="Every photo file that came has its row and its bytes, which are what they were.",
)
def photos_are_accounted_for(warehouse: Warehouse) -> dg.AssetCheckResult:
    # Another sample each day, so that in time all bytes are looked at.
    found = accounts(warehouse, seed=str(datetime.now(UTC).date()))
    return dg.AssetCheckResult(
        passed=not found.wrong,
        severity=dg.AssetCheckSeverity.ERROR,
        description=" ".join(found.wrong) or "Every photo is accounted for.",
        metadata={
            "n_files": found.n_files,
            "n_staged": found.n_staged,
            "n_contents": found.n_contents,
            "n_hashed": found.n_hashed,
        },
    )
