"""Who is watched: listings as they come in, valid sales as they close, and homes asked about.

The reference of a track is what its champion learned from: the valid sales that were known before
the champion's cutoff, and of what came in and was predicted what is of the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from realty_assets.features.matrix import EVIDENCE_COLUMNS, ROW_COLUMNS
from realty_assets.features.sales import effective_known_at
from realty_assets.features.seasonality import season_specs
from realty_assets.features.tracks import AT_LISTING, MATRICES, OFF_MARKET, ON_MARKET, TRACKS
from realty_assets.ingestion.contract import COLUMN_NAMES
from realty_assets.modeling.points import may_teach, usable_for_training
from realty_assets.monitoring.groups import KEYS
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

LISTINGS, SALES, ASKED = "listings", "sales", "asked"
ALL_TRACKS, ALL, NEWEST = "all", "all", "newest delivery"
PREDICTED = ("predicted_log_value", "predicted_width_ratio")
# Slices of what was predicted: by area, and by where the value lies among the reference's.
AREA, PRICE = "area", "predicted price quartile"
QUARTERS = ("1, lowest", "2", "3", "4, highest")
# Names of one record or home, outcomes that are empty when a listing is first seen, and times.
LEFT_OUT = frozenset(
    {
        *("file_hash", "record_number", "line_number", "source", "row_hash", "known_at"),
        *("listing_key", "modification_timestamp", "tax_year", "flags"),
        # The state in which a listing is first seen depends on how often files come.
        *("standard_status", "mls_status"),
        *("close_price", "close_date", "days_on_market", "cumulative_days_on_market"),
    }
)
LISTING_FIELDS = tuple(name for name in COLUMN_NAMES if name not in LEFT_OUT)
# What decides whether and when a sale may teach, and what its row is made of.
TELLING = (
    *("role", "as_of", "known_at", "close_date", "excluded_by", "hedonic_log_value", "basis"),
)
VALUED = {
    OFF_MARKET: "serving.valuations",
    AT_LISTING: "serving.listing_valuations",
    ON_MARKET: "serving.listing_valuations",
}
# Columns of a matrix that are held in memory at one time.
AT_ONCE = 32


@dataclass(frozen=True)
class Reference:
    """What a track is held against: all that was known before `until`. Without a champion there is
    none, and nothing is judged."""

    track: str
    model_version: str | None
    until: date | None

    @property
    def name(self) -> str:
        return "none" if self.until is None else f"{self.model_version} until {self.until}"


def references(warehouse: Warehouse) -> dict[str, Reference]:
    """The reference of every track, by its name."""
    found = {}
    if warehouse.exists("promotion.aliases") and warehouse.exists("modeling.models"):
        rows = warehouse.read(sql("monitoring/champions.sql")).iter_rows()
        found = {track: Reference(track, version, until) for track, version, until in rows}
    return {track: found.get(track, Reference(track, None, None)) for track in TRACKS}


def first_reference(found: dict[str, Reference]) -> Reference:
    """That of the first track that has a champion: what listings are held against."""
    known = [found[track] for track in TRACKS if found[track].until is not None]
    return known[0] if known else Reference(OFF_MARKET, None, None)


def listing_rows(warehouse: Warehouse, today: date, reference: Reference) -> pl.DataFrame:
    """Listings by the month in which they were first seen."""
    asked = sql("monitoring/listings.sql").bind(today=today, cutoff=reference.until)
    names = ("month", "in_reference", "in_newest_delivery", "source", *LISTING_FIELDS)
    return warehouse.read(asked, columns=names).with_columns(population=pl.lit(LISTINGS))


def listing_slices(rows: pl.DataFrame, today: date) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, rows) of all listings, of each source where there are several, and of the newest
    delivery (as of this month, against what other deliveries brought)."""
    yield ALL, rows
    sources = sorted(rows["source"].unique())
    for source in sources if len(sources) > 1 else ():
        yield f"source {source}", rows.filter(pl.col("source") == source)
    newest, before = rows.filter("in_newest_delivery"), rows.filter(~pl.col("in_newest_delivery"))
    now = newest.with_columns(month=pl.lit(today.replace(day=1)), in_reference=pl.lit(False))
    yield NEWEST, pl.concat([before.filter("in_reference"), now])


