"""Dagster faces of the serving room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import dagster as dg
import polars as pl

from realty_assets.faces import built, with_metadata
from realty_assets.features.tracks import MATRICES
from realty_assets.pages import damaged, templates_hash
from realty_assets.promotion.policy import read_policy
from realty_assets.serving.listing_valuations import LISTING_TRACKS, value_listings
from realty_assets.serving.report import REPORT_INPUTS, TEMPLATES, inputs_there, write_report
from realty_assets.serving.shadow import SHADOWS, shadowed
from realty_assets.serving.values_of_all import value_all
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

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

SHADOW_INPUTS = [
    *("serving.valuations", "serving.listing_valuations"),
    *("clean.listings", "clean.properties", *MATRICES.values()),
    *("modeling.models", "promotion.aliases"),
]


def _valued(
    name: str,
    inputs: list[str],
    description: str,
    code_version: str,
    value: Callable[[Warehouse, date], pl.DataFrame],
) -> dg.AssetsDefinition:
    """The asset serving/<name>: what `value` says of homes as of the home's today."""

    @dg.asset(
        key=["serving", name],
        deps=[table.split(".") for table in inputs],
        kinds={"duckdb", "xgboost"},
        code_version=code_version,
        description=description,
        **COMMON,
    )
    def face(warehouse: Warehouse) -> dg.MaterializeResult:
        today = market_today(warehouse)
        return built(
            warehouse,
            f"serving.{name}",
            inputs=inputs,
            code_version=code_version,
            settings={"today": today},
            compute=lambda: value(warehouse, today),
        )

    return face


valuations = _valued(
    "valuations",
    VALUATION_INPUTS,
    "A value with its 90% interval for every active listing, or the reason why not.",
    "3",
    value_all,
)
listing_valuations = _valued(
    "listing_valuations",
    LISTING_INPUTS,
    "What the tracks that see the listing say of every active listing.",
    "1",
    value_listings,
)


@dg.asset(
    key=SHADOWS.split("."),
    deps=[table.split(".") for table in SHADOW_INPUTS],
    kinds={"duckdb", "xgboost"},
    code_version="1",
    description="One row per home and batch that the challenger valued beside the champion.",
    **COMMON,
)
def shadow_valuations(warehouse: Warehouse) -> dg.MaterializeResult:
    rule, left_out = read_policy(warehouse.home).shadow, dict[str, str]()

    def compute() -> pl.DataFrame:
        table, why = shadowed(warehouse, None if rule is None else rule.batches)
        left_out.update(why)
        return table

    result = built(
        warehouse,
        SHADOWS,
        inputs=SHADOW_INPUTS,
        code_version="1",
        settings={"shadow": None if rule is None else rule.sha256},
        compute=compute,
    )
    return with_metadata(result, tracks_left_out=dg.MetadataValue.json(left_out))


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
