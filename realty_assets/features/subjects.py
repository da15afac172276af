"""Who gets a row in the matrix: every sale, and every home that wants a value today."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.features.structure import ATTRIBUTES, GROUPS, with_inputs
from realty_assets.features.tracks import (
    LISTING_FACTS,
    OFF_MARKET,
    ON_MARKET,
    sale_as_of,
    with_facts,
)

# Which home, and what is told of its sale; never shown to a model.
IDENTITY: tuple[str, ...] = (
    "listing_key",
    "property_key",
    "parcel_number",
    "track",
    "role",
    "as_of",
    "known_at",
    "close_date",
    "close_price",
    "excluded_by",
)
_TEXTS = ("listing_key", "property_key", "parcel_number", "excluded_by")


def sale_subjects(sales: pl.DataFrame, track: str = OFF_MARKET) -> pl.DataFrame:
    """Every sale with a date, a price and a place on `track`, excluded ones among them: they are
    judged too."""
    dated = with_facts(sales).filter(
        pl.col("close_date").is_not_null() & (pl.col("close_price") > 0)
    )
    placed = dated.with_columns(as_of=sale_as_of(track), role=pl.lit("sale"))
    return _shaped(placed.filter(pl.col("as_of").is_not_null()), track)


def today_subjects(
    listings: pl.DataFrame, properties: pl.DataFrame, today: date, track: str = OFF_MARKET
) -> pl.DataFrame:
    """Active listings; on the off_market track also the known properties of sources that have no
    active listing, on the on_market track only listings with a price.

    One row per listing or property, as_of today, no sale price.
    """
    active = with_facts(listings.filter(pl.col("standard_status") == "Active"))
    if track == ON_MARKET:
        active = active.filter(pl.col("list_price") > 0)
    parts = [(active, "active")]
    if track == OFF_MARKET:
        busy = active["source"].unique().to_list()
        quiet = properties.filter(~pl.col("source").is_in(busy))
        if "first_known_at" in quiet.columns:
            quiet = quiet.with_columns(known_at=pl.col("first_known_at"))
        parts.append((with_facts(quiet.with_columns(listing_key=pl.lit(None))), "property"))
    return pl.concat(
        [
            _shaped(
                frame.with_columns(
                    as_of=pl.lit(today),
                    role=pl.lit(role),
                    close_date=pl.lit(None, dtype=pl.Date),
                    close_price=pl.lit(None, dtype=pl.Float64),
                    excluded_by=pl.lit(None, dtype=pl.String),
                ),
                track,
            )
            for frame, role in parts
        ]
    )


def asked_subjects(homes: pl.DataFrame, as_of: date, track: str = OFF_MARKET) -> pl.DataFrame:
    """Homes that somebody asks for, one row each, in the order given; no price.

    `homes` has listing_key, property_key, parcel_number (null where not known), role, known_at, and
    what is known of the attributes and groups, on the on_market track of the listing's facts too.
    """
    return _typed(
        with_facts(homes).with_columns(
            as_of=pl.lit(as_of),
            close_date=pl.lit(None, dtype=pl.Date),
            close_price=pl.lit(None, dtype=pl.Float64),
            excluded_by=pl.lit(None, dtype=pl.String),
        ),
        track,
    )


def _shaped(frame: pl.DataFrame, track: str) -> pl.DataFrame:
    """The subject columns, typed, in one order, sorted by a stable key."""
    return _typed(frame, track).sort("role", "as_of", "listing_key", "property_key")


def _typed(frame: pl.DataFrame, track: str) -> pl.DataFrame:
    """The subject columns, typed."""
    shaped = with_inputs(frame).with_columns(
        pl.lit(track).alias("track"),
        pl.col("known_at").cast(pl.Datetime("us")),
        pl.col("close_date").cast(pl.Date),
        pl.col("as_of").cast(pl.Date),
        pl.col("close_price").cast(pl.Float64),
        *(pl.col(name).cast(pl.String) for name in _TEXTS),
    )
    facts = LISTING_FACTS if track == ON_MARKET else ()
    return shaped.select(*IDENTITY, *GROUPS, *ATTRIBUTES, *facts)
