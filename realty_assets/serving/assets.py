"""Dagster faces of the serving room."""

from __future__ import annotations

import dagster as dg
import polars as pl

from realty_assets.faces import built
from realty_assets.features.tracks import MATRICES
from realty_assets.pages import damaged, templates_hash
from realty_assets.serving.champion import champion
from realty_assets.serving.listing_valuations import LISTING_TRACKS, value_listings
from realty_assets.serving.report import REPORT_INPUTS, TEMPLATES, inputs_there, write_report
from realty_assets.serving.valuations import value_homes
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse, sql

COMMON: dict = {"group_name": "serving", "owners": ["team:data"], "pool": "duckdb"}
VALUATION_INPUTS = [
    "clean.listings",
    "clean.properties",
    "features.matrix",
    "modeling.models",
    "promotion.aliases",
]
LISTING_INPUTS = [
    "clean.listings",
    "clean.properties",
    *[MATRICES[track] for track in LISTING_TRACKS],
    "modeling.models",
    "promotion.aliases",
]


@dg.asset(
    key=["serving", "valuations"],
    deps=[table.split(".") for table in VALUATION_INPUTS],
    kinds={"duckdb", "xgboost"},
    code_version="3",
    description="A value with its 90% interval for every active listing, or the reason why not.",
    **COMMON,
)
def valuations(warehouse: Warehouse) -> dg.MaterializeResult:
    today = market_today(warehouse)

    def compute() -> pl.DataFrame:
        return value_homes(
            champion(warehouse),
            warehouse.read(sql("serving/subjects.sql")),
            warehouse.read(sql("serving/features_of_homes.sql")),
            today,
        )

    return built(
        warehouse,
        "serving.valuations",
        inputs=VALUATION_INPUTS,
        code_version="3",
        settings={"today": today},
        compute=compute,
    )


@dg.asset(
    key=["serving", "listing_valuations"],
    deps=[table.split(".") for table in LISTING_INPUTS],
    kinds={"duckdb", "xgboost"},
    code_version="1",
    description="What the tracks that see the listing say of every active listing.",
    **COMMON,
)
def listing_valuations(warehouse: Warehouse) -> dg.MaterializeResult:
    today = market_today(warehouse)
    return built(
        warehouse,
        "serving.listing_valuations",
        inputs=LISTING_INPUTS,
        code_version="1",
        settings={"today": today},
        compute=lambda: value_listings(warehouse, today),
    )


@dg.asset(
    key=["serving", "reports"],
    deps=[table.split(".") for table in REPORT_INPUTS],
    kinds={"duckdb", "html"},
    code_version="3",
    description="The HTML report of the market: accuracy, coverage, exclusions, values.",
    **COMMON,
)
def reports(warehouse: Warehouse) -> dg.MaterializeResult:
    table = "serving.reports"
    return built(
        warehouse,
        table,
        inputs=inputs_there(warehouse),
        code_version="3",
        settings={"templates": templates_hash(TEMPLATES)},
        compute=lambda: write_report(warehouse),
        intact=lambda: not damaged(warehouse.home, warehouse.read(table)),
    )
