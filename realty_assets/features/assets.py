"""Dagster faces of the features room."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import dagster as dg
import polars as pl

from realty_assets.faces import built
from realty_assets.features import registry
from realty_assets.features.comparables_table import comparables_frame, evidence_subjects
from realty_assets.features.layers import read_layers
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.policy import read_policy, refuse_barred
from realty_assets.features.sales import Sales
from realty_assets.features.statistics import statistics
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.features.vintages import index_frame, make_vintages
from realty_assets.settings import get_settings
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

CODE_VERSION = registry.CODE_VERSION
RECENT_SALES = 2_000


def feature_settings() -> FeatureSettings:
    """Settings of the matrix of this process's home, its map layers among them."""
    return FeatureSettings(layers=read_layers(get_settings().home / "layers"))


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
    today, index = market_today(warehouse), FeatureSettings().index

    def compute() -> pl.DataFrame:
        sales = Sales(warehouse.read("clean.sales"))
        threads = get_settings().n_threads
        vintages = make_vintages(sales, today, index, n_threads=threads)
        return index_frame(vintages, sales)

    return built(
        warehouse,
        "features.market_index",
        inputs=["clean.sales"],
        code_version=CODE_VERSION,
        settings={"today": today, "index": asdict(index)},
        compute=compute,
    )


@dg.asset(
    key=["features", "matrix"],
    deps=[["clean", "sales"], ["clean", "listings"], ["clean", "properties"]],
    description="One row per sale and per home to be valued today, as off_market may know it.",
    **COMMON,
)
def matrix(warehouse: Warehouse) -> dg.MaterializeResult:
    today, settings = market_today(warehouse), feature_settings()
    refuse_barred(
        registry.features(settings.comps, settings.layers), read_policy(get_settings().home)
    )

    def compute() -> pl.DataFrame:
        sales, subjects = _subjects(warehouse, today)
        return build_matrix(subjects, Sales(sales), settings, n_threads=get_settings().n_threads)

    return built(
        warehouse,
        "features.matrix",
        inputs=["clean.sales", "clean.listings", "clean.properties"],
        code_version=CODE_VERSION,
        settings={"today": today, **settings.described()},
        compute=compute,
    )


@dg.asset(
    key=["features", "comparables"],
    deps=[["clean", "sales"], ["clean", "listings"], ["clean", "properties"]],
    description="The comparables behind today's values and the latest sales, as evidence.",
    **COMMON,
)
def comparables(warehouse: Warehouse) -> dg.MaterializeResult:
    today, settings = market_today(warehouse), feature_settings()

    def compute() -> pl.DataFrame:
        sales, subjects = _subjects(warehouse, today)
        wanted = evidence_subjects(subjects, RECENT_SALES)
        threads = get_settings().n_threads
        return comparables_frame(wanted, Sales(sales), settings, n_threads=threads)

    return built(
        warehouse,
        "features.comparables",
        inputs=["clean.sales", "clean.listings", "clean.properties"],
        code_version=CODE_VERSION,
        settings={"today": today, "recent_sales": RECENT_SALES, **settings.described()},
        compute=compute,
    )


def _subjects(warehouse: Warehouse, today: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(clean.sales, everybody who gets a row)."""
    sales = warehouse.read("clean.sales")
    homes = today_subjects(
        warehouse.read("clean.listings"), warehouse.read("clean.properties"), today
    )
    return sales, pl.concat([sale_subjects(sales), homes])


@dg.asset(
    key=["features", "registry"],
    deps=[["features", "matrix"]],
    description="What every feature is, where it comes from, and which families fell away.",
    **COMMON,
)
def feature_registry(warehouse: Warehouse) -> dg.MaterializeResult:
    settings = feature_settings()
    specs = registry.features(settings.comps, settings.layers)
    return built(
        warehouse,
        "features.registry",
        inputs=["features.matrix"],
        code_version=CODE_VERSION,
        settings={"registry": registry.registry_hash(specs)},
        compute=lambda: registry.registry_frame(
            specs, statistics(warehouse.read("features.matrix"), specs)
        ),
    )
