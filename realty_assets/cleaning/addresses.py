"""Addresses in parts, and a key under which the same place is found again however it is written.

doorplate parses (its own match key is kept beside ours, with its version, for it expects to change
it); what it reads differently for one and the same Texas road is evened out here.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from doorplate import ParsedAddress

RULE_VERSION = "1"
PARSED, NO_NUMBER, NO_STREET = "parsed", "no_street_number", "no_street_name"
NOT_A_PLACE, UNREADABLE = "not_a_street_address", "unreadable"
PART_NAMES = (
    *("street_number", "street_dir_prefix", "street_name", "street_suffix", "street_dir_suffix"),
    *("unit", "address_key", "library_key"),
)
SCHEMA: dict[str, Any] = {
    "raw_address": pl.String,
    "unit_number": pl.String,
    "city": pl.String,
    "postal_code": pl.String,
    "state_or_province": pl.String,
    "n_versions": pl.Int64,
    "parse_status": pl.String,
    **dict.fromkeys(PART_NAMES, pl.String),
    "warnings": pl.List(pl.String),
    "library_version": pl.String,
    "rule_version": pl.String,
}
# Ranch to Market and Ranch Road are one system of signs; the parser knows the second name.
_RANCH = re.compile(
    r"\b(?:RANCH[ -]TO[ -]MARKET|RANCH[ -]MARKET|R\.?\s?M\.?)(?:\s+(?:ROAD|RD\.?))?\s+(?=\d)", re.I
)
_RANCH_ROAD = re.compile(r"\bRANCH\s+(?:ROAD|RD\.?)\s+(?=\d)", re.I)
_ORDINALS = {
    **{"FIRST": "1ST", "SECOND": "2ND", "THIRD": "3RD", "FOURTH": "4TH", "FIFTH": "5TH"},
    **{"SIXTH": "6TH", "SEVENTH": "7TH", "EIGHTH": "8TH", "NINTH": "9TH", "TENTH": "10TH"},
    **{"ELEVENTH": "11TH", "TWELFTH": "12TH"},
}
_STATE_ROADS = {"HIGHWAY", "STATE HIGHWAY", "STATE ROUTE", "STATE ROAD"}
_NO_UNIT = {"N/A", "NA", "NONE", "NULL", "N", "-", ""}
_UNIT_WORDS = re.compile(r"^(?:UNIT|APT|APARTMENT|STE|SUITE|NO|NUMBER)(?=[^A-Z]|$)")


def library_version() -> str:
    """The parser and its version, e.g. 'doorplate 0.4.0'."""
    return f"doorplate {version('doorplate')}"


def parse_addresses(texts: pl.DataFrame) -> pl.DataFrame:
    """`texts` with the parts of each address (columns of SCHEMA), in the same order.

    `texts` has raw_address, unit_number, city, postal_code, state_or_province, n_versions. What
    cannot be read stays, with a parse_status that says so and no address_key.
    """
    import doorplate

    parsed = doorplate.parse_fields_many(
        line1=[_evened(text) for text in texts["raw_address"].to_list()],
        line2=[_unit_line(unit) for unit in texts["unit_number"].to_list()],
        city=texts["city"].to_list(),
        state=texts["state_or_province"].to_list(),
        zip=texts["postal_code"].to_list(),
    )
    units = texts["unit_number"].to_list()
    rows = [_parts(one, unit) for one, unit in zip(parsed, units, strict=True)]
    parts = pl.DataFrame(rows, schema={name: SCHEMA[name] for name in rows[0]} if rows else None)
    if not rows:
        return pl.DataFrame(schema=SCHEMA)
    return (
        texts.with_columns(pl.col("n_versions").cast(pl.Int64))
        .hstack(parts)
        .with_columns(library_version=pl.lit(library_version()), rule_version=pl.lit(RULE_VERSION))
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    )


def parse_counts(addresses: pl.DataFrame) -> dict[str, int]:
    """How many distinct addresses have each parse_status."""
    counts = addresses.group_by("parse_status").len().sort("parse_status")
    return dict(counts.iter_rows())


def _evened(text: str | None) -> str | None:
    if text is None:
        return None
    return _RANCH_ROAD.sub("RR ", _RANCH.sub("RR ", text))


def _unit_line(unit: str | None) -> str | None:
    """What the parser surely reads as a unit, however it was written."""
    key = unit_key(unit)
    return f"# {key}" if key else None


def unit_key(text: str | None) -> str | None:
    """Letters and digits of a unit, in capitals: '4 a', '#4A' and 'Unit 4A' are one.

    What stands between two numbers is kept as '-': units 2-5 and 25 are two. None for no unit.
    """
    bare = _UNIT_WORDS.sub("", (text or "").upper().strip())
    if bare in _NO_UNIT:
        return None
    bare = re.sub(r"(?<=\d)[^A-Z0-9]+(?=\d)", "-", bare)
    bare = re.sub(r"[^A-Z0-9-]+|(?<!\d)-|-(?!\d)", "", bare)
    return bare.lstrip("0") or bare or None


def _parts(one: ParsedAddress | None, unit_number: str | None) -> dict[str, Any]:
    if one is None:
        return dict.fromkeys(PART_NAMES) | {"parse_status": UNREADABLE, "warnings": []}
    name, suffix = one.street_name, one.street_suffix
    if one.highway is not None:
        # 'FM 1460' and 'FM 1460 Rd', 'SH 6' and 'Highway 6' are one road each.
        prefix, route = str(one.highway["prefix"]), one.highway["route"]
        prefix = "HIGHWAY" if prefix in _STATE_ROADS else prefix
        name, suffix = f"{prefix} {route}".strip(), None
    elif name is not None:
        name = _ORDINALS.get(name, name)
    number = one.street_number
    told = " ".join(filter(None, (one.unit_number, one.second_unit_number)))
    unit = unit_key(unit_number) or unit_key(told)
    status = PARSED
    if one.po_box is not None or one.rural_route is not None or one.general_delivery:
        status = NOT_A_PLACE
    elif name is None:
        status = NO_STREET
    elif number is None or not number.strip("0"):
        status = NO_NUMBER
    street = " ".join(filter(None, (one.street_dir_prefix, name, suffix, one.street_dir_suffix)))
    return {
        "parse_status": status,
        "street_number": number,
        "street_dir_prefix": one.street_dir_prefix,
        "street_name": name,
        "street_suffix": suffix,
        "street_dir_suffix": one.street_dir_suffix,
        "unit": unit,
        "address_key": f"{number} {street}" if status == PARSED else None,
        "library_key": one.key(unit=True),
        "warnings": list(one.warnings),
    }
