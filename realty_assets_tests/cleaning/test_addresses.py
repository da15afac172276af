"""Addresses: one key for one place, units apart, and what cannot be read kept and counted."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from realty_assets.cleaning.addresses import parse_addresses, parse_counts, unit_key
from realty_assets_tests.cleaning.rooms import Room
from realty_assets_tests.frames import closed


def parsed(*lines: str | tuple[str, str | None]) -> pl.DataFrame:
    pairs = [line if isinstance(line, tuple) else (line, None) for line in lines]
    texts = pl.DataFrame(
        {
            "raw_address": [line for line, _ in pairs],
            "unit_number": pl.Series([unit for _, unit in pairs], dtype=pl.String),
        }
    ).with_columns(
        city=pl.lit("Houston"),
        postal_code=pl.lit("77001"),
        state_or_province=pl.lit("TX"),
        n_versions=pl.lit(1),
    )
    return parse_addresses(texts)


@pytest.mark.parametrize(
    "ways",
    [
        ["789 Farm to Market Road 1460", "789 FM 1460", "789 F.M. 1460 Rd", "789 fm 1460"],
        ["120 County Road 222", "120 CR 222", "120 Co Rd 222"],
        ["200 Ranch to Market Road 12", "200 RM 12", "200 Ranch Road 12", "200 RR 12"],
        ["1500 State Highway 249", "1500 SH 249", "1500 TX-249", "1500 Highway 249"],
        ["12 Elm Street", "12 ELM  ST.", "12 Elm St"],
        ["500 East Fifth Street", "500 E 5th St"],
    ],
)
def test_one_place_has_one_key_however_it_is_written(ways: list[str]) -> None:
    keys = parsed(*ways)["address_key"]
    assert keys.null_count() == 0
    assert keys.n_unique() == 1, keys.to_list()


def test_other_roads_and_numbers_have_other_keys() -> None:
    told = parsed("789 FM 1460", "789 FM 1461", "789 County Road 1460", "798 FM 1460", "789 US 290")
    assert told["address_key"].n_unique() == 5


def test_a_unit_is_the_same_in_the_line_and_in_its_own_cell() -> None:
    told = parsed(
        *[("9305 Aspen Alder Circle Unit#A", None), ("9305 Aspen Alder Cir", "A")],
        *[("9305 Aspen Alder Circle", "Unit a"), ("9305 ASPEN ALDER CIR", "# A")],
    )
    assert set(told["unit"]) == {"A"}
    assert told["address_key"].n_unique() == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        *[("4 a", "4A"), ("#4A", "4A"), ("Apt 04A", "4A"), ("UNIT 12", "12"), ("2-5", "2-5")],
        *[("Bldg 2 Apt 5", "BLDG2APT5"), ("25", "25"), ("N/A", None), (" ", None), (None, None)],
        *[("0", "0"), ("Unity", "UNITY")],
    ],
)
def test_units_are_told_apart_by_letters_and_digits(text: str | None, key: str | None) -> None:
    assert unit_key(text) == key


def test_what_cannot_be_read_stays_and_is_counted() -> None:
    lines = ["12 Elm St", "TBD", "0 TBD Road", "PO Box 12", "Lot 5 Block 2", "???"]
    told = parsed(*lines)
    assert told["raw_address"].to_list() == lines
    assert parse_counts(told) == {
        "no_street_name": 1,
        "no_street_number": 3,
        "not_a_street_address": 1,
        "parsed": 1,
    }
    assert (told["address_key"].is_null() == (told["parse_status"] != "parsed")).all()
    assert told["library_key"][0].startswith("k")
    assert told["library_version"][0].startswith("doorplate ")


def test_lots_without_a_number_are_not_one_home() -> None:
    day = date(2021, 4, 1)
    rows = [closed(key, day, 9e4 + 1e4 * int(key), unparsed_address="TBD Oak Rd") for key in "123"]
    assert Room(rows)["properties"].height == 3


def test_every_address_has_one_row_and_parts_make_a_line() -> None:
    day = date(2021, 4, 1)
    rows = [
        closed("1", day, 3e5, unparsed_address="12 Elm St"),
        closed("2", day, 3e5, unparsed_address="12 Elm St"),
        closed("3", day, 3e5, street_number="12", street_name="Elm", street_suffix="Street"),
        closed("4", day, 3e5, unparsed_address="  "),
    ]
    room = Room(rows)
    told = room["addresses"]
    assert told.select("raw_address", "n_versions").rows() == [
        ("12 Elm St", 2),
        ("12 Elm Street", 1),
    ]
    assert room["property_links"].height == 4
