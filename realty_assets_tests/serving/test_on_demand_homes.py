"""Which home a row means: by address, unit and keys; several or none are told, never guessed at."""

from __future__ import annotations

import polars as pl

from realty_assets.serving.request_match import TWO_HOMES
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import put
from realty_assets_tests.serving.requests import ALONE, UNKNOWN, asked, home, one


def test_an_address_finds_its_home_however_it_is_written(town: Warehouse) -> None:
    code = home(town, "H00102")["postal_code"]
    wanted = one(town, {"property_key": "H00102"})
    for written in ("102 OAK LANE", "102 oak ln.", f"102 Oak Ln, Anytown, TX {code}"):
        said = one(town, {"address": written})
        assert said["matched_by"] == "address"
        assert said["matched_property_key"] == "H00102"
        assert said["value"] == wanted["value"]
    elsewhere = one(town, {"address": "102 Oak Lane", "zip": "10001"})
    assert (elsewhere["matched_by"], elsewhere["reason"]) == (None, UNKNOWN)
    assert elsewhere["note"] == "no home of this address is known here"


def test_several_homes_of_one_address_are_counted_and_not_guessed_at(warehouse: Warehouse) -> None:
    homes = warehouse.read("clean.properties")
    own = pl.col("property_key")
    flats = pl.when(own.is_in(["H00100", "H00101", "H00102"]))
    units = {"H00100": "1", "H00101": "2", "H00102": "2"}
    put(
        warehouse,
        "clean.properties",
        homes.with_columns(
            unparsed_address=flats.then(pl.lit("7 Elm St")).otherwise("unparsed_address"),
            unit_number=flats.then(own.replace_strict(units, default=None)),
            postal_code=flats.then(pl.lit("77001")).otherwise("postal_code"),
        ),
    )
    said = asked(
        warehouse,
        {"address": "7 Elm Street"},
        {"address": "7 Elm Street", "unit": "#1"},
        {"address": "7 Elm Street Apt 1", **ALONE},
        {"address": "7 Elm Street", "unit": "Apt 2"},
        {"address": "7 Elm Street", "unit": "2", "property_key": "H00102"},
        {"address": "7 Elm Street", "unit": "9"},
    ).frame
    assert said["reason"].to_list() == [
        "3 homes at this address, by unit: give unit_number",
        None,
        None,
        "2 homes have this address",
        None,
        UNKNOWN,
    ]
    assert said["matched_property_key"].to_list() == [
        None,
        "H00100",
        "H00100",
        None,
        "H00102",
        None,
    ]


def test_keys_that_name_several_homes_or_different_ones_give_a_reason(
    warehouse: Warehouse,
) -> None:
    listings = warehouse.read("clean.listings")
    twin = listings.filter(pl.col("listing_key") == "A1").with_columns(
        source=pl.lit("other"), property_key=pl.lit("twin")
    )
    put(warehouse, "clean.listings", pl.concat([listings, twin]))
    said = asked(
        warehouse,
        {"listing_key": "A1"},
        {"listing_key": "A1", "property_key": "home of A1"},
        {"listing_key": "A2", "property_key": "H00100"},
        {"listing_key": "gone", "property_key": "H00100"},
        {"property_key": "H00100", "address": "101 Oak Lane"},
    ).frame
    assert said["reason"].to_list() == [
        "2 homes have this listing_key",
        None,
        TWO_HOMES,
        None,
        None,
    ]
    assert said["note"].to_list()[3:] == [
        "listing_key 'gone' is not known here",
        "the address is that of another home",
    ]
