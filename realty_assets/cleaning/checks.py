"""Blocking checks of the cleaning room: homes are told apart, sales are conserved."""

from __future__ import annotations

import dagster as dg

from realty_assets.cleaning.audit import Audit, audit_exclusions, audit_links, audit_sales
from realty_assets.warehouse import Warehouse


def _result(found: Audit) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=found.kept,
        severity=dg.AssetCheckSeverity.ERROR,
        description=found.sentence,
        metadata={"n_wrong": dg.MetadataValue.json(found.n_wrong)},
    )


@dg.asset_check(
    asset=["clean", "listing_versions"],
    blocking=True,
    pool="duckdb",
    description="Every version has one home, on evidence; units of a building are never one.",
)
def homes_are_told_apart(warehouse: Warehouse) -> dg.AssetCheckResult:
    return _result(audit_links(warehouse))


@dg.asset_check(
    asset=["clean", "sales"],
    blocking=True,
    pool="duckdb",
    description="Every closed listing is in exactly one sale; none is excluded without a rule.",
)
def sales_are_conserved(warehouse: Warehouse) -> dg.AssetCheckResult:
    return _result(audit_sales(warehouse))


@dg.asset_check(
    asset=["clean", "exclusions"],
    blocking=True,
    pool="duckdb",
    description="The ledger of exclusions holds the excluded sales and no others, with reasons.",
)
def exclusions_have_reasons(warehouse: Warehouse) -> dg.AssetCheckResult:
    return _result(audit_exclusions(warehouse))
