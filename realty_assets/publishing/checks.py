"""Checks of what is published: it agrees with staging, and files with their tables."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from realty_assets.faces import severity_of_published
from realty_assets.publishing import verify
from realty_assets.warehouse import Warehouse


def _blocking(
    table: str, name: str, says: str, find: Callable[[Warehouse], verify.Wrong]
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=["publish", table], name=name, blocking=True, pool="duckdb", description=says
    )
    def check(warehouse: Warehouse) -> dg.AssetCheckResult:
        wrong = find(warehouse)
        return dg.AssetCheckResult(
            passed=not wrong,
            severity=severity_of_published(warehouse),
            metadata={"n_wrong": len(wrong), "wrong": dg.MetadataValue.json(wrong)},
        )

    return check


coverage_agrees = _blocking(
    "coverage_summary",
    "coverage_agrees_with_staging",
    "One row per month and area; counts are those of staging, counted anew; shares from 0 to 1.",
    verify.coverage_wrong,
)
selection_agrees = _blocking(
    "selected_listings",
    "selection_agrees_with_staging",
    "One row per listing, each staged; selected and left out add up to all listings.",
    verify.selected_wrong,
)
samples_are_clean = _blocking(
    "clean_samples",
    "samples_are_clean",
    "Every row is a selected listing without a flag, once, and there are not too many.",
    verify.samples_wrong,
)
files_are_whole = _blocking(
    "manifests",
    "files_hold_what_their_tables_hold",
    "Each published file has the hash of its manifest and the content of its table.",
    verify.files_wrong,
)
