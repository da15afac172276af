"""Blocking checks of the cleaning room: homes are told apart, sales are conserved."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from realty_assets.cleaning.audit import Audit, audit_exclusions, audit_links, audit_sales
from realty_assets.warehouse import Warehouse


def _check(
    name: str, table: str, audit: Callable[[Warehouse], Audit], description: str
) -> dg.AssetChecksDefinition:
    """The blocking check `name` of clean/<table>: what `audit` finds."""

    @dg.asset_check(
        name=name, asset=["clean", table], blocking=True, pool="duckdb", description=description
    )
    def check(warehouse: Warehouse) -> dg.AssetCheckResult:
        found = audit(warehouse)
        return dg.AssetCheckResult(
            passed=found.kept,
            severity=dg.AssetCheckSeverity.ERROR,
            description=found.sentence,
            metadata={"n_wrong": dg.MetadataValue.json(found.n_wrong)},
        )

    return check


homes_are_told_apart = _check(
    "homes_are_told_apart",
    "listing_versions",
    audit_links,
    "Every version has one home, on evidence; units of a building are never one.",
)
sales_are_conserved = _check(
    "sales_are_conserved",
    "sales",
    audit_sales,
    "Every closed listing is in exactly one sale; none is excluded without a rule.",
)
exclusions_have_reasons = _check(
    "exclusions_have_reasons",
    "exclusions",
    audit_exclusions,
    "The ledger of exclusions holds the excluded sales and no others, with reasons.",
)
