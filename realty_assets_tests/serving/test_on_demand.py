"""Values on demand: the published value to the bit, whoever else is asked for; never a guess."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.errors import RealtyError
from realty_assets.serving import assets
from realty_assets.serving.champion import NoChampion
from realty_assets.serving.on_demand import NotThatDay, value_request
from realty_assets.serving.request_file import BLANK, RequestFile
from realty_assets.serving.request_homes import FAR_AWAY, NO_AREA_GIVEN, NO_PLACE_GIVEN
from realty_assets.serving.request_match import NOTHING_GIVEN
from realty_assets.serving.valuations import VALUES
from realty_assets.warehouse import Warehouse, WarehouseMissing
from realty_assets_tests.serving.homes import clean_tables, put_market
from realty_assets_tests.serving.requests import (
    ALONE,
    HEADINGS,
    TRAINING,
    UNKNOWN,
    asked,
    home,
    one,
    request,
)


def test_a_listing_gets_its_published_value_and_reason_to_the_last_bit(town: Warehouse) -> None:
    published = town.read("serving.valuations").sort("listing_key")
    said = asked(town, *({"listing_key": key} for key in published["listing_key"])).frame
    for name in (*VALUES, "reason", "as_of", "track", "model_version"):
        assert said[name].to_list() == published[name].to_list(), name
    assert said["matched_property_key"].to_list() == published["property_key"].to_list()
    assert said["matched_by"].unique().to_list() == ["listing_key"]
    assert said["overrides"].null_count() == len(said)


def test_a_home_without_a_listing_gets_its_published_value_by_each_of_its_keys(
    warehouse: Warehouse,
) -> None:
    put_market(warehouse, clean_tables(active=False))
    assets.valuations(warehouse=warehouse)
    published = warehouse.read("serving.valuations").sort("listing_key").tail(60)
    parcels = [home(warehouse, key)["parcel_number"] for key in published["property_key"]]
    for name, keys in (
        ("listing_key", published["listing_key"].to_list()),
        ("property_key", published["property_key"].to_list()),
        ("parcel_number", parcels),
    ):
        said = asked(warehouse, *({name: key} for key in keys)).frame
        assert said["matched_by"].unique().to_list() == [name]
        for column in VALUES:
            assert said[column].to_list() == published[column].to_list(), (name, column)


POOL: list[dict[str, str]] = [
    {"listing_key": "A1"},
    {"listing_key": "A2", "sqft": "2,900"},
    {"listing_key": "LAND"},
    {"property_key": "H00100"},
    {"parcel_number": "p-00101"},
    {"address": "102 Oak Ln"},
    {"address": "100000 Nowhere Rd"},
    {**ALONE},
    {**ALONE, "subdivision": "SUB 4"},
    {**ALONE, "sqft": "about 1800"},
    {"beds": "3"},
    {},
]


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=2 * len(POOL)))
def test_what_a_row_gets_depends_on_no_other_row(town: Warehouse, places: list[int]) -> None:
    whole = _whole(town)
    said = asked(town, *(POOL[at] for at in places)).frame
    assert said.to_dicts() == [whole[at] for at in places]
    assert one(town, POOL[places[0]]) == whole[places[0]]


_WHOLE: dict[str, list[dict[str, Any]]] = {}


def _whole(town: Warehouse) -> list[dict[str, Any]]:
    if town.database not in _WHOLE:
        _WHOLE[town.database] = asked(town, *POOL).frame.to_dicts()
    return _WHOLE[town.database]


MESS = [
    *["", "", "", "#N/A", "-", "1e400", "-0", "99999999999999999999", "1,798", "3.5", "inf"],
    *["NaN", "\0", '"', "'", "a\nb", "é", "١٢٣", "½", "12 Oak", "$5", "(3)", "77001", "=1"],
    *["A1", "A2", "LAND", "H00100", "P00101", "102 Oak Lane", "29.7", "-95.4", "a" * 40_000],
]


@settings(max_examples=5, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(MESS), min_size=len(HEADINGS), max_size=len(HEADINGS)),
        min_size=1,
        max_size=20,
    )
)
def test_whatever_the_cells_hold_every_row_has_a_value_or_a_reason(
    town: Warehouse, cells: list[list[str]]
) -> None:
    asks = request(*(dict(zip(HEADINGS, row, strict=True)) for row in cells))
    frame = value_request(town, asks, TRAINING).frame
    assert len(frame) == len(cells)
    valued = frame["value"].is_not_null()
    assert (valued == frame["reason"].is_null()).all()
    inside = (frame["lower_90"] <= frame["value"]) & (frame["value"] <= frame["upper_90"])
    assert (inside & (frame["lower_90"] > 0) & frame["upper_90"].is_finite()).filter(valued).all()


def test_the_pool_of_rows_tells_every_kind_of_outcome(town: Warehouse) -> None:
    said = [(row["matched_by"], row["reason"]) for row in _whole(town)]
    assert said == [
        ("listing_key", None),
        ("listing_key", None),
        ("listing_key", "out of scope: land, not a home"),
        ("property_key", None),
        ("parcel_number", None),
        ("address", None),
        (None, UNKNOWN),
        ("attributes", None),
        ("attributes", None),
        (None, NO_AREA_GIVEN),
        (None, NO_AREA_GIVEN),
        (None, BLANK),
    ]
    for row in _whole(town):
        assert (row["value"] is None) == (row["reason"] is not None)
        if row["value"] is not None:
            assert 0 < row["lower_90"] <= row["value"] <= row["upper_90"]


def test_what_the_file_says_goes_over_what_is_on_record_and_is_told(town: Warehouse) -> None:
    plain = one(town, {"listing_key": "A1"})
    same = one(town, {"listing_key": "A1", "sqft": "1,800"})
    larger = one(town, {"listing_key": "A1", "sqft": "2,600 sqft"})
    assert same == plain
    assert larger["overrides"] == "living_area 1800 -> 2600"
    assert larger["value"] != plain["value"]
    given = one(town, {"listing_key": "NO-AREA", "sqft": "1800"})
    assert given["reason"] is None
    assert given["overrides"] == "living_area (none) -> 1800"


def test_attributes_alone_need_an_area_and_a_place_inside_the_market(town: Warehouse) -> None:
    no_place = {name: ALONE[name] for name in ("sqft", "beds")}
    said = asked(
        town,
        no_place,
        {**no_place, "zip": "77001"},
        {**no_place, "zip": "10001"},
        {**ALONE, "latitude": "40.7", "longitude": "-74.0"},
        {**ALONE, "latitude": "-95.4", "longitude": "29.7"},
        {"year_built": "1990", "zip": "77001"},
        {"listing_key": "gone", **ALONE},
        {"property_key": "H00100", "latitude": "40.7", "longitude": "-74.0"},
    ).frame
    assert said["reason"].to_list() == [
        NO_PLACE_GIVEN,
        None,
        FAR_AWAY,
        FAR_AWAY,
        NO_PLACE_GIVEN,
        NO_AREA_GIVEN,
        None,
        FAR_AWAY,
    ]
    assert said["note"][6] == "listing_key 'gone' is not known here"
    empty = value_request(town, request({"unit": ""}, headings=("unit", "sqft")), TRAINING)
    assert empty.frame["reason"].to_list() == [BLANK]
    other = RequestFile(("Ref", "sqft"), (("1", ""),), (2,), (None,), 0)
    assert value_request(town, other, TRAINING).frame["reason"].to_list() == [NOTHING_GIVEN]


def test_words_that_no_sale_here_has_take_nothing_away(town: Warehouse) -> None:
    key = town.read("clean.sales").filter(pl.col("subdivision_name").is_not_null())
    listing = {"property_key": key["property_key"][0]}
    plain = one(town, listing)
    other = one(town, {**listing, "subdivision": "Elsewhere"})
    assert other["note"] == "subdivision_name 'Elsewhere' is not used: no sale here has it"
    assert other["value"] == plain["value"]
    own = one(town, {**listing, "subdivision": key["subdivision_name"][0].upper()})
    assert own == plain


def test_a_track_without_a_champion_names_those_that_have_one(town: Warehouse) -> None:
    with pytest.raises(NoChampion, match=r"'on_market' yet; there is a champion for off_market\."):
        asked(town, {**ALONE}, track="on_market")


def test_before_there_is_data_or_a_model_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "warehouse.duckdb")
    with pytest.raises(WarehouseMissing, match="Nothing has been ingested yet"):
        asked(warehouse, {**ALONE})
    tables = clean_tables(300)
    put_market(warehouse, tables)
    with pytest.raises(NoChampion, match="about 400 valid closed sales are needed"):
        asked(warehouse, {**ALONE})
    assert issubclass(NotThatDay, RealtyError)
