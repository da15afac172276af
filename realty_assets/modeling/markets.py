"""What modelling reads of a home: one market per track, and what earlier runs left behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from realty_assets.features.known_market import SALES_INPUTS, known_market
from realty_assets.features.matrix import FeatureSettings
from realty_assets.features.tracks import AT_LISTING, MATRICES, ON_MARKET, TRACKS
from realty_assets.fingerprint import content_hashes
from realty_assets.modeling.conformal import LISTING_INPUTS
from realty_assets.modeling.settings import ModelSettings, NotEnoughSales
from realty_assets.modeling.trials import SCHEMA, SEARCHED_AS, tuned, tuned_before
from realty_assets.modeling.walk_forward import Market
from realty_assets.modeling.windows import default_window
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

INPUTS = [*SALES_INPUTS, *MATRICES.values()]
# What a sale must have to stand on a track at all.
_NEEDED = {AT_LISTING: "a list date", ON_MARKET: "a list price"}
WALKED, TRIALS = "modeling.walk_forward", "modeling.trials"


@dataclass(frozen=True)
class Headline:
    """The window that a track's models are judged by: its first and last month."""

    track: str
    first: date
    last: date


def headlines(
    warehouse: Warehouse, today: date, n_months: int, settings: ModelSettings
) -> tuple[list[Headline], dict[str, NotEnoughSales]]:
    """(the headline window of every track that has one, what the others are short of)."""
    found, short = [], {}
    for track in TRACKS:
        times = warehouse.read(sql("modeling/sale_times.sql").bind(matrix=MATRICES[track]))
        try:
            found.append(Headline(track, *default_window(times, today, n_months, settings)))
        except NotEnoughSales as error:
            short[track] = error
    return found, short


def why_left_out(track: str, short: NotEnoughSales) -> str:
    """Why a track has no model, as a sentence; `short` as from `headlines`."""
    if short.have == 0 and track in _NEEDED:
        return f"No valid sale on record has {_NEEDED[track]}. {short}"
    return str(short)


def read_market(
    warehouse: Warehouse,
    track: str,
    features: FeatureSettings,
    settings: ModelSettings,
    n_threads: int,
) -> Market:
    """The market of one track."""
    with warehouse.connect():  # opened once for all that is read
        known, matrix = known_market(warehouse), warehouse.read(MATRICES[track])
    return Market(known.frame, known.sales(track), matrix, features, settings, n_threads, track)


def read_tuned(
    warehouse: Warehouse, track: str, settings: ModelSettings, window_from: date
) -> ModelSettings:
    """`settings` as the search before the window left them."""
    return tuned(settings, read_trials(warehouse), track, window_from)


def read_trials(warehouse: Warehouse) -> pl.DataFrame:
    """modeling.trials; without rows before the first search."""
    return warehouse.read(TRIALS) if warehouse.exists(TRIALS) else pl.DataFrame(schema=SCHEMA)


def read_walked(warehouse: Warehouse, track: str) -> pl.DataFrame | None:
    """Walk-forward rows of one track, None before there are any."""
    if not warehouse.exists(WALKED):
        return None
    rows = warehouse.read(sql("modeling/walked.sql").bind(track=track))
    return rows if track == ON_MARKET else rows.drop(LISTING_INPUTS, strict=False)


def searches(found: list[Headline]) -> Iterator[tuple[str, date]]:
    """(track, day before which it is tuned) of every headline that has a search of its own."""
    for headline in found:
        if SEARCHED_AS[headline.track] == headline.track:
            yield headline.track, tuned_before(headline.first)


def snapshot(warehouse: Warehouse) -> dict[str, str]:
    """Content hash of each table that markets are read from, as it stands."""
    return content_hashes(warehouse, INPUTS)


def data_hash_of(tables: Mapping[str, str]) -> str:
    """One hash for tables by their content hashes."""
    return hashlib.sha256(json.dumps(sorted(tables.items())).encode()).hexdigest()
