"""The three tracks: on which day a valuation stands, and so what may be known of the home.

`off_market` (list-blind) stands on the day before the listing; `at_listing` (price-blind) on the
day of it; `on_market` (list-informed) on the day before the contract. Where no version of a listing
was seen under contract, the day before the close stands in for it.
"""

from __future__ import annotations

import polars as pl

TRACKS = ("off_market", "at_listing", "on_market")
OFF_MARKET, AT_LISTING, ON_MARKET = TRACKS
# The table of each track's feature matrix.
MATRICES: dict[str, str] = {
    OFF_MARKET: "features.matrix",
    AT_LISTING: "features.matrix_at_listing",
    ON_MARKET: "features.matrix_on_market",
}
# In words: the question that a track answers, the day that its value stands on, what it may know.
QUESTIONS: dict[str, str] = {
    OFF_MARKET: "What is a home worth that nobody has listed?",
    AT_LISTING: "What should a home that is about to be listed ask for?",
    ON_MARKET: "What will a listed home fetch?",
}
STANDS_ON: dict[str, str] = {
    OFF_MARKET: "the day before the listing; without a list date, the day before the close",
    AT_LISTING: "the day of the listing",
    ON_MARKET: "the day before the contract; where none was seen, the day before the close",
}
MAY_KNOW: dict[str, str] = {
    OFF_MARKET: "the home's own facts and past sales around it; nothing of its listing",
    AT_LISTING: "what the listing says of the home, but not its price",
    ON_MARKET: "everything that was published, the list price and its cuts among it",
}
# Facts of a listing that only the on_market track may know.
LISTING_FACTS: tuple[str, ...] = ("list_price", "original_list_price", "listing_contract_date")


class UnknownTrack(ValueError):
    """There is no such track."""

    def __init__(self, track: str) -> None:
        super().__init__(f"unknown track {track!r}: one of {', '.join(TRACKS)}")


def knows(track: str, availability: str) -> bool:
    """Whether `track` may know what becomes available with `availability` (both of TRACKS).

    Raises UnknownTrack.
    """
    for name in (track, availability):
        if name not in TRACKS:
            raise UnknownTrack(name)
    return TRACKS.index(availability) <= TRACKS.index(track)


def sale_as_of(track: str = OFF_MARKET) -> pl.Expr:
    """as_of of a sale (date); null where the sale has no place on the track.

    A list date after the close counts as unknown. Raises UnknownTrack.
    """
    listed, closed = pl.col("listing_contract_date").cast(pl.Date), pl.col("close_date")
    known = pl.when(listed <= closed).then(listed)
    day = pl.duration(days=1)
    if track == OFF_MARKET:
        return (known.fill_null(closed) - day).cast(pl.Date)
    if track == AT_LISTING:
        return known.cast(pl.Date)
    if track == ON_MARKET:
        agreed = pl.col("purchase_contract_date").cast(pl.Date).fill_null(closed)
        # Sold on the day it was listed: nothing was published the day before.
        standing = pl.max_horizontal(agreed - day, known)
        return pl.when(pl.col("list_price") > 0).then(standing).cast(pl.Date)
    raise UnknownTrack(track)


def with_facts(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with every fact of a listing there; null where the source has none."""
    kinds = {**dict.fromkeys(LISTING_FACTS, pl.Float64), "listing_contract_date": pl.Date}
    kinds["purchase_contract_date"] = pl.Date
    return frame.with_columns(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in kinds.items()
    )
