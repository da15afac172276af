"""Who is valued in a batch of a track, and by which features: the same for whoever values them."""

from __future__ import annotations

import polars as pl

from realty_assets.features.tracks import MATRICES, OFF_MARKET
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse


def table_of(track: str) -> str:
    """The table with the values of a track."""
    return "serving.valuations" if track == OFF_MARKET else "serving.listing_valuations"


def asked(warehouse: Warehouse, track: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(subjects, their features) as `value_homes` takes them: on off_market every home that wants
    a value, on the other tracks active listings."""
    subjects = warehouse.read(sql("serving/subjects.sql"))
    if track == OFF_MARKET:
        return subjects, warehouse.read(sql("serving/features_of_homes.sql"))
    features = sql("serving/features_of_listings.sql").bind(matrix=MATRICES[track])
    return subjects.filter(pl.col("role") == "active"), warehouse.read(features)
