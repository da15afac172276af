"""Homes with photos for the tests of what looks at them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from realty_assets.multimodal.backbone import DEFAULT, Backbone, chosen
from realty_assets.multimodal.embeddings_table import Made, make_embeddings
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.pictures import put

MAX_PIXELS = 10_000_000


def packaged() -> Backbone:
    backbone = chosen(DEFAULT, None, None)
    assert backbone is not None
    return backbone


def staged(home: Path, pictures: Iterable[bytes]) -> Warehouse:
    """A home whose store holds `pictures`, each of them a photo of a listing of its own."""
    warehouse, rows = Warehouse.at(home / "warehouse.duckdb"), []
    for n, data in enumerate(pictures):
        photo_hash = hashlib.sha256(data).hexdigest()
        path = f"photos/{photo_hash[:2]}/{photo_hash}.jpg"
        put(home / path, data)
        rows.append({"photo_hash": photo_hash, "path": path, "listing_key": str(n)})
    none = pl.Series([[] for _ in rows], dtype=pl.List(pl.String))
    warehouse.replace("staging.photos", pl.DataFrame(rows).with_columns(findings=none))
    return warehouse


def embedded(warehouse: Warehouse, backbone: Backbone | None, n_threads: int = 2) -> Made:
    return make_embeddings(warehouse, backbone, n_threads=n_threads, max_pixels=MAX_PIXELS)
