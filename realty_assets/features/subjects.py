"""Who gets a row in the matrix: every sale, and every home that wants a value today."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.features.sales import sale_as_of
from realty_assets.features.structure import ATTRIBUTES, GROUPS, with_inputs

TRACK = "off_market"
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


def sale_subjects(sales: pl.DataFrame) -> pl.DataFrame:
    """Every sale with a date and a price, excluded ones among them: they are judged too."""
    dated = sales.filter(pl.col("close_date").is_not_null() & (pl.col("close_price") > 0))
    return _shaped(dated.with_columns(as_of=sale_as_of(), role=pl.lit("sale")))


def today_subjects(listings: pl.DataFrame, properties: pl.DataFrame, today: date) -> pl.DataFrame:
    """Active listings; and the known properties of sources that have no active listing.

    One row per listing or property, as_of today, no price.
    """
    active = listings.filter(pl.col("standard_status") == "Active")
    busy = active["source"].unique().to_list()
    quiet = properties.filter(~pl.col("source").is_in(busy))
    if "first_known_at" in quiet.columns:
        quiet = quiet.with_columns(known_at=pl.col("first_known_at"))
    parts = [(active, "active"), (quiet.with_columns(listing_key=pl.lit(None)), "property")]
    return pl.concat(
        [
            _shaped(
                frame.with_columns(
                    as_of=pl.lit(today),
                    role=pl.lit(role),
                    close_date=pl.lit(None, dtype=pl.Date),
                    close_price=pl.lit(None, dtype=pl.Float64),
                    excluded_by=pl.lit(None, dtype=pl.String),
                )
            )
            for frame, role in parts
        ]
    )


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    """The subject columns, typed, in one order, sorted by a stable key."""
    shaped = with_inputs(frame).with_columns(
        pl.lit(TRACK).alias("track"),
        pl.col("known_at").cast(pl.Datetime("us")),
        pl.col("close_date").cast(pl.Date),
        pl.col("as_of").cast(pl.Date),
        pl.col("close_price").cast(pl.Float64),
        *(pl.col(name).cast(pl.String) for name in _TEXTS),
    )
    return shaped.select(*IDENTITY, *GROUPS, *ATTRIBUTES).sort(
        "role", "as_of", "listing_key", "property_key"
    )
