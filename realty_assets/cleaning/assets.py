"""Dagster faces of the cleaning room: SQL over the staging tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from realty_assets.cleaning.rules import RULE_VERSION, SALE_RULES
from realty_assets.faces import built
from realty_assets.warehouse import Warehouse, sql


def _table(
    name: str,
    inputs: list[str],
    description: str,
    code_version: str = "1",
    params: Mapping[str, Any] | None = None,
) -> dg.AssetsDefinition:
    """The asset clean/<name>: the rows of sql/clean/<name>.sql, made anew when its text changes."""

    @dg.asset(
        key=["clean", name],
        deps=[table.split(".") for table in inputs],
        code_version=code_version,
        description=description,
        group_name="cleaning",
        kinds={"duckdb", "sql"},
        owners=["team:data"],
        pool="duckdb",
    )
    def face(warehouse: Warehouse) -> dg.MaterializeResult:
        statement = sql(f"clean/{name}.sql").bind(**(params or {}))
        return built(
            warehouse,
            f"clean.{name}",
            inputs=inputs,
            code_version=code_version,
            settings={"sql": statement.text, "params": dict(params or {})},
            compute=lambda: statement,
        )

    return face


listing_versions = _table(
    "listing_versions",
    ["staging.listings"],
    "Every accepted version of every listing, with the home it is of.",
)
listings = _table(
    "listings", ["clean.listing_versions"], "The latest known version of every listing."
)
contracts = _table(
    "contracts",
    ["clean.listing_versions"],
    "The day of the contract that led to each sale, where a version of the listing tells it.",
)
sales = _table(
    "sales",
    ["clean.listing_versions"],
    "One row per closed sale; excluded sales stay, with the rule that excludes them.",
    RULE_VERSION,
    SALE_RULES,
)
properties = _table(
    "properties", ["clean.listing_versions", "clean.sales"], "One row per home, as last known."
)
exclusions = _table(
    "exclusions",
    ["clean.sales"],
    "The sales that no model learns from, each with its rule.",
    RULE_VERSION,
    {"rule_version": RULE_VERSION},
)
