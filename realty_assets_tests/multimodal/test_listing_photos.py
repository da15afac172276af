"""What the photos of a listing say together: each once, in their order, and who may know it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from realty_assets.features.tracks import OFF_MARKET
from realty_assets.multimodal import embeddings_table
from realty_assets.multimodal.embedding import Embedded
from realty_assets.multimodal.listing_photos import listing_photos
from realty_assets.warehouse import Warehouse
from realty_assets_tests.multimodal.photo_homes import packaged

# listing, order, photo, findings
PHOTOS = [
    ("1", 2, "a", []),
    ("1", 1, "b", []),
    ("1", 3, "a", ["duplicate"]),
    ("1", 4, "c", ["near_duplicate"]),
    ("2", 1, "d", ["stock_photo"]),
    ("3", 1, "lost", ["corrupt"]),
    ("4", None, "c", []),
]


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    made = Warehouse.at(home / "warehouse.duckdb")
    frame = pl.DataFrame(
        PHOTOS,
        orient="row",
        schema={
            "listing_key": pl.String,
            "photo_order": pl.Int32,
            "photo_hash": pl.String,
            "findings": pl.List(pl.String),
        },
    ).with_columns(source=pl.lit("har"), file_name=pl.col("photo_hash") + ".jpg")
    made.replace("staging.photos", frame)
    vectors = dict(zip("abcd", 2 * np.eye(4, dtype=np.float32), strict=True))
    with made.transaction() as tx:
        embeddings_table.create_table(tx)
        told = [Embedded(one, "ok", None, vector) for one, vector in vectors.items()]
        embeddings_table.write(tx, packaged(), told, None)
    return made


def test_each_photo_counts_once_in_the_order_of_the_listing(warehouse: Warehouse) -> None:
    rows = {row["listing_key"]: row for row in listing_photos(warehouse, packaged()).to_dicts()}
    assert set(rows) == {"1", "2", "4"}
    assert (rows["1"]["n_photos"], rows["1"]["n_left_out"]) == (2, 1)
    assert rows["1"]["mean_embedding"] == [0.5, 0.5, 0, 0]
    assert rows["1"]["first_embedding"] == [0, 1, 0, 0]
    assert (rows["2"]["n_photos"], rows["2"]["mean_embedding"]) == (0, None)
    assert rows["4"]["first_embedding"] == [0, 0, 1, 0]


def test_the_photos_of_a_listing_are_never_known_before_it(warehouse: Warehouse) -> None:
    found = listing_photos(warehouse, packaged())
    assert not found["tracks"].list.contains(OFF_MARKET).any()
    assert found["tracks"].list.len().min() == 2
    assert listing_photos(warehouse, None).is_empty()
