"""Dagster faces of the features room."""

from __future__ import annotations

from dataclasses import asdict

import dagster as dg
import polars as pl

from realty_assets.faces import built
from realty_assets.features import registry
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.features.vintages import index_frame, make_vintages
from realty_assets.settings import get_settings
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

CODE_VERSION = registry.CODE_VERSION
SETTINGS = FeatureSettings()
COMMON: dict = {
    "group_name": "features",
    "kinds": {"duckdb", "python"},
    "owners": ["team:data"],
    "pool": "duckdb",
    "code_version": CODE_VERSION,
}


@dg.asset(
    key=["features", "market_index"],
    deps=[["clean", "sales"]],
    description="Log level of the market by month, as every monthly vintage knew it.",
    **COMMON,
)
def market_index(warehouse: Warehouse) -> dg.MaterializeResult:
    today = market_today(warehouse)

    def compute() -> pl.DataFrame:
        sales = Sales(warehouse.read("clean.sales"))
        threads = get_settings().n_threads
        vintages = make_vintages(sales, today, SETTINGS.index, n_threads=threads)
        return index_frame(vintages, sales)

    return built(
        warehouse,
        "features.market_index",
        inputs=["clean.sales"],
        code_version=CODE_VERSION,
        settings={"today": today, "index": asdict(SETTINGS.index)},
        compute=compute,
    )


@dg.asset(
    key=["features", "matrix"],
    deps=[["clean", "sales"], ["clean", "listings"], ["clean", "properties"]],
    description="One row per sale and per home to be valued today, as off_market may know it.",
    **COMMON,
)
def matrix(warehouse: Warehouse) -> dg.MaterializeResult:
    today = market_today(warehouse)

    def compute() -> pl.DataFrame:
        sales = warehouse.read("clean.sales")
        wanted = today_subjects(
            warehouse.read("clean.listings"), warehouse.read("clean.properties"), today
        )
        subjects = pl.concat([sale_subjects(sales), wanted])
        return build_matrix(subjects, Sales(sales), SETTINGS, n_threads=get_settings().n_threads)

    return built(
        warehouse,
        "features.matrix",
        inputs=["clean.sales", "clean.listings", "clean.properties"],
        code_version=CODE_VERSION,
        settings={"today": today, **asdict(SETTINGS)},
        compute=compute,
    )


@dg.asset(
    key=["features", "registry"],
    deps=[["features", "matrix"]],
    description="What every feature is, where it comes from, and which families fell away.",
    **COMMON,
)
def feature_registry(warehouse: Warehouse) -> dg.MaterializeResult:
    specs = registry.features(SETTINGS.comps)
    return built(
        warehouse,
        "features.registry",
        inputs=["features.matrix"],
        code_version=CODE_VERSION,
        settings={"registry": registry.registry_hash(specs)},
        compute=lambda: registry.registry_frame(
            specs, registry.filled_shares(warehouse.read("features.matrix"), specs)
        ),
    )
