"""Dagster faces of the cleaning room: addresses, homes, listings and sales from staged versions."""

# No postponed annotations here: Dagster looks at the type of `config` itself.
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from realty_assets.cleaning import addresses as address_rules
from realty_assets.cleaning import copies, linking, making, overrides, pairs
from realty_assets.cleaning import sales as sale_rules
from realty_assets.cleaning.rules import RULE_SENTENCES, RULE_VERSION, SALE_RULES
from realty_assets.faces import Data, built, record_build, result_of, with_metadata
from realty_assets.fingerprint import table_fingerprint
from realty_assets.settings import get_settings
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

LINK_VERSION = f"{linking.RULE_VERSION}.{pairs.RULE_VERSION}.{address_rules.RULE_VERSION}"
DECISIONS = "ledger.sale_decisions"


def _table(
    name: str,
    inputs: list[str],
    description: str,
    *,
    code_version: str = "2",
    statements: Sequence[str] = (),
    step: Callable[[Warehouse], Data] | None = None,
    settings: Callable[[], Mapping[str, Any]] = dict,
    counted: Sequence[str] = (),
    metadata: Callable[[pl.DataFrame], Mapping[str, Any]] | None = None,
) -> dg.AssetsDefinition:
    """The asset clean/<name>: what its step in making.py makes of the warehouse.

    `statements` are the files of sql/clean that the step reads; the table is made anew when their
    text, or what `settings` gives, changes. `metadata` tells of the columns `counted` as they
    stand.
    """
    made_of = step or making.STEPS[name]

    @dg.asset(
        key=["clean", name],
        deps=[table.split(".") for table in inputs],
        code_version=code_version,
        description=description,
        group_name="cleaning",
        kinds={"duckdb", "sql" if name in statements else "python"},
        owners=["team:data"],
        pool="duckdb",
    )
    def face(warehouse: Warehouse) -> dg.MaterializeResult:
        texts = {one: sql(f"clean/{one}.sql").text for one in statements}
        result = built(
            warehouse,
            f"clean.{name}",
            inputs=inputs,
            code_version=code_version,
            settings={"sql": texts, **settings()},
            compute=lambda: made_of(warehouse),
        )
        if metadata is None:
            return result
        return with_metadata(result, **metadata(warehouse.read(f"clean.{name}", columns=counted)))

    return face


class SaleDecisionConfig(dg.Config):
    """What one run does to the ledger: nothing, or one decision on a sale."""

    decision: dict[str, Any] = Field(
        default={}, description="verb, key, reason, by and source of a decision on a sale."
    )


@dg.asset(
    key=["ledger", "sale_decisions"],
    deps=[["staging", "listings"]],
    code_version="1",
    description="Every decision of an analyst on a sale: who, when and why; only added to.",
    group_name="cleaning",
    kinds={"duckdb", "python"},
    owners=["team:data"],
    pool="duckdb",
)
def sale_decisions(
    context: dg.AssetExecutionContext, config: SaleDecisionConfig, warehouse: Warehouse
) -> dg.MaterializeResult:
    told: dict[str, Any] = {}
    with warehouse.transaction() as tx:
        before = table_fingerprint(tx.conn, DECISIONS) if tx.exists(DECISIONS) else None
        overrides.create_table(tx)
        if config.decision:
            told = overrides.decide(tx, **config.decision, run_id=context.run_id)
        n_rows, digest = table_fingerprint(tx.conn, DECISIONS)
        record_build(tx, DECISIONS, digest, digest, "1")
        report = tx.report(DECISIONS)
    return result_of(report, digest, before == (n_rows, digest), decision=told)


addresses = _table(
    "addresses",
    ["staging.listings"],
    "One row per address as written, with its parts, its key, and whether it could be read.",
    code_version=address_rules.RULE_VERSION,
    statements=["address_texts"],
    settings=lambda: {"library": address_rules.library_version()},
    counted=["parse_status", "address_key"],
    metadata=lambda table: {
        "n_by_status": address_rules.parse_counts(table),
        "n_unread": table.filter(pl.col("address_key").is_null()).height,
    },
)
property_links = _table(
    "property_links",
    ["staging.listings", "clean.addresses"],
    "Every way in which a listing named its home, the home it is of, the evidence and its score.",
    code_version=LINK_VERSION,
    statements=["home_records", "pair_records", "pair_functions"],
    step=lambda warehouse: making.property_links(warehouse, get_settings().n_threads),
    settings=lambda: {"library": linking.library_version()},
    counted=["evidence"],
    metadata=lambda table: {"n_by_evidence": linking.link_counts(table)},
)
listing_versions = _table(
    "listing_versions",
    ["staging.listings", "clean.property_links"],
    "Every accepted version of every listing, with its home and how long it was the latest known.",
    statements=["listing_versions"],
)
listings = _table(
    "listings",
    ["clean.listing_versions"],
    "The latest known version of every listing.",
    statements=["listings"],
)
contracts = _table(
    "contracts",
    ["clean.listing_versions"],
    "The day of the contract that led to each sale, where a version of the listing tells it.",
    statements=["contracts"],
)
sale_listings = _table(
    "sale_listings",
    ["clean.listing_versions"],
    "One row per closed listing: the listing that stands for its sale, and why.",
    code_version=copies.RULE_VERSION,
    statements=["closings"],
    counted=["evidence"],
    metadata=lambda table: {"n_copies": table.filter(pl.col("evidence") != "first").height},
)
sales = _table(
    "sales",
    ["clean.listing_versions", "clean.sale_listings", DECISIONS],
    "One row per real sale; excluded sales stay, with the rule or the analyst that excludes them.",
    code_version=RULE_VERSION,
    statements=["closings", "last_sale_decisions"],
    settings=lambda: {"rules": asdict(SALE_RULES)},
)
properties = _table(
    "properties",
    ["clean.listing_versions", "clean.sales"],
    "One row per home, as last known.",
    statements=["properties"],
)
exclusions = _table(
    "exclusions",
    ["clean.sales"],
    "The sales that no model learns from, each with its rule, the reason and who decided.",
    code_version=RULE_VERSION,
    settings=lambda: {"sentences": RULE_SENTENCES},
    counted=["rule_id"],
    metadata=lambda table: {"n_by_rule": sale_rules.rule_counts(table)},
)
