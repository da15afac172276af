"""Checks of serving: every home that was asked for is there once, and its figures make sense."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from realty_assets.faces import severity_of_published
from realty_assets.serving.champion import champion_tracks
from realty_assets.serving.listing_valuations import LISTING_TRACKS
from realty_assets.statements import SqlFile, sql
from realty_assets.warehouse import Warehouse

EXAMPLES = 10


def _whole(
    name: str, asked: Callable[[Warehouse], SqlFile], description: str
) -> dg.AssetChecksDefinition:
    """The check that serving/<name> holds what was `asked` for (source, listing_key, track)."""

    @dg.asset_check(
        name=f"{name}_are_whole",
        asset=["serving", name],
        blocking=True,
        pool="duckdb",
        description=description,
    )
    def check(warehouse: Warehouse) -> dg.AssetCheckResult:
        table = f"serving.{name}"
        wanted = sql("serving/valuations_wrong.sql").bind(valuations=table)
        wrong = warehouse.read(wanted.over(asked=asked(warehouse)))
        outcomes = warehouse.read(sql("serving/outcomes.sql").bind(valuations=table))
        return dg.AssetCheckResult(
            passed=wrong.is_empty(),
            severity=severity_of_published(warehouse),
            metadata={
                "wrong_rows": wrong.height,
                "examples": dg.MetadataValue.json(wrong.head(EXAMPLES).to_dicts()),
                "outcomes": dg.MetadataValue.json(outcomes.to_dicts()),
            },
        )

    return check


def _homes_asked(warehouse: Warehouse) -> SqlFile:
    return sql("serving/homes_asked.sql").over(subjects=sql("serving/subjects.sql"))


def _listings_asked(warehouse: Warehouse) -> SqlFile:
    tracks = [track for track in champion_tracks(warehouse) if track in LISTING_TRACKS]
    return sql("serving/listings_asked.sql").bind(tracks=tracks)


valuations_are_whole = _whole(
    "valuations",
    _homes_asked,
    "Each subject has one row; a value lies inside its interval; no value, a reason.",
)
listing_valuations_are_whole = _whole(
    "listing_valuations",
    _listings_asked,
    "Each active listing has one row on each listing track that has a champion; a value lies "
    "inside its interval; no value, a reason; no on_market value without a list price.",
)


@dg.asset_check(
    asset=["serving", "shadow_valuations"],
    pool="duckdb",
    description="A batch and its shadow are of the same homes.",
)
def shadows_are_of_the_same_homes(warehouse: Warehouse) -> dg.AssetCheckResult:
    wrong = warehouse.read(sql("serving/shadow_wrong.sql"))
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        metadata={
            "n_wrong": wrong.height,
            "examples": dg.MetadataValue.json(wrong.head(EXAMPLES).to_dicts()),
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
