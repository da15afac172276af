"""How fresh and how sound the tables are that a verdict rests on, read anew.

The checks of Dagster guard a run of everything; a run of this room alone, and a dry run, have none
to wait for. So their pure parts are asked here.
"""

from __future__ import annotations

from datetime import datetime, time

import polars as pl

from realty_assets.cleaning.audit import audit_exclusions, audit_links, audit_sales
from realty_assets.evaluation.splits import next_month
from realty_assets.features.audit import audit_matrix, late_comparables
from realty_assets.features.policy import read_policy
from realty_assets.features.registry import features
from realty_assets.modeling.home_models import ModelHome
from realty_assets.modeling.walk_forward import Market
from realty_assets.promotion.data_gates import DataState
from realty_assets.warehouse import Warehouse

# Promises of the cleaning room, with the tables that they are about.
PROMISES = (
    (
        audit_links,
        ("clean.listing_versions", "clean.property_links", "clean.addresses", "staging.listings"),
    ),
    (audit_sales, ("clean.sales", "clean.sale_listings", "clean.listing_versions")),
    (audit_exclusions, ("clean.sales", "clean.exclusions")),
)
COMPARABLES = "features.comparables"


def data_state(home: ModelHome, market: Market, predictions: pl.DataFrame) -> DataState:
    """The state of the data behind a verdict on `market`'s track; `predictions` are those of its
    headline walk. Promises about tables that a home has not made are not asked."""
    known = market.sales_frame.filter(pl.col("known_at") < datetime.combine(home.today, time()))
    newest = predictions["cutoff"].max() if len(predictions) else None
    return DataState(
        home.today,
        known["close_date"].max() if len(known) else None,  # type: ignore[arg-type]
        None if newest is None else next_month(newest),  # type: ignore[arg-type]
        {**_cleaning(home.warehouse), **_features(home, market)},
    )


def _cleaning(warehouse: Warehouse) -> dict[str, int]:
    n_wrong: dict[str, int] = {}
    for audit, tables in PROMISES:
        if all(warehouse.exists(table) for table in tables):
            n_wrong |= audit(warehouse).n_wrong
    return n_wrong


def _features(home: ModelHome, market: Market) -> dict[str, int]:
    specs = features(market.features.comps, market.features.layers, market.track)
    policy = read_policy(home.warehouse.home)
    n_wrong = audit_matrix(market.matrix, specs, market.track, policy).n_wrong
    if home.warehouse.exists(COMPARABLES):
        late = late_comparables(home.warehouse.read(COMPARABLES))
        n_wrong["no_comparable_from_the_future"] = len(late)
    return n_wrong
