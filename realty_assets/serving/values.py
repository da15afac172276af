"""`realty value`: the value of one listing, or one sentence that says why there is none."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.serving.champion import champion
from realty_assets.warehouse import Warehouse, WarehouseMissing, sql


class NoValue(RealtyError):
    """The listing cannot be valued."""


@dataclass(frozen=True)
class Valuation:
    """A value with its 90% interval, in US dollars, as of a day."""

    listing_key: str
    property_key: str
    address: str | None
    track: str
    as_of: date
    value: float
    lower_90: float
    upper_90: float
    model_version: str
    note: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def value_of(warehouse: Warehouse, listing_key: str) -> Valuation:
    """The published value of a listing; for a listing of the past, its value at that time.

    Raises NoValue, NoChampion or WarehouseMissing with one sentence.
    """
    if not warehouse.exists("clean.listings"):
        raise WarehouseMissing(
            "Nothing has been cleaned yet: run `realty ingest`, then `realty run all`."
        )
    if warehouse.exists("serving.valuations"):
        published = warehouse.read("serving.valuations").filter(
            pl.col("listing_key") == listing_key
        )
        if not published.is_empty():
            return _published(published.row(0, named=True))
    return _computed(warehouse, listing_key)


def _published(row: dict[str, Any]) -> Valuation:
    if row["value"] is None:
        raise NoValue(f"Listing {row['listing_key']} has no value: {row['reason']}.")
    return Valuation(
        row["listing_key"],
        row["property_key"],
        row["unparsed_address"],
        row["track"],
        row["as_of"],
        row["value"],
        row["lower_90"],
        row["upper_90"],
        row["model_version"],
        "an estimate, not an appraisal",
    )


def _computed(warehouse: Warehouse, listing_key: str) -> Valuation:
    told = warehouse.read(sql("serving/known_listing.sql").bind(listing_key=listing_key))
    if told.is_empty():
        raise NoValue(_unknown(warehouse, listing_key))
    valuer = champion(warehouse)
    rows = warehouse.read("features.matrix").filter(
        (pl.col("listing_key") == listing_key) & pl.col("hedonic_log_value").is_not_null()
    )
    if rows.is_empty():
        status = told["standard_status"][0] or "of unknown status"
        raise NoValue(
            f"Listing {listing_key} is {status}: values are made for active listings and for "
            "closed sales that had known sales before them."
        )
    row = rows.row(0, named=True)
    value, low, high = valuer.predict(rows.head(1)).row(0)
    return Valuation(
        listing_key,
        row["property_key"],
        told["unparsed_address"][0],
        row["track"],
        row["as_of"],
        value,
        low,
        high,
        valuer.model_version,
        "what today's champion says of a past day; its training has seen this sale",
    )


def _unknown(warehouse: Warehouse, listing_key: str) -> str:
    held = warehouse.read(sql("serving/quarantined.sql").bind(listing_key=listing_key))
    if not held.is_empty():
        row = held.row(0, named=True)
        return (
            f"A record that names {listing_key} is in quarantine ({row['file_name']}, line "
            f"{row['line_number']}): {', '.join(row['rule_ids'])}."
        )
    keys = warehouse.read("clean.listings")["listing_key"].to_list()
    near = difflib.get_close_matches(listing_key, keys, n=3, cutoff=0.7)
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    return f"There is no listing {listing_key} in this home.{hint}"
