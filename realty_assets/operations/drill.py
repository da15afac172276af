"""Does a home still give the values that it gave? Ten stored values of each track, made again.

The champions are loaded from their folders and fed with the matrix that stands; bit for bit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import polars as pl

from realty_assets.features.tracks import MATRICES, OFF_MARKET, TRACKS
from realty_assets.modeling.model import Valuer
from realty_assets.serving.champion import NoChampion, champion, champion_tracks
from realty_assets.serving.valuations import COLUMNS, StaleFeatures, value_homes
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

HOMES = 10
KEYS = ["source", "property_key", "listing_key"]
State = Literal["reproduced", "differs", "stale", "failed", "no champion", "no values"]


@dataclass(frozen=True)
class Drilled:
    """What came of one track; `homes` are the listing keys that were valued again, `differing`
    those whose value is another."""

    track: str
    state: State
    model_version: str | None
    n: int
    homes: tuple[str, ...]
    differing: tuple[str, ...]
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"homes": list(self.homes), "differing": list(self.differing)}


def drill(warehouse: Warehouse, most: int = HOMES) -> list[Drilled]:
    """The drill on every track of a home; nothing is written."""
    speaking = champion_tracks(warehouse)
    return [
        _drilled(warehouse, track, most)
        if track in speaking
        else Drilled(track, "no champion", None, 0, (), (), "no model speaks for this track")
        for track in TRACKS
    ]


def _drilled(warehouse: Warehouse, track: str, most: int) -> Drilled:
    def told(state: State, detail: str, valuer: Valuer | None = None) -> Drilled:
        version = valuer.model_version if valuer else None
        return Drilled(track, state, version, 0, (), (), detail)

    try:
        valuer = champion(warehouse, track)
    except NoChampion as error:
        return told("failed", str(error))
    table = "serving.valuations" if track == OFF_MARKET else "serving.listing_valuations"
    if not warehouse.exists(table):
        return told("no values", f"there is no table {table}", valuer)
    stored = _ten(warehouse.read(table).filter(pl.col("track") == track), most)
    if stored.is_empty():
        return told("no values", f"{table} holds no value of this track", valuer)
    if set(stored["model_version"]) != {valuer.model_version}:
        return told("stale", f"{table} is of another model than the champion", valuer)
    try:
        made = _again(warehouse, valuer, stored)
    except StaleFeatures as error:
        return told("stale", str(error), valuer)
    differing = tuple(
        key
        for key, new, old in zip(
            stored["listing_key"], made.iter_rows(), stored.iter_rows(), strict=True
        )
        if new != old
    )
    return Drilled(
        track,
        "differs" if differing else "reproduced",
        valuer.model_version,
        stored.height,
        tuple(stored["listing_key"].to_list()),
        differing,
        f"{stored.height - len(differing)} of {stored.height} values made again, bit for bit",
    )


def _ten(valued: pl.DataFrame, most: int) -> pl.DataFrame:
    """`most` valued rows, spread evenly over the table in the order of KEYS."""
    rows = valued.filter(pl.col("value").is_not_null()).sort(KEYS)
    picked = sorted({i * rows.height // most for i in range(most)}) if rows.height else []
    return rows[picked].select(COLUMNS)


def _again(warehouse: Warehouse, valuer: Valuer, stored: pl.DataFrame) -> pl.DataFrame:
    """The rows of `stored` (COLUMNS), valued anew, in its order."""
    subjects = warehouse.read(sql("serving/subjects.sql"))
    if valuer.track == OFF_MARKET:
        features = warehouse.read(sql("serving/features_of_homes.sql"))
    else:
        subjects = subjects.filter(pl.col("role") == "active")
        query = sql("serving/features_of_listings.sql").bind(matrix=MATRICES[valuer.track])
        features = warehouse.read(query)
    asked = subjects.join(stored.select(KEYS), on=KEYS, how="semi")
    made = value_homes(valuer, asked, features, stored["as_of"][0])
    return (
        stored.select(KEYS).join(made, on=KEYS, how="left", maintain_order="left").select(COLUMNS)
    )
