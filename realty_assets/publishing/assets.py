"""Dagster faces of publishing: coverage, selected listings, a clean sample, and their files."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from realty_assets.faces import built, with_metadata
from realty_assets.publishing import coverage, manifests
from realty_assets.publishing.pictures import bars
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

COMMON: dict = {
    "group_name": "publishing",
    "owners": ["team:data"],
    "pool": "duckdb",
    "code_version": "1",
    # Daily deliveries: a week without a look at them is odd, five weeks are a stopped feed.
    "freshness_policy": dg.FreshnessPolicy.time_window(
        fail_window=timedelta(days=35), warn_window=timedelta(days=8)
    ),
}
MONTHS_SHOWN = 12


@dg.asset(
    key=["publish", "coverage_summary"],
    deps=[["staging", "listings"], ["staging", "quarantine"], ["staging", "photos"]],
    kinds={"duckdb"},
    description="Each month of each area: listings, sales, filled fields, photos, rows kept out.",
    **COMMON,
)
def coverage_summary(warehouse: Warehouse) -> dg.MaterializeResult:
    result = built(
        warehouse,
        coverage.TABLE,
        inputs=coverage.inputs(warehouse),
        code_version="1",
        compute=lambda: coverage.coverage(warehouse),
    )
    months = warehouse.read(sql("publish/coverage_by_month.sql")).tail(MONTHS_SHOWN)
    rows = [(row[0], row[1:]) for row in months.rows()]
    picture = bars("The latest months", ("listings", "sales", "kept out"), rows)
    return with_metadata(result, picture=dg.MetadataValue.md(picture))


@dg.asset(
    key=["publish", "selected_listings"],
    deps=[["staging", "listings"]],
    kinds={"duckdb", "parquet"},
    description="Listings fit for valuation: the latest version, of a home, with price and area.",
    **COMMON,
)
def selected_listings(warehouse: Warehouse) -> dg.MaterializeResult:
    result = built(
        warehouse,
        manifests.SELECTED,
        inputs=["staging.listings"],
        code_version="1",
        compute=manifests.selected,
    )
    reasons = manifests.left_out(warehouse)
    picture = bars("All listings", ("listings",), [(name, (n,)) for name, n in reasons.items()])
    return with_metadata(result, picture=dg.MetadataValue.md(picture), left_out=reasons)


@dg.asset(
    key=["publish", "clean_samples"],
    deps=[["staging", "listings"], ["publish", "selected_listings"]],
    kinds={"duckdb", "parquet"},
    description="A small stratified sample of selected listings without a flag, for fast tests.",
    **COMMON,
)
def clean_samples(warehouse: Warehouse) -> dg.MaterializeResult:
    result = built(
        warehouse,
        manifests.SAMPLES,
        inputs=["staging.listings", manifests.SELECTED],
        code_version="1",
        compute=manifests.samples,
    )
    strata = warehouse.read(sql("publish/sample_strata.sql"))
    shown = [(name, (n,)) for name, n in strata.tail(2 * MONTHS_SHOWN).rows()]
    picture = bars("The latest strata", ("listings",), shown)
    return with_metadata(result, picture=dg.MetadataValue.md(picture), n_strata=strata.height)


@dg.asset(
    key=["publish", "manifests"],
    deps=[["publish", "selected_listings"], ["publish", "clean_samples"]],
    kinds={"duckdb", "parquet"},
    description="The published parquet files: selection rule, counts and hashes of each.",
    **COMMON,
)
def published_files(warehouse: Warehouse) -> dg.MaterializeResult:
    return built(
        warehouse,
        manifests.TABLE,
        inputs=["staging.listings", manifests.SELECTED, manifests.SAMPLES],
        code_version="1",
        settings={"rules": [one.rule for one in manifests.PUBLISHED]},
        intact=lambda: manifests.intact(warehouse),
        compute=lambda: manifests.publish(warehouse),
    )
