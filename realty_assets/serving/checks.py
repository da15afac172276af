"""Checks of serving: every home that was asked for is there once, and its figures make sense."""

from __future__ import annotations

import dagster as dg

from realty_assets.serving.champion import champion_tracks
from realty_assets.serving.listing_valuations import LISTING_TRACKS
from realty_assets.warehouse import Warehouse, sql

EXAMPLES = 10


@dg.asset_check(
    asset=["serving", "valuations"],
    blocking=True,
    pool="duckdb",
    description="Each subject has one row; a value lies inside its interval; no value, a reason.",
)
def valuations_are_whole(warehouse: Warehouse) -> dg.AssetCheckResult:
    asked = sql("serving/subjects.sql")
    wrong = warehouse.read(sql("serving/valuations_wrong.sql").over(asked=asked))
    outcomes = warehouse.read(sql("serving/outcomes.sql"))
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        metadata={
            "wrong_rows": wrong.height,
            "examples": dg.MetadataValue.json(wrong.head(EXAMPLES).to_dicts()),
            "outcomes": dg.MetadataValue.json(outcomes.to_dicts()),
        },
    )


@dg.asset_check(
    asset=["serving", "listing_valuations"],
    blocking=True,
    pool="duckdb",
    description=(
        "Each active listing has one row on each listing track that has a champion; a value lies "
        "inside its interval; no value, a reason; no on_market value without a list price."
    ),
)
def listing_valuations_are_whole(warehouse: Warehouse) -> dg.AssetCheckResult:
    tracks = [track for track in champion_tracks(warehouse) if track in LISTING_TRACKS]
    asked = sql("serving/listings_asked.sql").bind(tracks=tracks)
    wrong = warehouse.read(sql("serving/listing_valuations_wrong.sql").over(asked=asked))
    outcomes = warehouse.read(sql("serving/listing_outcomes.sql"))
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        metadata={
            "wrong_rows": wrong.height,
            "examples": dg.MetadataValue.json(wrong.head(EXAMPLES).to_dicts()),
            "outcomes": dg.MetadataValue.json(outcomes.to_dicts()),
        },
    )


@dg.asset_check(
    asset=["serving", "valuations"],
    additional_deps=[["analysis", "attributions"]],
    pool="duckdb",
    description="A published value is what its parts sum to, where both are of one model.",
)
def values_are_what_their_parts_sum_to(warehouse: Warehouse) -> dg.AssetCheckResult:
    if not warehouse.exists("analysis.attributions"):
        return dg.AssetCheckResult(passed=True, metadata={"n_compared": 0})
    compared = warehouse.read(sql("serving/attributions_compared.sql"))
    wrong = compared.filter("differs")
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        metadata={
            "n_compared": compared.height,
            "n_wrong": wrong.height,
            "examples": dg.MetadataValue.json(wrong.head(EXAMPLES).to_dicts()),
        },
    )
