"""Values on demand: the published value to the bit, whoever else is asked for; never a guess."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.errors import RealtyError
from realty_assets.features.matrix import FeatureSettings
from realty_assets.serving import assets
from realty_assets.serving.champion import NoChampion
from realty_assets.serving.on_demand import NOT_ON_RECORD, Answer, NotThatDay, value_request
from realty_assets.serving.request_file import BLANK, RequestFile
from realty_assets.serving.request_homes import FAR_AWAY, NO_AREA_GIVEN, NO_PLACE_GIVEN, UNRECORDED
from realty_assets.serving.request_match import NOT_KNOWN, NOTHING_GIVEN, TWO_HOMES
from realty_assets.serving.speaking import OF_THAT_DAY, NoModelOfThatDay, Training
from realty_assets.serving.valuations import VALUES
from realty_assets.warehouse import Warehouse, WarehouseMissing
from realty_assets_tests.frames import put
from realty_assets_tests.modeling.markets import QUICK
from realty_assets_tests.serving.homes import TODAY, clean_tables, put_market

UNKNOWN = f"{NOT_KNOWN}, and {NO_AREA_GIVEN}"
TRAINING = Training(FeatureSettings(), QUICK)
HEADINGS = (
    *["listing_key", "property_key", "parcel_number", "address", "unit", "zip"],
    *["sqft", "beds", "year_built", "latitude", "longitude", "subdivision"],
)
ALONE = {
    "sqft": "1800",
    "beds": "3",
    "year_built": "1990",
    "latitude": "29.7",
    "longitude": "-95.4",
}


def request(*rows: dict[str, str], headings: tuple[str, ...] = HEADINGS) -> RequestFile:
    cells = tuple(tuple(row.get(name, "") for name in headings) for row in rows)
    assert all(set(row) <= set(headings) for row in rows)
    faults = tuple(None if any(row) else BLANK for row in cells)
    return RequestFile(headings, cells, tuple(range(2, len(rows) + 2)), faults, 0)


def asked(warehouse: Warehouse, *rows: dict[str, str], **how: Any) -> Answer:
    return value_request(warehouse, request(*rows), TRAINING, **how)


def one(warehouse: Warehouse, row: dict[str, str], **how: Any) -> dict[str, Any]:
    return asked(warehouse, row, **how).frame.row(0, named=True)


def home(warehouse: Warehouse, key: str) -> dict[str, Any]:
    homes = warehouse.read("clean.properties").filter(pl.col("property_key") == key)
    return homes.row(0, named=True)


@pytest.fixture(scope="module")
def town(valued: Path) -> Warehouse:
    """The warehouse of the valued home; read-only."""
    return Warehouse.at(valued / "warehouse.duckdb")


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


def test_words_that_no_sale_here_has_take_nothing_away(town: Warehouse) -> None:
    key = town.read("clean.sales").filter(pl.col("subdivision_name").is_not_null())
    listing = {"property_key": key["property_key"][0]}
    plain = one(town, listing)
    other = one(town, {**listing, "subdivision": "Elsewhere"})
    assert other["note"] == "subdivision_name 'Elsewhere' is not used: no sale here has it"
    assert other["value"] == plain["value"]
    own = one(town, {**listing, "subdivision": key["subdivision_name"][0].upper()})
    assert own == plain


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


def test_nothing_known_at_or_after_the_day_reaches_a_value_of_that_day(
    warehouse: Warehouse,
) -> None:
    """Values of a day stay the same to the bit when all that came later is changed."""
    day = date(2021, 12, 1)
    rows = [
        {**ALONE},
        {"property_key": "H00100"},
        {"listing_key": "A1"},
        {"listing_key": "A1", **ALONE},
    ]
    before = asked(warehouse, *rows, as_of=day)
    assert before.speaker.valuer.cutoff == day
    assert "trained for this request" in before.speaker.note
    later = (pl.col("known_at") >= datetime(2021, 12, 1)) | (pl.col("close_date") >= day)
    for table in ("clean.sales", "features.matrix"):
        frame = warehouse.read(table)
        assert frame.filter(later).height > 10
        price = pl.when(later).then(pl.col("close_price") * 3).otherwise("close_price")
        put(warehouse, table, frame.with_columns(close_price=price))
    versions = warehouse.read("clean.listing_versions")
    area = (
        pl.when(pl.col("known_at") >= datetime(2021, 12, 1)).then(9000.0).otherwise("living_area")
    )
    put(warehouse, "clean.listing_versions", versions.with_columns(living_area=area))
    after = asked(warehouse, *rows, as_of=day)
    assert after.frame.to_dicts() == before.frame.to_dicts()
    assert before.frame["reason"].to_list() == [None, None, NOT_ON_RECORD, None]
    assert str(before.frame["note"][0]).endswith("has passed no gates")
    assert str(before.frame["note"][3]).startswith(UNRECORDED)
    assert before.frame["value"][3] == before.frame["value"][0]


def test_a_model_of_a_day_is_trained_once_and_found_again(warehouse: Warehouse) -> None:
    day = date(2021, 12, 1)
    first = asked(warehouse, {**ALONE}, as_of=day)
    memory = list((warehouse.home / "models" / OF_THAT_DAY).iterdir())
    assert len(memory) == 1
    folder = warehouse.home / "models" / first.speaker.valuer.content_hash
    stamp = (folder / "manifest.json").stat().st_mtime_ns
    again = asked(warehouse, {**ALONE}, as_of=day)
    assert again.frame.to_dicts() == first.frame.to_dicts()
    assert (folder / "manifest.json").stat().st_mtime_ns == stamp
    (folder / "member_0.ubj").write_bytes(b"broken")
    assert asked(warehouse, {**ALONE}, as_of=day).frame.to_dicts() == first.frame.to_dicts()
    assert list((warehouse.home / "models" / OF_THAT_DAY).iterdir()) == memory


def test_the_champion_speaks_for_days_from_its_own_on(warehouse: Warehouse) -> None:
    champion = asked(warehouse, {**ALONE}).speaker.valuer
    assert asked(warehouse, {**ALONE}, as_of=TODAY).speaker.valuer.model_version == (
        champion.model_version
    )
    with pytest.raises(NotThatDay, match=r"2022-01-02 lies after 2022-01-01"):
        asked(warehouse, {**ALONE}, as_of=date(2022, 1, 2))
    with pytest.raises(NoModelOfThatDay, match=r"No model of 2021-02-01.*Give a later --as-of"):
        asked(warehouse, {**ALONE}, as_of=date(2021, 2, 1))


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
