"""Checks of the multimodal room."""

from __future__ import annotations

import dagster as dg

from realty_assets.multimodal import listing_photos as pooling
from realty_assets.multimodal.assets import asked_backbone
from realty_assets.multimodal.embeddings_table import TABLE, counts
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse


@dg.asset_check(
    asset=TABLE.split("."),
    blocking=True,
    pool="duckdb",
    description="Every photo of a listing has one row, of finite numbers, as many as all others.",
)
def every_photo_is_embedded_once(warehouse: Warehouse) -> dg.AssetCheckResult:
    found = counts(warehouse, asked_backbone())
    return dg.AssetCheckResult(
        passed=not found.wrong,
        description=" ".join(found.wrong) or None,
        metadata={"n_wanted": found.n_wanted, "n_without": found.n_without},
    )


@dg.asset_check(
    asset=pooling.TABLE.split("."),
    blocking=True,
    pool="duckdb",
    description="One row a listing, known where the listing is, and never off the market.",
)
def listing_photos_are_known_where_the_listing_is(warehouse: Warehouse) -> dg.AssetCheckResult:
    told = warehouse.read(sql("multimodal/listing_photos_wrong.sql")).row(0, named=True)
    return dg.AssetCheckResult(passed=not any(told.values()), metadata=told)