def matrix_features(warehouse: Warehouse, track: str) -> list[str]:
    """Features of a track's matrix, and the area. What the calendar alone decides is left out: it
    is another every month."""
    calendar = {spec.name for spec in season_specs()}
    aside = {*ROW_COLUMNS, *EVIDENCE_COLUMNS, *calendar, "basis"} - {"postal_code"}
    return [name for name in warehouse.columns(MATRICES[track]) if name not in aside]


def sale_keys(warehouse: Warehouse, today: date, reference: Reference) -> pl.DataFrame:
    """`month`, `in_reference` and `basis` of every valid sale known before today."""
    rows = warehouse.read(MATRICES[reference.track], columns=TELLING)
    return _sales(rows, today, reference).select("month", "in_reference", "basis")


def matrix_rows(
    warehouse: Warehouse, today: date, reference: Reference, features: Sequence[str]
) -> pl.DataFrame:
    """Valid sales by the month of their close, and homes asked about by that of their as_of: the
    keys of Groups, and `features`."""
    columns = list(dict.fromkeys([*TELLING, *features]))
    rows = warehouse.read(MATRICES[reference.track], columns=columns)
    asked = rows.filter(pl.col("role").is_in(["active", "property"])).with_columns(
        population=pl.lit(ASKED), month=pl.col("as_of").dt.truncate("1mo"), in_reference=False
    )
    sales = _sales(rows, today, reference).with_columns(population=pl.lit(SALES))
    return pl.concat(part.select(*KEYS, *features) for part in (sales, asked))


def sale_rows(
    warehouse: Warehouse, today: date, reference: Reference, columns: Sequence[str]
) -> pl.DataFrame:
    """The keys of Groups and `columns` of every valid sale known before today."""
    wanted = list(dict.fromkeys([*TELLING, *columns]))
    rows = warehouse.read(MATRICES[reference.track], columns=wanted)
    sales = _sales(rows, today, reference).with_columns(population=pl.lit(SALES))
    return sales.select(*KEYS, *columns)


def predicted_rows(warehouse: Warehouse, today: date, reference: Reference) -> pl.DataFrame:
    """PREDICTED and `postal_code` of valid sales by the month of their close, and of homes asked
    about by that of their as_of; PREDICTED is empty where the model did not speak."""
    asked = sql("monitoring/predicted.sql").bind(track=reference.track, cutoff=reference.until)
    judged = asked.over(judged=sql("monitoring/judged.sql").bind(today=today))
    parts = [warehouse.read(judged).with_columns(population=pl.lit(SALES))]
    table = VALUED[reference.track]
    if warehouse.exists(table):
        valued = sql("monitoring/valued.sql").bind(valuations=table, track=reference.track)
        parts.append(warehouse.read(valued).with_columns(population=pl.lit(ASKED)))
    return pl.concat(part.select(*KEYS, *PREDICTED, "postal_code") for part in parts)


def predicted_slices(rows: pl.DataFrame, min_reference: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, rows) of predicted_rows: all, and areas and quarters of predicted price of which the
    reference has `min_reference` rows. The quarters are cut where the reference's sales are."""
    yield ALL, rows
    known = rows.filter("in_reference")
    areas = known["postal_code"].drop_nulls().value_counts().sort("postal_code")
    for area, n in areas.iter_rows():
        if n >= min_reference:
            yield f"{AREA} {area}", rows.filter(pl.col("postal_code") == area)
    values = known[PREDICTED[0]].drop_nulls().sort().to_numpy()
    if len(values) < len(QUARTERS) * min_reference:
        return
    edges = np.quantile(values, [0.25, 0.5, 0.75])
    place = np.searchsorted(edges, rows[PREDICTED[0]].fill_null(np.nan).to_numpy(), side="right")
    spoken = rows[PREDICTED[0]].is_not_null()
    for at, name in enumerate(QUARTERS):
        yield f"{PRICE} {name}", rows.filter(spoken & pl.Series(place == at))


def batches(features: Sequence[str]) -> Iterator[Sequence[str]]:
    """`features`, AT_ONCE at a time."""
    for start in range(0, len(features), AT_ONCE):
        yield features[start : start + AT_ONCE]


def _sales(rows: pl.DataFrame, today: date, reference: Reference) -> pl.DataFrame:
    """Valid sales known before today; those of the reference are what the champion learned from."""
    until = reference.until
    learned = pl.lit(False) if until is None else usable_for_training(until)
    known = effective_known_at() < pl.lit(today).cast(pl.Datetime("us"))
    return rows.filter(may_teach() & known).with_columns(
        month=pl.col("close_date").dt.truncate("1mo"), in_reference=learned
    )
