"""The contract of staging.photos and staging.photo_gaps: columns, types, and what they may hold."""

from __future__ import annotations

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.ingestion.contract_columns import Column, Contract

CONTRACT_VERSION = "1"
# The main status of a photo is the first of its findings in this order.
UNREADABLE = ("refused", "missing", "corrupt", "truncated", "unsupported", "too_large")
STATUSES = (*UNREADABLE, "orphan", "duplicate", "stock_photo", "near_duplicate", "ok")


class PhotosOutOfContract(RealtyError):
    """What was made for staging does not keep its contract; nothing was written."""


def _maybe(kind: type[pl.DataType], says: str = "", low: int | None = None) -> Column:
    """A column that may be empty."""
    return Column(kind, says, low, required=False)


def _count(says: str) -> Column:
    return Column(pl.Int64, says, 0)


photos = Contract(
    "staging.photos",
    {
        "file_name": Column(pl.String, "path it came under, or a manifest's name"),
        "photo_hash": Column(
            pl.String,
            "sha256 of its bytes; empty: refused or missing",
            form=r"^[0-9a-f]{64}$",
            required=False,
        ),
        "path": Column(
            pl.String,
            "where the home keeps the bytes",
            form=r"^photos/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z]{3,4}$",
            required=False,
        ),
        "source": _maybe(pl.String, "source of the listing"),
        "listing_key": _maybe(pl.String, "listing it is filed under"),
        "photo_order": _maybe(pl.Int32, "place among the listing's photos", 0),
        "room": _maybe(pl.String, "room, where name or manifest say"),
        "n_bytes": _maybe(pl.Int64, low=0),
        "width": _maybe(pl.Int32, "pixels, as stored", 0),
        "height": _maybe(pl.Int32, "pixels, as stored", 0),
        "format": _maybe(pl.String, "what the bytes are"),
        "exif_orientation": Column(pl.Int8, low=1, high=8, required=False),
        "phash": _maybe(pl.UInt64, "perceptual hash of the upright picture"),
        "status": Column(pl.String, one_of=STATUSES),
        "findings": Column(pl.List(pl.String), "every status that applies"),
        "detail": _maybe(pl.String, "why, in sentences"),
    },
)

photo_gaps = Contract(
    "staging.photo_gaps",
    {
        "source": Column(pl.String),
        "listing_key": Column(pl.String),
        "photos_count": Column(pl.Int32, "what the listing's latest version says"),
        "n_came": _count("different photos that came"),
        "n_usable": _count("of them ok, stock or near-duplicate"),
        "n_missing": _count("photos_count less n_came"),
    },
)


def kept(contract: Contract, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` itself. Raises PhotosOutOfContract naming the first breach."""
    from pandera.errors import SchemaError

    try:
        return contract.schema.validate(frame)
    except SchemaError as error:
        told = str(error).split("\n", 1)[0]
        raise PhotosOutOfContract(f"{contract.name} does not keep its contract: {told}.") from error
