"""Which listings are of one home, on what evidence; nothing known later changes it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from realty_assets.cleaning.evidence import parcel_key
from realty_assets_tests.cleaning import slips
from realty_assets_tests.cleaning.conftest import Town
from realty_assets_tests.cleaning.rooms import Room
from realty_assets_tests.frames import closed

HOME: dict[str, Any] = {
    "unparsed_address": "1301 E Willow Elm St",
    "city": "Houston",
    "latitude": 29.760123,
    "longitude": -95.360456,
    "living_area": 2147.0,
    "lot_size_square_feet": 7411.0,
    "year_built": 1998,
    "bedrooms_total": 3,
    "bathrooms_total": 2.5,
}


def at(number: int, **more: Any) -> dict[str, Any]:
    """The home, sold on a day of its own under a key of its own."""
    day = date(2020, 1, 1) + timedelta(days=400 * number)
    return closed(f"k{number}", day, 300_000.0 + 9_000 * number, **{**HOME, **more})


def linked(*rows: dict[str, Any]) -> tuple[int, list[str]]:
    """How many homes the rows are of, and the evidence for each."""
    links = Room(list(rows))["property_links"].sort("first_known_at")
    return links["property_key"].n_unique(), links["evidence"].to_list()


def test_exact_evidence_from_the_strongest_down() -> None:
    parcel = {"parcel_number": "012-345-6789"}
    assert linked(at(0, **parcel), at(1, parcel_number="0123456789")) == (1, ["first", "parcel"])
    assert linked(at(0), at(1, unparsed_address="1301 East Willow Elm Street")) == (
        1,
        ["first", "address"],
    )
    bare = {"unparsed_address": None, "latitude": 29.7, "longitude": -95.3}
    assert linked(at(0, **bare), at(1, **bare)) == (1, ["first", "place"])


def test_a_parcel_in_one_listing_and_an_address_in_another_meet_in_a_third() -> None:
    """The two known before keep their keys; from the third on there is one home."""
    far = {"latitude": None, "longitude": None, "living_area": None}
    rows = [
        at(0, unparsed_address=None, parcel_number="77001", **far),
        at(1, **far),
        at(2, parcel_number="77001", **far),
        at(3, **far),
    ]
    links = Room(rows)["property_links"].sort("first_known_at")
    first, second, third, fourth = links["property_key"]
    assert first != second
    assert first == third == fourth
    assert links["united_property_keys"].to_list() == [[], [], [second], []]


@pytest.mark.parametrize(
    "slip",
    [
        {"unparsed_address": "1301 E Wilow Elm St"},
        {"unparsed_address": "1301 E Willow Eml Street", "postal_code": None},
        {"unparsed_address": "1301 Willow Elm"},
        {"unparsed_address": "1310 E Willow Elm St"},
        {"unparsed_address": None, "parcel_number": "5550001"},
        {"unparsed_address": None, "parcel_number": "5550001", "latitude": 29.760203},
        {"postal_code": "77010"},
    ],
)
def test_a_slip_is_seen_through(slip: dict[str, Any]) -> None:
    assert linked(at(0), at(1, **slip)) == (1, ["first", "fuzzy"])
    assert linked(at(0), at(1, **slip, source="second_mls")) == (1, ["first", "fuzzy"])


@pytest.mark.parametrize(
    "other",
    [
        # The house next door, built to the same plan.
        {"unparsed_address": "1303 E Willow Elm St", "longitude": -95.360356},
        {"unparsed_address": "1310 E Willow Elm St", "longitude": -95.360156},
        # The other half of the street, the court beside the street, the next avenue.
        {"unparsed_address": "1301 W Willow Elm St", "longitude": -95.38},
        {"unparsed_address": "1301 E Willow Elm Ct", "longitude": -95.37},
        {"unparsed_address": "1301 FM 1461", "latitude": None, "longitude": None},
        # Another parcel.
        {"parcel_number": "2", "unparsed_address": None},
        # Same house number and street in another town.
        {"postal_code": "78701", "city": "Austin", "latitude": 30.27, "longitude": -97.74},
    ],
)
def test_another_home_stays_another(other: dict[str, Any]) -> None:
    first = at(0, parcel_number="1") if "parcel_number" in other else at(0)
    if other.get("unparsed_address") == "1301 FM 1461":
        first |= {"unparsed_address": "1301 FM 1460", "latitude": None, "longitude": None}
    assert linked(first, at(1, **other))[0] == 2


def test_units_never_merge_whatever_else_agrees() -> None:
    """Not by address, place or parcel, not by a bridge, and not under one listing key."""
    flat = {"property_sub_type": "Condominium", "parcel_number": "9"}
    rows = [
        at(0, **flat, unit_number="4A"),
        at(1, **flat, unit_number="4B"),
        at(2, **flat),
        at(3, **flat, unit_number="#4-a"),
        {**at(4, **flat, unit_number="5"), "listing_key": "k0"},
    ]
    versions = Room(rows)["listing_versions"]
    units = versions.drop_nulls("unit").group_by("property_key").agg(pl.col("unit").unique())
    assert units["unit"].list.len().max() == 1
    assert versions.drop_nulls("unit")["property_key"].n_unique() == 3


def test_flats_that_name_no_unit_are_told_apart_by_size() -> None:
    flat = {"property_sub_type": "Condominium", "living_area": 812.0}
    assert linked(at(0, **flat), at(1, **{**flat, "living_area": 1190.0}))[0] == 2
    assert linked(at(0, **flat), at(1, **flat))[0] == 1


def test_new_homes_on_the_parcel_of_their_tract_are_many() -> None:
    tract = {"parcel_number": "1", "latitude": None, "longitude": None}
    rows = [
        at(n, **tract, unparsed_address=f"{101 + 4 * n} Oak Ln", living_area=1800.0 + 90 * n)
        for n in range(4)
    ]
    assert linked(*rows)[0] == 4


def test_places_that_are_rounded_are_no_evidence_of_one_spot() -> None:
    here = {"latitude": 29.7601, "longitude": -95.36}
    bare = {"unparsed_address": None, "parcel_number": "5550001"}
    assert linked(at(0), at(1, **bare))[0] == 1
    assert linked(at(0, **here), at(1, **bare, **here))[0] == 2


def test_a_place_alone_ties_only_the_very_same_building() -> None:
    bare = {"unparsed_address": None}
    assert linked(at(0, **bare), at(1, **bare)) == (1, ["first", "place"])
    for other in (
        {"lot_size_square_feet": 7400.0},
        {"bathrooms_total": 2.0},
        {"living_area": 2140},
    ):
        assert linked(at(0, **bare), at(1, **{**bare, **other}))[0] == 2


def test_homes_that_are_alike_are_no_reason_to_choose_one() -> None:
    twins = [
        at(0, unparsed_address="101 Oak Ln"),
        at(1, unparsed_address="103 Oak Ln", longitude=-95.360406),
    ]
    bare = at(2, unparsed_address=None, longitude=-95.360431)
    assert linked(*twins, bare)[0] == 3


def test_parcel_numbers_without_meaning_link_nothing() -> None:
    for empty in ("0000000", "N/A", "TBD", "999999", "-"):
        assert parcel_key(empty) is None
    assert parcel_key("012-34") == parcel_key("1234") == "1234"
    assert parcel_key("55; 44") == parcel_key("44 and 55") == "44+55"


@pytest.fixture(scope="module")
def told(town: Town) -> slips.Told:
    """A fifth of the homes of the town, with twice as many slips."""
    true = slips.truth_of(town.staged, town.truth, town.faults)
    return slips.with_slips(
        town.staged, true.filter(pl.col("home").str.contains("[07]$")), seed=1, rate=2.0
    )


def test_the_order_of_rows_and_the_number_of_threads_change_nothing(told: slips.Told) -> None:
    from realty_assets.cleaning.making import property_links

    room = Room(told.staged)
    other = Room(told.staged.sample(fraction=1, shuffle=True, seed=9))
    assert room["property_links"].equals(other["property_links"])
    assert property_links(room.tx, n_threads=4).equals(room["property_links"])
    assert "fuzzy" in room["property_links"]["evidence"]


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_what_becomes_known_later_changes_no_home_of_before(told: slips.Told, share: float) -> None:
    times = told.staged["known_at"].sort()
    horizon: datetime = times[int(share * len(times))]
    known = told.staged.filter(pl.col("known_at") < horizon)
    later = told.staged.filter(pl.col("known_at") >= horizon)
    # What comes later also tells other things than it did: prices, streets, parcels.
    changed = later.with_columns(
        unparsed_address=pl.col("unparsed_address").shuffle(seed=1),
        parcel_number=pl.col("parcel_number").shuffle(seed=2),
        close_price=pl.col("close_price") * 1.5,
    )
    before = Room(known)
    columns = ["source", "listing_key", "known_at", "property_key", "link_evidence", "link_score"]
    sale = ["source", "listing_key", "property_key", "close_price", "excluded_by", "rule_ids"]
    for after in (Room(told.staged), Room(pl.concat([known, changed]))):
        for name, wanted in (("listing_versions", columns), ("sales", sale)):
            then, now = (
                room[name]
                .filter(pl.col("known_at") < horizon)
                .select(wanted)
                .sort([*wanted[:2], "property_key"])
                for room in (before, after)
            )
            assert then.equals(now), name
