"""The cleaning room on a warehouse of a test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from realty_assets.cleaning import assets
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import put, stage

# In the order in which they are made.
CLEANING = [
    assets.sale_decisions,
    assets.addresses,
    assets.property_links,
    assets.listing_versions,
    assets.listings,
    assets.sale_listings,
    assets.sales,
    assets.properties,
    assets.exclusions,
]


def clean(folder: Path, rows: list[dict[str, Any]] | pl.DataFrame) -> Warehouse:
    """A warehouse whose staging.listings are `rows`, cleaned."""
    warehouse = Warehouse.at(folder / "warehouse.duckdb")
    if isinstance(rows, pl.DataFrame):
        put(warehouse, "staging.listings", rows)
    else:
        stage(warehouse, rows)
    make(warehouse)
    return warehouse


def make(warehouse: Warehouse, decision: dict[str, Any] | None = None) -> None:
    """Makes every table of the room, after a decision on a sale if one is given."""
    for asset in CLEANING:
        if asset is assets.sale_decisions:
            config = assets.SaleDecisionConfig(decision=decision or {})
            asset(dg.build_asset_context(), config=config, warehouse=warehouse)
        else:
            asset(warehouse=warehouse)
