"""A home with a small town in it, up to the model that speaks for it: what serving builds on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.evaluation.splits import rolling_origin
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.modeling.model import fit_valuer, save_valuer
from realty_assets.modeling.walk_forward import walk_forward
from realty_assets.warehouse import Warehouse
from realty_assets_tests.features.towns import town
from realty_assets_tests.frames import NO_CONTRACTS, STAGING_SCHEMA, put
from realty_assets_tests.modeling.markets import market_of

TODAY = date(2022, 1, 1)
SOURCE = "har"
# What is on the market: (key, kind, living area in sqft).
ACTIVE = [
    ("A1", "Residential", 1800.0),
    ("A2", "Residential", 2400.0),
    ("A3", None, 1500.0),
    ("NO-AREA", "Residential", None),
    ("LAND", "Land", None),
    ("LEASE", "Residential Lease", 1500.0),
    ("FOURPLEX", "Residential Income", 5000.0),
]
HOSTILE = "<script>alert(\"1\")</script> & '9' Elm St"


def clean_tables(n_sales: int = 600, *, active: bool = True) -> dict[str, pl.DataFrame]:
    """clean.sales, .listing_versions, .listings and .properties of a town; one listing is pending.

    The home H00012 stands at 12 Oak Lane.
    """
    number = pl.col("property_key").str.slice(1).cast(pl.Int64)
    sales = town(n_sales).with_columns(
        source=pl.lit(SOURCE),
        property_type=pl.lit("Residential"),
        city=pl.lit("Anytown"),
        unparsed_address=pl.format("{} Oak Lane", number),
    )
    homes = sales.tail(len(ACTIVE) + 1).drop("close_date", "close_price", "excluded_by")
    asked = pl.DataFrame(
        [*ACTIVE, ("PENDING", "Residential", 2000.0)],
        schema={"listing_key": pl.String, "property_type": pl.String, "living_area": pl.Float64},
        orient="row",
    )
    listed = homes.drop(asked.columns).hstack(asked)
    listed = listed.with_columns(
        property_key=pl.lit("home of ") + pl.col("listing_key"),
        standard_status=pl.when(pl.col("listing_key") == "PENDING")
        .then(pl.lit("Pending"))
        .otherwise(pl.lit("Active")),
        list_price=pl.lit(400_000.0),
        unparsed_address=pl.lit(HOSTILE),
        known_at=pl.lit(datetime(2021, 12, 30)),
    )
    told = [sales.with_columns(standard_status=pl.lit("Closed")), *([listed] if active else [])]
    empty = pl.DataFrame(schema={**STAGING_SCHEMA, "property_key": pl.String})
    listings = pl.concat([empty, *told], how="diagonal_relaxed").select(empty.columns)
    properties = (
        listings.sort("known_at", "listing_key")
        .unique("property_key", keep="last", maintain_order=True)
        .with_columns(latest_listing_key="listing_key", first_known_at="known_at")
    )
    return {
        "clean.sales": sales,
        "clean.contracts": NO_CONTRACTS,
        "clean.listing_versions": listings,
        "clean.listings": listings,
        "clean.properties": properties,
    }


def put_market(warehouse: Warehouse, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Writes the clean tables, staging and the feature matrix of them as of TODAY."""
    sales = tables["clean.sales"]
    wanted = today_subjects(tables["clean.listings"], tables["clean.properties"], TODAY)
    matrix = build_matrix(
        pl.concat([sale_subjects(sales), wanted]), Sales(sales), FeatureSettings()
    )
    staged = tables["clean.listings"].drop("property_key")
    last = datetime(TODAY.year, TODAY.month, TODAY.day) - timedelta(hours=1)
    staged = staged.with_columns(known_at=pl.min_horizontal("known_at", pl.lit(last)))
    staged = staged.with_columns(
        known_at=pl.when(pl.col("known_at") == pl.col("known_at").max())
        .then(pl.lit(last))
        .otherwise(pl.col("known_at"))
    )
    for name, frame in {**tables, "staging.listings": staged, "features.matrix": matrix}.items():
        put(warehouse, name, frame)
    return matrix


def put_champion(warehouse: Warehouse, tables: dict[str, pl.DataFrame]) -> str:
    """Trains a quick model of the town and makes it champion; its version."""
    market = market_of(tables["clean.sales"])
    walked = walk_forward(market, list(rolling_origin(date(2021, 9, 1), date(2021, 12, 1))))
    valuer = fit_valuer(market, walked, TODAY)
    folder, _ = save_valuer(valuer, warehouse.home / "models")
    name, version = "realty-off-market", valuer.model_version
    model = {"name": name, "model_version": version, "track": valuer.track, "cutoff": TODAY}
    artifact = str(folder.relative_to(warehouse.home))
    put(warehouse, "modeling.models", pl.DataFrame([{**model, "artifact": artifact}]))
    put_aliases(warehouse, [{"name": name, "alias": "champion", "model_version": version}])
    return version


def put_aliases(warehouse: Warehouse, rows: list[dict[str, Any]]) -> None:
    schema = {"name": pl.String, "alias": pl.String, "model_version": pl.String}
    put(warehouse, "promotion.aliases", pl.DataFrame(rows, schema=schema))


def valued_home(folder: Path) -> Warehouse:
    """A warehouse in `folder` in which everything that serving reads stands."""
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = Warehouse.at(folder / "warehouse.duckdb")
    tables = clean_tables()
    put_market(warehouse, tables)
    put_champion(warehouse, tables)
    return warehouse
