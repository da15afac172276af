"""`realty value`: the value of one listing, or one sentence that says why there is none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.modeling.model import Valuer
from realty_assets.serving.batches import table_of
from realty_assets.serving.champion import champion
from realty_assets.serving.valuations import ABSTAINS, NOT_A_HOME, predict_all
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse, WarehouseMissing

ESTIMATE = "an estimate, not an appraisal"
# How near a key must be to be offered instead: characters in common at its beginning, and the
# length up to which one slip is allowed, beyond it two.
NEAR = {"most": 3, "least_begin": 4, "short_key": 12}


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


def value_of(warehouse: Warehouse, listing_key: str, track: str = OFF_MARKET) -> Valuation:
    """The published value of a listing on a track; on off_market also what the champion says of a
    sale of the past, as of that day.

    Raises NoValue, NoChampion or WarehouseMissing with a sentence that says what to do.
    """
    listing_key = listing_key.strip()
    if not listing_key:
        raise NoValue("The listing key is empty: name a listing of this home.")
    require_clean(warehouse)
    known = warehouse.read(sql("serving/known_listing.sql").bind(listing_key=listing_key))
    if known.is_empty():
        raise NoValue(_unknown(warehouse, listing_key))
    if known.height > 1:
        sources = " and ".join(known["source"])
        raise NoValue(
            f"Listing {listing_key} is known from {sources}, as two homes: keep each market in a "
            "home folder of its own."
        )
    table = table_of(track)
    if warehouse.exists(table):
        wanted = sql("serving/published.sql")
        wanted = wanted.bind(valuations=table, listing_key=listing_key, track=track)
        published = warehouse.read(wanted)
        if not published.is_empty():
            return _published(published.row(0, named=True))
    row = known.row(0, named=True)
    if track != OFF_MARKET:
        raise NoValue(_not_valued_as_listing(warehouse, row, track))
    if row["property_type"] in NOT_A_HOME:
        raise NoValue(f"Listing {listing_key} has no value: {NOT_A_HOME[row['property_type']]}.")
    return _computed(warehouse, row)


def require_clean(warehouse: Warehouse) -> None:
    """Raises WarehouseMissing, saying what to do, when there are no clean tables."""
    if warehouse.exists("clean.listings"):
        return
    if warehouse.exists("ledger.files"):
        raise WarehouseMissing("What was ingested has not been cleaned yet: `realty run all`.")
    raise WarehouseMissing(
        "Nothing has been ingested yet: `realty ingest PATH --source NAME`, then `realty run all`."
    )


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
        ESTIMATE,
    )


def _not_valued_as_listing(warehouse: Warehouse, known: dict[str, Any], track: str) -> str:
    """Why a track that sees the listing says nothing of it. Raises NoChampion."""
    key, status = known["listing_key"], known["standard_status"] or "of unknown status"
    if status != "Active":
        return (
            f"Listing {key} has no value on the track {track}: it is {status}, and that track "
            f"values active listings; {OFF_MARKET} values sales as well."
        )
    champion(warehouse, track)
    return f"Listing {key} has not been valued on the track {track} yet: `realty run all`."


def _computed(warehouse: Warehouse, known: dict[str, Any]) -> Valuation:
    valuer = champion(warehouse)
    features = pl.DataFrame()
    if warehouse.exists("features.matrix"):
        wanted = sql("serving/features_of_listing.sql").bind(listing_key=known["listing_key"])
        features = warehouse.read(wanted)
    if features.is_empty():
        status = known["standard_status"] or "of unknown status"
        raise NoValue(
            f"Listing {known['listing_key']} is {status}: values are made for active listings and "
            "for closed sales, and it is neither."
        )
    row = features.row(0, named=True)
    if row["hedonic_log_value"] is None:
        raise NoValue(
            f"Listing {known['listing_key']} has no value as of {row['as_of']}: too few sales were "
            "known before that day."
        )
    said = predict_all(valuer, features.head(1)).row(0, named=True)
    if said[ABSTAINS] is not None:
        raise NoValue(f"Listing {known['listing_key']} has no value: {said[ABSTAINS]}.")
    return Valuation(
        known["listing_key"],
        known["property_key"],
        known["unparsed_address"],
        row["track"],
        row["as_of"],
        said["value"],
        said["lower_90"],
        said["upper_90"],
        valuer.model_version,
        _of_the_past(row, valuer),
    )


def _of_the_past(row: dict[str, Any], valuer: Valuer) -> str:
    """What a reader must know about a value as of a day before the champion was trained."""
    known_to_it = row["known_at"] < datetime.combine(valuer.cutoff, time())
    if row["role"] == "sale" and row["excluded_by"] is None and known_to_it:
        return (
            f"{ESTIMATE}; what today's model says of {row['as_of']}: its training has seen this "
            "sale, so this says nothing about how accurate it is"
        )
    return f"{ESTIMATE}; what today's model says of {row['as_of']}"


def _unknown(warehouse: Warehouse, listing_key: str) -> str:
    if warehouse.exists("staging.quarantine"):
        held = warehouse.read(sql("serving/quarantined.sql").bind(listing_key=listing_key))
        if not held.is_empty():
            row = held.row(0, named=True)
            return (
                f"Listing {listing_key} is in quarantine ({row['file_name']}, line "
                f"{row['line_number']}): {', '.join(row['rule_ids'])}."
            )
    near = warehouse.read(sql("serving/near_keys.sql").bind(listing_key=listing_key, **NEAR))
    hint = f" Did you mean {_one_of(near['listing_key'].to_list())}?" if len(near) else ""
    return f"There is no listing {listing_key} in this home.{hint}"


def _one_of(keys: list[str]) -> str:
    *others, last = keys
    return f"{', '.join(others)} or {last}" if others else last
