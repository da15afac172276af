"""multimodal.listing_photos: what the photos of a listing say together, and who may know it.

A listing's photos come with it: they are known on the tracks of a listing, `at_listing` and
`on_market`, and never `off_market`, which stands before there is one.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from realty_assets.features.tracks import AT_LISTING, ON_MARKET
from realty_assets.multimodal import embeddings_table
from realty_assets.multimodal.backbone import Backbone
from realty_assets.multimodal.pictures import PREPROCESSING
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

TABLE = "multimodal.listing_photos"
INPUTS = ("staging.photos", embeddings_table.TABLE)
CODE_VERSION = "1"
TRACKS = (AT_LISTING, ON_MARKET)
_VECTOR = pl.List(pl.Float32)
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "source": pl.String,
    "listing_key": pl.String,
    "backbone": pl.String,
    "n_photos": pl.Int32,
    "n_left_out": pl.Int32,
    "tracks": pl.List(pl.String),
    "photos_hash": pl.String,
    "mean_embedding": _VECTOR,
    "first_embedding": _VECTOR,
}


def listing_photos(warehouse: Warehouse, backbone: Backbone | None) -> pl.DataFrame:
    """One row per listing with a photo that has numbers, of the columns of SCHEMA.

    `mean_embedding` is the mean of its photos' vectors at length one, `first_embedding` that of the
    first it shows, both empty where all photos are left out; `photos_hash` names the photos and
    their order, so it and the network name the row.
    """
    if backbone is None:
        return pl.DataFrame(schema=SCHEMA)
    bound = {
        "backbone": backbone.key,
        "preprocessing": PREPROCESSING,
        "barred": list(embeddings_table.BARRED),
    }
    photos = warehouse.read(sql("multimodal/photos_pooled.sql").bind(**bound))
    hashes, vectors = embeddings_table.vectors(warehouse, backbone)
    row_of = {photo_hash: at for at, photo_hash in enumerate(hashes)}
    rows = []
    for (source, key), group in photos.group_by(["source", "listing_key"], maintain_order=True):
        pooled = group.filter("pooled")["photo_hash"].to_list()
        mean, first = _pooled(vectors[[row_of[one] for one in pooled]])
        told = "\n".join([PREPROCESSING, *pooled])
        rows.append(
            {
                "source": source,
                "listing_key": key,
                "backbone": backbone.key,
                "n_photos": len(pooled),
                "n_left_out": len(group) - len(pooled),
                "tracks": list(TRACKS),
                "photos_hash": hashlib.sha256(told.encode()).hexdigest(),
                "mean_embedding": mean,
                "first_embedding": first,
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def _pooled(vectors: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(mean, first) at length one of (n, n_dims) in their order; nothing of nothing."""
    if not len(vectors):
        return None, None
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit.mean(axis=0), unit[0]
