"""The sales of a home as features and models read them: read once for as long as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from realty_assets.features.fits import kept_fits
from realty_assets.features.sales import Sales
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.warehouse import Warehouse, WarehouseMissing, sql

SALES_INPUTS = ("clean.sales", "clean.contracts")


@dataclass(frozen=True)
class KnownMarket:
    """`frame` has one row per sale, with the day of its contract; `off_market` is what it teaches
    on that track. What is fitted on the sales is kept with them (`off_market.fits`)."""

    frame: pl.DataFrame
    off_market: Sales

    def sales(self, track: str) -> Sales:
        """The sales as they stand on `track`. Raises UnknownTrack."""
        if track == OFF_MARKET:
            return self.off_market
        # Made here, so that the tracks share them.
        _ = self.off_market.known_hashes, self.off_market.levels
        return self.off_market.on(track)


def known_market(warehouse: Warehouse) -> KnownMarket:
    """The sales of the home. Every face of a run asks for them: the newest answer is kept, under
    the hash of what it was read from.

    Raises WarehouseMissing when they have not been made.
    """
    found = warehouse.read(sql("ledger/content_hashes.sql").bind(tables=list(SALES_INPUTS)))
    contents = tuple(sorted(found.iter_rows()))
    if missing := set(SALES_INPUTS) - {table for table, _ in contents}:
        raise WarehouseMissing(f"{', '.join(sorted(missing))} has not been made yet.")
    return _read(warehouse.database, contents)


@lru_cache(maxsize=1)
def _read(database: str, contents: tuple[tuple[str, str], ...]) -> KnownMarket:
    warehouse = Warehouse.at(database)
    frame = warehouse.read(sql("features/sales.sql"))
    return KnownMarket(frame, Sales(frame, fits=kept_fits(warehouse)))
