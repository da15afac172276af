"""Dagster faces of the cleaning room: SQL over the staging tables."""

from __future__ import annotations

import dagster as dg

from realty_assets.cleaning.rules import RULE_VERSION, SALE_RULES
from realty_assets.faces import built
from realty_assets.warehouse import Warehouse, sql

COMMON: dict = {
    "group_name": "cleaning",
    "kinds": {"duckdb", "sql"},
    "owners": ["team:data"],
    "pool": "duckdb",
}


@dg.asset(
    key=["clean", "listing_versions"],
    deps=[["staging", "listings"]],
    code_version="1",
    description="Every accepted version of every listing, with the home it is of.",
    **COMMON,
)
def listing_versions(warehouse: Warehouse) -> dg.MaterializeResult:
    return built(
        warehouse,
        "clean.listing_versions",
        inputs=["staging.listings"],
        code_version="1",
        compute=lambda: sql("clean/listing_versions.sql"),
    )


@dg.asset(
    key=["clean", "listings"],
    deps=[["clean", "listing_versions"]],
    code_version="1",
    description="The latest known version of every listing.",
    **COMMON,
)
def listings(warehouse: Warehouse) -> dg.MaterializeResult:
    return built(
        warehouse,
        "clean.listings",
        inputs=["clean.listing_versions"],
        code_version="1",
        compute=lambda: sql("clean/listings.sql"),
    )


@dg.asset(
    key=["clean", "sales"],
    deps=[["clean", "listing_versions"]],
    code_version=RULE_VERSION,
    description="One row per closed sale; excluded sales stay, with the rule that excludes them.",
    **COMMON,
)
def sales(warehouse: Warehouse) -> dg.MaterializeResult:
    return built(
        warehouse,
        "clean.sales",
        inputs=["clean.listing_versions"],
        code_version=RULE_VERSION,
        settings=SALE_RULES,
        compute=lambda: sql("clean/sales.sql").bind(**SALE_RULES),
    )


@dg.asset(
    key=["clean", "properties"],
    deps=[["clean", "listing_versions"], ["clean", "sales"]],
    code_version="1",
    description="One row per home, as last known.",
    **COMMON,
)
def properties(warehouse: Warehouse) -> dg.MaterializeResult:
    return built(
        warehouse,
        "clean.properties",
        inputs=["clean.listing_versions", "clean.sales"],
        code_version="1",
        compute=lambda: sql("clean/properties.sql"),
    )


@dg.asset(
    key=["clean", "exclusions"],
    deps=[["clean", "sales"]],
    code_version=RULE_VERSION,
    description="The sales that no model learns from, each with its rule.",
    **COMMON,
)
def exclusions(warehouse: Warehouse) -> dg.MaterializeResult:
    return built(
        warehouse,
        "clean.exclusions",
        inputs=["clean.sales"],
        code_version=RULE_VERSION,
        compute=lambda: sql("clean/exclusions.sql").bind(rule_version=RULE_VERSION),
    )
