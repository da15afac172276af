"""Every feature: what it is, where it comes from, and on which tracks it may be known.

The matrix holds the columns of this registry and no others; a check fails when a column of a later
availability reaches an earlier track. What is said of each family stands beside its code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import polars as pl

from realty_assets.features.comparables import CompsSettings
from realty_assets.features.comparables_specs import comparables_specs
from realty_assets.features.encodings import encoding_specs
from realty_assets.features.feature import CODE_VERSION, Feature
from realty_assets.features.layers import Layer, layer_specs
from realty_assets.features.on_market import on_market_specs
from realty_assets.features.previous_sale import previous_specs
from realty_assets.features.seasonality import season_specs
from realty_assets.features.statistics import STATISTICS
from realty_assets.features.structure_specs import structure_specs
from realty_assets.features.tracks import OFF_MARKET, TRACKS, knows
from realty_assets.features.windows import window_specs

__all__ = [
    "CODE_VERSION",
    "TRACKS",
    "Feature",
    "barred",
    "features",
    "registry_frame",
    "registry_hash",
]


def features(
    comps: CompsSettings | None = None, layers: Sequence[Layer] = (), track: str = OFF_MARKET
) -> tuple[Feature, ...]:
    """All features that `track` may know, in the order of its matrix. Raises UnknownTrack."""
    every = (
        *structure_specs(),
        *comparables_specs(comps or CompsSettings()),
        *encoding_specs(),
        *window_specs(),
        *previous_specs(),
        *season_specs(),
        *layer_specs(layers),
        *on_market_specs(),
    )
    return tuple(spec for spec in every if knows(track, spec.availability))


def registry_frame(
    specs: Iterable[Feature], statistics: Mapping[str, Mapping[str, Any]] | None = None
) -> pl.DataFrame:
    """One row per feature: what it is, and `statistics` of it (as from statistics.py) by name.

    A family of which every feature is empty, or 0 in every row, has fallen away (`family_present`
    false).
    """
    known = statistics or {}
    rows = [
        {**asdict(spec), "source_columns": list(spec.source_columns), **known.get(spec.name, {})}
        for spec in specs
    ]
    present = {row["family"] for row in rows if _says_something(row)}
    rows = [row | {"family_present": row["family"] in present} for row in rows]
    texts = {field.name: pl.String() for field in fields(Feature)}
    schema: dict[str, pl.DataType] = {
        **texts,
        "source_columns": pl.List(pl.String()),
        "default_input": pl.Boolean(),
        **STATISTICS,
        "family_present": pl.Boolean(),
    }
    return pl.DataFrame(rows, schema=schema)


def _says_something(row: Mapping[str, Any]) -> bool:
    return row.get("n") is None or (row["n"] > 0 and (row["min"], row["max"]) != (0.0, 0.0))


def registry_hash(specs: Iterable[Feature]) -> str:
    """sha256 (hex) of everything the registry says of its features, their order included."""
    text = json.dumps([asdict(spec) for spec in specs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def barred(columns: Iterable[str], specs: Iterable[Feature], track: str) -> list[str]:
    """Of `columns`, those that `track` may not know or that no feature of the registry explains.

    Raises UnknownTrack.
    """
    allowed = {s.name for s in specs if knows(track, s.availability)}
    return sorted(set(columns) - allowed)
