"""serving.listing_valuations: active listings as the tracks see them that know of the listing."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.features.tracks import AT_LISTING, ON_MARKET
from realty_assets.serving.batches import asked
from realty_assets.serving.champion import champion, champion_tracks
from realty_assets.serving.valuations import COLUMNS, FIGURES, value_homes
from realty_assets.warehouse import Warehouse

LISTING_TRACKS = (AT_LISTING, ON_MARKET)
_TYPES = {
    **dict.fromkeys(COLUMNS, pl.String),
    **dict.fromkeys(FIGURES, pl.Float64),
    **dict.fromkeys(("list_price", "latitude", "longitude", "living_area"), pl.Float64),
    **dict.fromkeys(("bathrooms_total",), pl.Float64),
    **dict.fromkeys(("bedrooms_total", "year_built"), pl.Int32),
    "as_of": pl.Date,
}


def value_listings(warehouse: Warehouse, today: date) -> pl.DataFrame:
    """One row per active listing and track that has a champion: its value, or the reason why not.

    The tracks answer different questions (what should it list for; what will it fetch), so their
    values are never set beside those of off_market without saying so. Empty without a champion.
    """
    parts = [pl.DataFrame(schema=_TYPES)]
    for track in LISTING_TRACKS:
        if track in champion_tracks(warehouse):
            valuer = champion(warehouse, track)
            parts.append(value_homes(valuer, *asked(warehouse, track), today))
    return pl.concat(parts, how="vertical_relaxed")
