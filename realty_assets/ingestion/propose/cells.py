"""How the cells of a matched column are to be read: kind, forms of dates, words of a lookup."""

from __future__ import annotations

import json

from realty_assets.ingestion.contract import POLARS_TYPES
from realty_assets.ingestion.propose.matching import Match
from realty_assets.ingestion.propose.values import STATES, Profile
from realty_assets.ingestion.propose.words import plain_words, word_table

MONEY = {
    "list_price",
    "original_list_price",
    "close_price",
    "association_fee",
    "tax_annual_amount",
    "_list_price_per_sqft",
    "_close_price_per_sqft",
}
# 0 stands for "not known" or "never" in these.
NEVER_ZERO = {"lot_size_square_feet", "year_built", "year_renovated", "tax_year"}
_MOST_WORDS = 60


def cells_of(one: Match, by_column: dict[str, Match]) -> list[str]:
    """The YAML of the cells that a heading fills, in flow style."""
    column, cells = one.column, one.cells
    told = cells if cells is not None and cells.told else None
    if column == "mls_status" and "standard_status" not in by_column:
        return [_flow(to="mls_status"), *_lookup("standard_status", "statuses", told)]
    if column == "standard_status":
        return _lookup("standard_status", "statuses", told) or [_flow(to="mls_status")]
    if column == "property_sub_type" and "property_type" not in by_column:
        return [_flow(to="property_sub_type"), *_lookup("property_type", "kinds", told)]
    if column == "property_type":
        return _lookup("property_type", "kinds", told) or [_flow(to="property_type")]
    if column == "state_or_province":
        return [_state(told)]
    if column == "postal_code":
        return [_flow(to=column, kind="zip")]
    kind = str(POLARS_TYPES.get(column, "Float64"))
    if column in MONEY:
        return [_flow(to=column, kind="money")]
    if kind == "Date" or kind.startswith("Datetime"):
        return [_time(column, "date" if kind == "Date" else "timestamp", told)]
    if kind == "Boolean":
        return [_flow(to=column, kind="yes_no")]
    if kind in ("Int32", "Float64"):
        return [_number(column, "integer" if kind == "Int32" else "number", told)]
    return [_flow(to=column)]


def json_text(value: object) -> str:
    """A value as JSON, which YAML reads too; characters that YAML refuses are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in text)


def _flow(to: str, kind: str = "", **more: object) -> str:
    parts = [f"to: {to}"]
    if kind:
        parts.append(f"as: {kind}")
    parts += [f"{name}: {json_text(value)}" for name, value in more.items()]
    return "{" + ", ".join(parts) + "}"


def _number(column: str, kind: str, cells: Profile | None) -> str:
    more: dict[str, object] = {}
    if cells is not None and cells.like(r"\d\*$") > 0:
        more["marks"] = "*"
    if column in NEVER_ZERO and cells is not None and cells.within(0, 0) > 0:
        more["zero_is_missing"] = True
    return _flow(column, kind, **more)


def _time(column: str, kind: str, cells: Profile | None) -> str:
    forms = cells.date_forms[0] if cells is not None else ()
    return _flow(column, kind, formats=list(forms or ("%m/%d/%Y", "%Y-%m-%d")))


def _state(cells: Profile | None) -> str:
    names = {
        cell: STATES[plain_words(cell)]
        for cell in (cells.distinct[:_MOST_WORDS] if cells else [])
        if plain_words(cell) in STATES
    }
    if not names:
        return _flow("state_or_province")
    return _flow("state_or_province", "lookup", otherwise="keep", values=names)


def _lookup(column: str, table: str, cells: Profile | None) -> list[str]:
    """A lookup of the words found in the file, or of all usual ones when it has no rows."""
    words = word_table(table)
    if cells is None:
        return [_flow(column, "lookup", values=words)]
    found = {
        cell: words[plain_words(cell)]
        for cell in cells.distinct[:_MOST_WORDS]
        if plain_words(cell) in words
    }
    return [_flow(column, "lookup", values=found)] if found else []


def guess_zone(by_column: dict[str, Match]) -> tuple[str, float, str]:
    """(time zone, how sure, why), from where the homes lie."""
    place = by_column.get("longitude")
    if place is not None and place.cells is not None and place.cells.told:
        degrees = place.cells.median
        if -180 <= degrees <= -50:
            zone = next(zone for east, zone in _ZONES if degrees <= east)
            return zone, 0.7, f"guessed from longitude {degrees:.1f}"
    return "America/Chicago", 0.2, "a guess: the file does not tell"


# Rough limits of the zones of the United States, by longitude.
_ZONES = (
    (-154.0, "Pacific/Honolulu"),
    (-130.0, "America/Anchorage"),
    (-114.5, "America/Los_Angeles"),
    (-101.5, "America/Denver"),
    (-86.0, "America/Chicago"),
    (-50.0, "America/New_York"),
)
