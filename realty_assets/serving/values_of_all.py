"""serving.valuations: what the champion of off_market says of every home that wants a value."""

from __future__ import annotations

from datetime import date

import polars as pl

from realty_assets.features.tracks import OFF_MARKET
from realty_assets.serving.batches import asked
from realty_assets.serving.champion import champion, stepped_down
from realty_assets.serving.valuations import TAKEN_DOWN, unspoken, value_homes
from realty_assets.warehouse import Warehouse


def value_all(warehouse: Warehouse, today: date) -> pl.DataFrame:
    """One row per home: its value, or the reason why not. A champion that a person took down leaves
    rows without values, so that nothing of it is served as current. Raises NoChampion where there
    never was one."""
    subjects, features = asked(warehouse, OFF_MARKET)
    if down := stepped_down(warehouse, OFF_MARKET):
        return unspoken(subjects, OFF_MARKET, today, down.model_version, TAKEN_DOWN)
    return value_homes(champion(warehouse), subjects, features, today)
