"""A home with a small town in it, up to the model that speaks for it: what serving builds on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.evaluation.splits import rolling_origin
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.features.tracks import AT_LISTING, MATRICES, OFF_MARKET, ON_MARKET, TRACKS
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


def matrix_of(tables: dict[str, pl.DataFrame], track: str = OFF_MARKET) -> pl.DataFrame:
    """The matrix of a track as of TODAY."""
    sales = tables["clean.sales"]
    wanted = today_subjects(tables["clean.listings"], tables["clean.properties"], TODAY, track)
    subjects = pl.concat([sale_subjects(sales, track), wanted])
    return build_matrix(subjects, Sales(sales, track), FeatureSettings(), track=track)


def put_market(warehouse: Warehouse, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Writes the clean tables, staging and the off_market matrix of them as of TODAY."""
    matrix = matrix_of(tables)
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
    return put_champions(warehouse, tables, [OFF_MARKET])[0]


def put_champions(
    warehouse: Warehouse, tables: dict[str, pl.DataFrame], tracks: Sequence[str]
) -> list[str]:
    """Trains a quick model of the town for each of `tracks` and makes it champion; versions."""
    models, aliases = [], []
    for track in tracks:
        market = market_of(tables["clean.sales"], track=track)
        walked = walk_forward(market, list(rolling_origin(date(2021, 9, 1), date(2021, 12, 1))))
        valuer = fit_valuer(market, walked, TODAY)
        folder, _ = save_valuer(valuer, warehouse.home / "models")
        named = {
            "name": f"realty-{track.replace('_', '-')}",
            "model_version": valuer.model_version,
        }
        artifact = str(folder.relative_to(warehouse.home))
        models.append({**named, "track": track, "cutoff": TODAY, "artifact": artifact})
        aliases.append({**named, "alias": "champion"})
    put(warehouse, "modeling.models", pl.DataFrame(models))
    put_aliases(warehouse, aliases)
    return [model["model_version"] for model in models]


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


def tracked_home(folder: Path) -> Warehouse:
    """A warehouse in `folder` with a matrix and a champion for each of the three tracks.

    Half of the sales were seen under contract; A2 has had its price cut, and A3 has none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = Warehouse.at(folder / "warehouse.duckdb")
    tables = clean_tables()
    key = pl.col("listing_key")
    sales = tables["clean.sales"]
    usual = pl.col("close_date") - pl.duration(days=25)
    with_day = pl.int_range(pl.len()) % 5 > 0
    sales = sales.with_columns(
        listing_contract_date=pl.coalesce("listing_contract_date", pl.when(with_day).then(usual))
    )
    for name in ("clean.listing_versions", "clean.listings", "clean.properties"):
        tables[name] = tables[name].with_columns(
            list_price=pl.when(key != "A3").then("list_price"),
            original_list_price=pl.when(key == "A2").then(440_000.0),
            listing_contract_date=pl.when(pl.col("standard_status") == "Closed")
            .then("listing_contract_date")
            .otherwise(pl.lit(date(2021, 12, 20))),
        )
    tables["clean.contracts"] = sales.gather_every(2).select(
        "source", "listing_key", purchase_contract_date=pl.col("close_date") - pl.duration(days=9)
    )
    tables["clean.sales"] = sales.join(
        tables["clean.contracts"], on=["source", "listing_key"], how="left"
    )
    put_market(warehouse, tables)
    for track in (AT_LISTING, ON_MARKET):
        put(warehouse, MATRICES[track], matrix_of(tables, track))
    put_champions(warehouse, tables, TRACKS)
    # As in a home, the day of the contract stands in its own table.
    put(warehouse, "clean.sales", sales)
    return warehouse
