"""Blocking checks of the matrix: nothing later than as_of, nothing a track may not know."""

from __future__ import annotations

import dagster as dg

from realty_assets.features import registry
from realty_assets.features.assets import feature_settings
from realty_assets.features.audit import late_rows, n_repeated, unexplained_columns
from realty_assets.features.policy import breaches, read_policy
from realty_assets.settings import get_settings
from realty_assets.warehouse import Warehouse

EXAMPLES = 5


@dg.asset_check(
    asset=["features", "matrix"],
    blocking=True,
    pool="duckdb",
    description="The latest known_at that fed a row lies strictly before the row's as_of.",
)
def nothing_from_the_future(warehouse: Warehouse) -> dg.AssetCheckResult:
    late = late_rows(warehouse.read("features.matrix"))
    return dg.AssetCheckResult(
        passed=late.is_empty(),
        metadata={
            "n_late_rows": len(late),
            "examples": dg.MetadataValue.json(late["listing_key"].head(EXAMPLES).to_list()),
        },
    )


@dg.asset_check(
    asset=["features", "matrix"],
    blocking=True,
    pool="duckdb",
    description="Every column is a feature that off_market may know, or says which row it is.",
)
def only_what_the_track_may_know(warehouse: Warehouse) -> dg.AssetCheckResult:
    settings = feature_settings()
    specs = registry.features(settings.comps, settings.layers)
    barred = unexplained_columns(warehouse.read("features.matrix").columns, specs, "off_market")
    return dg.AssetCheckResult(
        passed=not barred, metadata={"barred": dg.MetadataValue.json(barred)}
    )


@dg.asset_check(
    asset=["features", "matrix"],
    blocking=True,
    pool="duckdb",
    description="No sale and no home to be valued stands in the matrix twice.",
)
def one_row_per_subject(warehouse: Warehouse) -> dg.AssetCheckResult:
    repeated = n_repeated(warehouse.read("features.matrix"))
    return dg.AssetCheckResult(passed=repeated == 0, metadata={"n_repeated": repeated})


@dg.asset_check(
    asset=["features", "matrix"],
    blocking=True,
    pool="duckdb",
    description="Nothing that the policy bars (protected classes, people's names) is a feature.",
)
def no_barred_features(warehouse: Warehouse) -> dg.AssetCheckResult:
    settings = feature_settings()
    specs = registry.features(settings.comps, settings.layers)
    matrix, policy = warehouse.read("features.matrix"), read_policy(get_settings().home)
    found = breaches(matrix, specs, policy)
    return dg.AssetCheckResult(passed=not found, metadata={"barred": dg.MetadataValue.json(found)})
