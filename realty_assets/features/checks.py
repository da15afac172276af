"""Blocking checks of each track's matrix: nothing later than as_of, nothing it may not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from realty_assets.features import registry
from realty_assets.features.assets import feature_settings
from realty_assets.features.audit import audit_matrix, late_comparables
from realty_assets.features.policy import read_policy
from realty_assets.features.tracks import MATRICES
from realty_assets.settings import get_settings
from realty_assets.warehouse import Warehouse

EXAMPLES = 5
NAMES = {
    "nothing_from_the_future": "The latest known_at that fed a row lies strictly before its as_of.",
    "only_what_the_track_may_know": (
        "Every column is a feature that the track may know, or says which row it is."
    ),
    "one_row_per_subject": "No sale and no home to be valued stands in the matrix twice.",
    "no_barred_features": (
        "Nothing that the policy bars (protected classes, people's names) is a feature."
    ),
}


def _checks(track: str) -> dg.AssetChecksDefinition:
    """The four checks of one track's matrix, which is read once."""
    key = MATRICES[track].split(".")

    @dg.multi_asset_check(
        name=f"{key[1]}_is_sound",
        specs=[
            dg.AssetCheckSpec(name, asset=key, blocking=True, description=text)
            for name, text in NAMES.items()
        ],
        pool="duckdb",
    )
    def face(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
        settings = feature_settings()
        specs = registry.features(settings.comps, settings.layers, track)
        policy = read_policy(get_settings().home)
        found = audit_matrix(warehouse.read(MATRICES[track]), specs, track, policy)
        examples = found.late["listing_key"].head(EXAMPLES).to_list()
        told: dict[str, dict[str, Any]] = {
            "nothing_from_the_future": {
                "n_late_rows": len(found.late),
                "examples": dg.MetadataValue.json(examples),
            },
            "only_what_the_track_may_know": {"barred": dg.MetadataValue.json(found.barred)},
            "one_row_per_subject": {"n_repeated": found.n_repeated},
            "no_barred_features": {"barred": dg.MetadataValue.json(found.breached)},
        }
        for name, n_wrong in found.n_wrong.items():
            yield dg.AssetCheckResult(
                check_name=name, asset_key=key, passed=n_wrong == 0, metadata=told[name]
            )

    return face


off_market_checks, at_listing_checks, on_market_checks = (_checks(track) for track in MATRICES)


@dg.asset_check(
    asset=["features", "comparables"],
    blocking=True,
    pool="duckdb",
    description="Every comparable closed before its subject's as_of, and is not the subject.",
)
def no_comparable_from_the_future(warehouse: Warehouse) -> dg.AssetCheckResult:
    late = late_comparables(warehouse.read("features.comparables"))
    return dg.AssetCheckResult(passed=late.is_empty(), metadata={"n_late": len(late)})
