"""publish.coverage_summary: what each month of each area has, and how full it is."""

from __future__ import annotations

import polars as pl

from realty_assets.ingestion.photo_contract import UNREADABLE
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

TABLE = "publish.coverage_summary"
PHOTOS = "staging.photos"
NO_AREA = "(no area)"
# Photos of which there is nothing to show.
UNUSABLE = [*UNREADABLE, "orphan"]


def inputs(warehouse: Warehouse) -> list[str]:
    """The tables that coverage is made from; photos count once they have been taken in."""
    tables = ["staging.listings", "staging.quarantine"]
    return [*tables, PHOTOS] if warehouse.exists(PHOTOS) else tables


def coverage(warehouse: Warehouse) -> pl.DataFrame:
    """A row per month and area; with_photos_share is empty where photos were never taken in."""
    found = warehouse.read(sql("publish/coverage_summary.sql").bind(no_area=NO_AREA))
    if not warehouse.exists(PHOTOS):
        return found.with_columns(pl.lit(None, dtype=pl.Float64).alias("with_photos_share"))
    wanted = sql("publish/coverage_photos.sql").bind(no_area=NO_AREA, unusable=UNUSABLE)
    photos = warehouse.read(wanted)
    return found.join(photos, on=["month", "area"], how="left", nulls_equal=True).sort(
        "month", "area", nulls_last=True
    )
