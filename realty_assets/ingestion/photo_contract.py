"""The contract of staging.photos and staging.photo_gaps: columns, types, and what they may hold."""

from __future__ import annotations

import pandera.errors
import pandera.polars as pa
import polars as pl

from realty_assets.errors import RealtyError

CONTRACT_VERSION = "1"
# The main status of a photo is the first of its findings in this order.
UNREADABLE = ("refused", "missing", "corrupt", "truncated", "unsupported", "too_large")
STATUSES = (*UNREADABLE, "orphan", "duplicate", "stock_photo", "near_duplicate", "ok")


class PhotosOutOfContract(RealtyError):
    """What was made for staging does not keep its contract; nothing was written."""


def _count(says: str) -> pa.Column:
    return pa.Column(pl.Int64, pa.Check.ge(0), description=says)


photos = pa.DataFrameSchema(
    {
        "file_name": pa.Column(pl.String, description="path it came under, or a manifest's name"),
        "photo_hash": pa.Column(
            pl.String,
            pa.Check.str_matches(r"^[0-9a-f]{64}$"),
            nullable=True,
            description="sha256 of its bytes; empty: refused or missing",
        ),
        "path": pa.Column(
            pl.String,
            pa.Check.str_matches(r"^photos/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z]{3,4}$"),
            nullable=True,
            description="where the home keeps the bytes",
        ),
        "source": pa.Column(pl.String, nullable=True, description="source of the listing"),
        "listing_key": pa.Column(pl.String, nullable=True, description="listing it is filed under"),
        "photo_order": pa.Column(
            pl.Int32, pa.Check.ge(0), nullable=True, description="place among the listing's photos"
        ),
        "room": pa.Column(pl.String, nullable=True, description="room, where name or manifest say"),
        "n_bytes": pa.Column(pl.Int64, pa.Check.ge(0), nullable=True),
        "width": pa.Column(
            pl.Int32, pa.Check.ge(0), nullable=True, description="pixels, as stored"
        ),
        "height": pa.Column(
            pl.Int32, pa.Check.ge(0), nullable=True, description="pixels, as stored"
        ),
        "format": pa.Column(pl.String, nullable=True, description="what the bytes are"),
        "exif_orientation": pa.Column(pl.Int8, pa.Check.in_range(1, 8), nullable=True),
        "phash": pa.Column(
            pl.UInt64, nullable=True, description="perceptual hash of the upright picture"
        ),
        "status": pa.Column(pl.String, pa.Check.isin(STATUSES)),
        "findings": pa.Column(pl.List(pl.String), description="every status that applies"),
        "detail": pa.Column(pl.String, nullable=True, description="why, in sentences"),
    },
    strict=True,
    name="staging.photos",
)

photo_gaps = pa.DataFrameSchema(
    {
        "source": pa.Column(pl.String),
        "listing_key": pa.Column(pl.String),
        "photos_count": pa.Column(pl.Int32, description="what the listing's latest version says"),
        "n_came": _count("different photos that came"),
        "n_usable": _count("of them ok, stock or near-duplicate"),
        "n_missing": _count("photos_count less n_came"),
    },
    strict=True,
    name="staging.photo_gaps",
)


def kept(schema: pa.DataFrameSchema, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` itself. Raises PhotosOutOfContract naming the first breach."""
    try:
        return schema.validate(frame)
    except pandera.errors.SchemaError as error:
        told = str(error).split("\n", 1)[0]
        raise PhotosOutOfContract(f"{schema.name} does not keep its contract: {told}.") from error
