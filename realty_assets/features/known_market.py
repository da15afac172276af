"""The sales of a home as features and models read them: read once for as long as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from realty_assets.features.fits import Fits, kept_fits
from realty_assets.features.sales import Sales
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.fingerprint import content_hashes
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse, WarehouseMissing

SALES_INPUTS = ("clean.sales", "clean.contracts")


@dataclass(frozen=True)
class KnownMarket:
    """`frame` has one row per sale, with the day of its contract; `fits` are those of vintages that
    need not be made again, and what is fitted on the sales joins them."""

    frame: pl.DataFrame
    fits: Fits

    @cached_property
    def off_market(self) -> Sales:
        """What the sales teach on the off_market track."""
        return Sales(self.frame, fits=self.fits)

    def sales(self, track: str) -> Sales:
        """The sales as they stand on `track`. Raises UnknownTrack."""
        base = self.off_market
        if track == OFF_MARKET:
            return base
        # Made before the track parts from it, so that the tracks share them.
        _ = base.known_hashes, base.levels, base.previous, base.ranked, base.list_ratio_log
        return base.on(track)


# The newest answer: its home, the hashes of what it was read from, and the market.
_NEWEST: dict[str, tuple[dict[str, str], KnownMarket]] = {}


def known_market(warehouse: Warehouse) -> KnownMarket:
    """The sales of the home. Every face of a run asks for them: the newest answer is kept for as
    long as the tables hold what it was read from.

    Raises WarehouseMissing when they have not been made.
    """
    with warehouse.connect():  # hashes and rows of one moment: nobody else writes meanwhile
        contents = content_hashes(warehouse, SALES_INPUTS)
        if missing := sorted(set(SALES_INPUTS) - set(contents)):
            raise WarehouseMissing(
                f"{' and '.join(missing)} not made yet: `realty run cleaning` makes them."
            )
        kept = _NEWEST.get(warehouse.database)
        if kept is None or kept[0] != contents:
            _NEWEST.clear()  # one market at a time
            frame = warehouse.read(sql("features/sales.sql"))
            kept = contents, KnownMarket(frame, kept_fits(warehouse))
            _NEWEST[warehouse.database] = kept
    return kept[1]
