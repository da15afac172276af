"""Which home a row of a request is about: by key, by parcel, by address, or by nothing but itself.

A match is never a guess: two homes under one key or address give a reason, and no value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from realty_assets.serving.addresses import Address, address_keys, house_number
from realty_assets.serving.request_columns import KEYS, quoted

ATTRIBUTES_ALONE = "attributes"
NOTHING_GIVEN = "the row names no key, no address and no attribute"
NOT_KNOWN = "no home of this key or address is known here"
TWO_HOMES = "the keys of the row name different homes"


@dataclass(frozen=True)
class Match:
    """What a row is about. `reason`: why it can be about no home; then `by` is None."""

    by: str | None
    property_key: str | None = None
    listing_key: str | None = None
    source: str | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """The homes on record that the rows may be about."""

    by_key: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    by_street: Mapping[str, Sequence[dict]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)  # of homes that a key names


def plain_parcel(text: str) -> str:
    """A parcel number as it is compared: letters and digits alone."""
    return "".join(mark for mark in text.upper() if mark.isascii() and mark.isalnum())


def asked_keys(given: pl.DataFrame) -> dict[str, list[str]]:
    """The keys of all rows, as sql/serving/known_keys.sql wants them."""
    parcels = [plain_parcel(text) for text in _distinct(given["parcel_number"])]
    return {
        "listing_keys": _distinct(given["listing_key"]),
        "property_keys": _distinct(given["property_key"]),
        "parcel_numbers": sorted({text for text in parcels if text}),
    }


def asked_addresses(given: pl.DataFrame) -> list[Address | None]:
    """The address of each row, taken apart; its parts in columns of their own count as well."""
    parts = ["street_number", "street_dir_prefix", "street_name", "street_suffix"]
    whole = pl.concat_str(parts, separator=" ", ignore_nulls=True)
    numbered = pl.col("street_number").is_not_null() & pl.col("street_name").is_not_null()
    line = pl.coalesce("unparsed_address", pl.when(numbered).then(whole))
    lines = given.select(line.alias("line"))["line"].to_list()
    # Parsing is quick, and most files that give keys give addresses too.
    return address_keys(lines, given["unit_number"].to_list())


def house_numbers(addresses: Sequence[Address | None]) -> list[str]:
    """The house numbers asked for, as sql/serving/addresses.sql wants them."""
    return sorted({house_number(one.street.split("|")[0]) for one in addresses if one})


def known_homes(keys: pl.DataFrame, addresses: pl.DataFrame) -> Known:
    """`keys`: rows of sql/serving/known_keys.sql; `addresses`: of sql/serving/addresses.sql."""
    by_key: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, key, home in keys.select("kind", "key", "property_key").iter_rows():
        by_key[kind, key].append(home)
    sources = dict(keys.select("property_key", "source").iter_rows())
    by_street: dict[str, list[dict]] = defaultdict(list)
    lines, units = addresses["unparsed_address"].to_list(), addresses["unit_number"].to_list()
    for row, found in zip(addresses.to_dicts(), address_keys(lines, units), strict=True):
        if found:
            by_street[found.street].append({**row, "unit": found.unit})
    return Known(by_key, by_street, sources)


def matched(
    given: pl.DataFrame,
    addresses: Sequence[Address | None],
    known: Known,
    lacks: Callable[[dict], str | None],
) -> list[Match]:
    """One Match per row of `given`. `lacks`: what a row's attributes lack to be valued alone."""
    return [
        _match(row, address, known, lacks)
        for row, address in zip(given.to_dicts(), addresses, strict=True)
    ]


def _match(
    row: dict, address: Address | None, known: Known, lacks: Callable[[dict], str | None]
) -> Match:
    notes: list[str] = []
    found: dict[str, set[str]] = {}
    for kind in KEYS:
        if row[kind] is None:
            continue
        key = plain_parcel(row[kind]) if kind == "parcel_number" else row[kind]
        if homes := known.by_key.get((kind, key), ()):
            found[kind] = set(homes)
        else:
            notes.append(f"{kind} {quoted(row[kind])} is not known here")
    at_address, several = _at(row, address, known)
    if found:
        by = next(iter(found))
        meant = set.intersection(*found.values())
        if not meant:
            return Match(None, reason=TWO_HOMES, notes=tuple(notes))
        if len(meant) > 1 and meant & set(at_address):
            meant &= set(at_address)
        if len(meant) > 1:
            return Match(None, reason=f"{len(meant)} homes have this {by}", notes=tuple(notes))
        home = meant.pop()
        if at_address and home not in at_address:
            notes.append("the address is that of another home")
        listing = row["listing_key"] if "listing_key" in found else None
        return Match(by, home, listing, known.sources[home], notes=tuple(notes))
    if several:
        return Match(None, reason=several, notes=tuple(notes))
    if at_address:
        return Match("address", at_address[0], notes=tuple(notes))
    has_address = row["unparsed_address"] is not None or row["street_name"] is not None
    if has_address:
        told = "no home of this address is known here"
        notes.append(told if address else "the address has no house number and street name")
    lacking = lacks(row)
    if lacking is None:
        return Match(ATTRIBUTES_ALONE, notes=tuple(notes))
    if notes:
        lacking = f"{NOT_KNOWN}, and {lacking}"
    elif all(value is None for value in row.values()):
        lacking = NOTHING_GIVEN
    return Match(None, reason=lacking, notes=tuple(notes))


def _at(row: dict, address: Address | None, known: Known) -> tuple[list[str], str | None]:
    """(homes at the row's address, why it is not clear which of several is meant)."""
    if address is None:
        return [], None
    there = _in_place(known.by_street.get(address.street, ()), row, address)
    same = sorted({one["property_key"] for one in there if one["unit"] == address.unit})
    if len(same) > 1:
        return same, f"{len(same)} homes have this address"
    if not same and not address.unit and there:
        n = len({one["property_key"] for one in there})
        homes = "1 home" if n == 1 else f"{n} homes"
        return [], f"{homes} at this address, by unit: give unit_number"
    return same, None


def _in_place(homes: Sequence[dict], row: dict, address: Address) -> list[dict]:
    """Of homes on a street of that name, those of the row's ZIP code, or else of its city."""
    code = row["postal_code"] or address.postal_code
    if code:
        return [one for one in homes if one["postal_code"] in (code, None)]
    city = (row["city"] or address.city or "").strip().upper()
    return [one for one in homes if not city or one["city"] in (city, None)]


def _distinct(column: pl.Series) -> list[str]:
    return sorted(column.drop_nulls().unique().to_list())
