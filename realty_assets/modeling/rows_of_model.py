"""From a model back to the rows that it was trained on."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.features.tracks import MATRICES
from realty_assets.modeling.markets import data_hash_of, snapshot
from realty_assets.modeling.points import usable_for_training
from realty_assets.warehouse import Warehouse

COLUMNS = ("listing_key", "property_key", "as_of", "close_date", "close_price", "known_at")
# What else tells whether a model could learn from a row.
JUDGED_BY = ("role", "excluded_by", "hedonic_log_value")


def training_rows(
    warehouse: Warehouse, track: str, cutoff: date, data_hash: str
) -> pl.DataFrame | None:
    """COLUMNS of the sales that a model of `track` learned from at `cutoff`, in a stable order.

    None when the tables are no longer those that `data_hash` names: then nobody can say.
    """
    if data_hash_of(snapshot(warehouse)) != data_hash:
        return None
    rows = warehouse.read(MATRICES[track], columns=[*COLUMNS, *JUDGED_BY])
    rows = rows.filter(usable_for_training(cutoff))
    return rows.select(COLUMNS).sort("as_of", "listing_key", "property_key", "close_price")
