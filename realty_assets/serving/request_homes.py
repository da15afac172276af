"""The homes that a request is about: what is on record for them, under what the file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from realty_assets.features.structure import ATTRIBUTES, GROUPS
from realty_assets.features.tracks import LISTING_FACTS, OFF_MARKET, ON_MARKET
from realty_assets.ingestion.contract import POLARS_TYPES
from realty_assets.serving.request_columns import Given, quoted
from realty_assets.serving.request_match import Match

NO_AREA_GIVEN = "no living area is given"
NO_PLACE_GIVEN = "no place is given: latitude and longitude, or postal_code"
FAR_AWAY = "its place lies outside the market: no known sale is near"
UNRECORDED = "on record only from the as_of day on: nothing but the row's own attributes is used"
NO_PRICE_GIVEN = "no list price is given: the on_market track needs one"
NOT_ON_MARKET = "not on the market, and no list price is given"
LISTED_LATER = "listing_contract_date is not used: it lies after the as_of day"
# A listing's price is its home's asking price only while it is offered, or under contract.
OFFERED = ("Active", "Coming Soon", "Active Under Contract", "Pending")
FAR_KM = 50.0
# Groups that say where a home is; the others say of what kind it is.
PLACES = ("postal_code", "subdivision_name", "mls_area_minor", "elementary_school_district")
_ASKED = ("property_type", *ATTRIBUTES, *GROUPS)
_WORDS = tuple(name for name in GROUPS if name != "postal_code")
_SAYS_WHERE = {"latitude", "longitude", *PLACES}


def lacking(row: Mapping[str, Any]) -> str | None:
    """What a row's own attributes lack to be valued without a record; None: nothing."""
    if row["living_area"] is None:
        return NO_AREA_GIVEN
    placed = row["latitude"] is not None and row["longitude"] is not None
    if not placed and all(row[name] is None for name in PLACES):
        return NO_PLACE_GIVEN
    return None


def words_known(given: Given, sales: pl.DataFrame) -> Given:
    """`given` with names of areas and kinds as this market's sales write them.

    A word that no sale has would only take away what is on record: it is left out, and told.
    """
    frame, notes = given.frame, [list(said) for said in given.notes]
    for name in _WORDS:
        if frame[name].null_count() == frame.height:
            continue
        words = sales[name].drop_nulls().unique().sort() if name in sales.columns else ()
        spelled = {str(word).casefold(): str(word) for word in words}
        mended = []
        for place, text in enumerate(frame[name].to_list()):
            word = None if text is None else spelled.get(text.casefold())
            if text is not None and word is None:
                notes[place].append(f"{name} {quoted(text)} is not used: no sale here has it")
            mended.append(word)
        frame = frame.with_columns(pl.Series(name, mended, dtype=pl.String))
    return Given(frame, notes)


def asked_homes(
    given: Given,
    matches: Sequence[Match],
    listings: Iterable[dict[str, Any]],
    homes: Iterable[dict[str, Any]],
    day: date,
    track: str = OFF_MARKET,
) -> pl.DataFrame:
    """One row per row of the request: what `asked_subjects` wants, property_type, and reason,
    matched_by, overrides, note, on_record, own_place, unpriced (why it has no list price).

    `listings` and `homes` are records as known before `day`, of sql/serving/records_known.sql.
    Facts of a listing are there on the on_market track only.
    """
    of_listing = {(row["source"], row["listing_key"]): row for row in listings}
    of_home = {row["property_key"]: row for row in homes}
    rows = []
    for said, told, match in zip(given.frame.to_dicts(), given.notes, matches, strict=True):
        if match.listing_key is not None:
            record = of_listing.get((match.source, match.listing_key))
        else:
            record = of_home.get(match.property_key)
        rows.append(_merged(said, told, match, record, day, track))
    types = {name: POLARS_TYPES.get(name, pl.Float64()) for name in _ASKED}
    return pl.DataFrame(rows, schema=types | _BESIDE, orient="row")


_BESIDE: dict[str, Any] = {
    **{name: POLARS_TYPES[name] for name in LISTING_FACTS},
    **dict.fromkeys(("listing_key", "property_key", "parcel_number", "role"), pl.String),
    "known_at": pl.Datetime("us"),
    **dict.fromkeys(("reason", "matched_by", "overrides", "note", "unpriced"), pl.String),
    "on_record": pl.Boolean,
    "own_place": pl.Boolean,
}


def _merged(
    said: dict[str, Any],
    told: list[str],
    match: Match,
    record: dict[str, Any] | None,
    day: date,
    track: str,
) -> dict[str, Any]:
    known = record or {}
    notes = [*match.notes, *told]
    offered = known.get("standard_status") in OFFERED and not known["deleted"]
    facts = LISTING_FACTS if track == ON_MARKET else ()
    out: dict[str, Any] = dict.fromkeys(LISTING_FACTS)
    changed: dict[str, str] = {}
    for name in (*_ASKED, *facts):
        own = said[name]
        old = known.get(name) if offered or name not in facts else None
        if name == "listing_contract_date" and own is not None and own > day:
            notes.append(LISTED_LATER)
            own = None
        out[name] = old if own is None else own
        if own is not None and record is not None and own != old:
            changed[name] = f"{name} {_shown(old)} -> {_shown(own)}"
    active = match.listing_key is not None and known.get("standard_status") == "Active"
    if match.property_key is not None and record is None:
        notes.append(UNRECORDED)
    unpriced = None if offered else NO_PRICE_GIVEN if record is None else NOT_ON_MARKET
    return out | {
        "listing_key": match.listing_key or known.get("listing_key"),
        "property_key": match.property_key,
        "parcel_number": known.get("parcel_number"),
        "role": "active" if active else "property",
        "known_at": known.get("known_at"),
        "reason": match.reason,
        "unpriced": unpriced,
        "matched_by": match.by,
        "overrides": "; ".join(changed.values()) or None,
        "note": "; ".join(notes) or None,
        "on_record": record is not None,
        "own_place": record is None or bool(_SAYS_WHERE & set(changed)),
    }


def _shown(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def far_away(matrix: pl.DataFrame) -> pl.Series:
    """Whether no known sale is near each row of the matrix: by distance, or else by area."""
    distances = sorted(
        (name for name in matrix.columns if name.startswith("distance_to_sale_")),
        key=lambda name: int(name.split("_")[3]),
    )
    distance = pl.col(distances[0]) if distances else pl.lit(None, dtype=pl.Float64)
    counts = [f"{name}_sales" for name in PLACES if f"{name}_sales" in matrix.columns]
    near = pl.sum_horizontal(pl.col(counts).fill_null(0.0)) > 0 if counts else pl.lit(False)
    far = pl.when(distance.is_not_null()).then(distance > FAR_KM).otherwise(~near)
    return matrix.select(far=far)["far"]
