"""Values on demand on every track: what each may know, and what the row says of its listing."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.features.sales import effective_known_at
from realty_assets.features.tracks import AT_LISTING, MATRICES, OFF_MARKET, ON_MARKET, TRACKS
from realty_assets.serving.on_demand import Answer, value_request
from realty_assets.serving.request_homes import LISTED_LATER, NO_PRICE_GIVEN, NOT_ON_MARKET
from realty_assets.serving.speaking import OF_THAT_DAY
from realty_assets.serving.valuations import NO_LIST_PRICE, VALUES
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import put
from realty_assets_tests.markets import realty_json
from realty_assets_tests.serving.requests import TRAINING, request

HEADINGS = (
    *["listing_key", "property_key", "sqft", "beds", "year_built", "lat", "lon"],
    *["List Price", "Original List Price", "List Date"],
)
ALONE = {"sqft": "1800", "beds": "3", "year_built": "1990", "lat": "29.7", "lon": "-95.4"}
PRICED = {**ALONE, "List Price": "$400,000"}
LATER = [AT_LISTING, ON_MARKET]


def asked(warehouse: Warehouse, *rows: dict[str, str], track: str, **how: Any) -> Answer:
    return value_request(warehouse, request(*rows, headings=HEADINGS), TRAINING, track=track, **how)


@pytest.fixture(scope="module")
def town(tracked: Path) -> Warehouse:
    """The warehouse of the home with all tracks; read-only."""
    return Warehouse.at(tracked / "warehouse.duckdb")


@pytest.fixture
def own(tracked: Path, tmp_path: Path) -> Warehouse:
    """The warehouse of a copy of it."""
    shutil.copytree(tracked, tmp_path / "own")
    return Warehouse.at(tmp_path / "own" / "warehouse.duckdb")


@pytest.mark.parametrize("track", TRACKS)
def test_a_listing_gets_what_is_published_on_its_track_to_the_last_bit(
    town: Warehouse, track: str
) -> None:
    table = "serving.valuations" if track == OFF_MARKET else "serving.listing_valuations"
    published = town.read(table).filter(pl.col("track") == track).sort("listing_key")
    assert published["value"].drop_nulls().len() >= 2
    rows = ({"listing_key": key} for key in published["listing_key"])
    said = asked(town, *rows, track=track).frame
    for name in (*VALUES, "reason", "as_of", "track", "model_version"):
        assert said[name].to_list() == published[name].to_list(), name
    reasons = dict(said.select("matched_listing_key", "reason").iter_rows())
    assert reasons["A3"] == (NO_LIST_PRICE if track == ON_MARKET else None)


@pytest.mark.parametrize("track", [OFF_MARKET, AT_LISTING])
def test_what_is_said_of_the_listing_reaches_no_track_that_may_not_know_it(
    town: Warehouse, track: str
) -> None:
    rows = [{"listing_key": "A1"}, {"listing_key": "A3"}, ALONE, {"property_key": "H00100"}]
    facts = {"List Price": "9,000", "Original List Price": "1", "List Date": "12/1/2021"}
    said = asked(town, *rows, *({**row, **facts} for row in rows), track=track)
    told = said.frame.to_dicts()
    assert told[: len(rows)] == told[len(rows) :]
    assert said.frame["value"].null_count() == 0
    assert not set(said.read_as) & set(facts)


def test_the_list_price_of_the_row_goes_over_the_one_on_record(town: Warehouse) -> None:
    plain, same, cut, mended = asked(
        town,
        {"listing_key": "A1"},
        {"listing_key": "A1", "List Price": "400000"},
        {"listing_key": "A1", "List Price": "$360,000.00"},
        {"listing_key": "A3", "List Price": "300,000"},
        track=ON_MARKET,
    ).frame.to_dicts()
    assert same == plain
    assert cut["overrides"] == "list_price 400000 -> 360000"
    assert cut["value"] < plain["value"]
    assert mended["reason"] is None
    assert mended["overrides"] == "list_price (none) -> 300000"


def test_without_a_list_price_the_reason_says_what_is_missing(own: Warehouse) -> None:
    rows = [
        ALONE,
        PRICED,
        {**ALONE, "List Price": "0"},
        {**ALONE, "List Price": "TBD"},
        {"property_key": "H00100"},
        {"property_key": "H00100", "List Price": "350000"},
        {"listing_key": "A1"},
        {"listing_key": "PENDING"},
        {"listing_key": "LAND", "List Price": "350000"},
    ]
    said = asked(own, *rows, track=ON_MARKET).frame
    assert said["reason"].to_list() == [
        NO_PRICE_GIVEN,
        None,
        NO_PRICE_GIVEN,
        NO_PRICE_GIVEN,
        NOT_ON_MARKET,
        None,
        None,
        None,
        "out of scope: land, not a home",
    ]
    assert said["note"].to_list()[2:4] == [
        "list_price '0' is not used: outside 1 to 1e+09",
        "list_price 'TBD' cannot be read",
    ]
    versions = own.read("clean.listing_versions")
    gone = versions.filter(pl.col("listing_key") == "A1").with_columns(
        standard_status=pl.lit("Delete"),
        known_at=pl.lit(datetime(2021, 12, 30, 5)),
        property_key=pl.lit(None, dtype=pl.String),
    )
    put(own, "clean.listing_versions", pl.concat([versions, gone]))
    keys = [{"listing_key": "A1"}, {"property_key": "home of A1"}]
    assert asked(own, *keys, track=ON_MARKET).frame["reason"].to_list() == [NOT_ON_MARKET] * 2
    assert asked(own, *keys, track=AT_LISTING).frame["reason"].to_list() == [None] * 2


def test_list_dates_are_read_in_every_usual_form_and_count_no_later_than_the_day(
    town: Warehouse,
) -> None:
    forms = ["11/1/2021", "11/01/21", "2021-11-01", "2021-11-01 00:00:00", "11/1/2021 12:00:00 AM"]
    dates = [*forms, "2022-01-02", "1/1/1850", ""]
    said = asked(town, *({**PRICED, "List Date": text} for text in dates), track=ON_MARKET)
    *same, late, old, plain = said.frame.to_dicts()
    assert all(row == same[0] for row in same)
    assert same[0]["note"] is None
    assert plain["value"] is not None
    assert late == {**plain, "note": LISTED_LATER}
    told = "listing_contract_date '1/1/1850' is not used: outside 1900-01-01 to 2100-01-01"
    assert old == {**plain, "note": told}


POOL: list[dict[str, str]] = [
    {"listing_key": "A1"},
    {"listing_key": "A1", "List Price": "350000", "Original List Price": "390000"},
    {"listing_key": "A2", "List Date": "11/20/2021"},
    {"listing_key": "A3"},
    {"listing_key": "LAND"},
    {"property_key": "H00100"},
    {"property_key": "H00100", "List Price": "300000"},
    ALONE,
    PRICED,
    {**PRICED, "List Price": "#N/A"},
    {"beds": "3", "List Price": "300000"},
    {},
]
_WHOLE: dict[str, list[dict[str, Any]]] = {}


@pytest.mark.parametrize("track", LATER)
@given(places=st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=2 * len(POOL)))
@settings(max_examples=3, deadline=None)
def test_what_a_row_gets_depends_on_no_other_row(
    town: Warehouse, track: str, places: list[int]
) -> None:
    if track not in _WHOLE:
        _WHOLE[track] = asked(town, *POOL, track=track).frame.to_dicts()
    said = asked(town, *(POOL[at] for at in places), track=track).frame
    assert said.to_dicts() == [_WHOLE[track][at] for at in places]
    assert (said["value"].is_null() == said["reason"].is_not_null()).all()


MESS = ["", "", "#N/A", "-", "1e400", "-0", "350000", "$1", "inf", "NaN", "\0", "12/31/9999"]
MESS += ["13/45/2021", "2021-12-01", "0/0/0", "A1", "A2", "H00100", "29.7", "-95.4", "1800"]


@pytest.mark.parametrize("track", LATER)
@given(
    cells=st.lists(
        st.lists(st.sampled_from(MESS), min_size=len(HEADINGS), max_size=len(HEADINGS)),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=3, deadline=None)
def test_whatever_the_cells_hold_every_row_has_a_value_or_a_reason(
    town: Warehouse, track: str, cells: list[list[str]]
) -> None:
    rows = [dict(zip(HEADINGS, row, strict=True)) for row in [*cells, *map(list, [MESS[:10]])]]
    frame = asked(town, *rows, track=track).frame
    assert len(frame) == len(rows)
    valued = frame["value"].is_not_null()
    assert (valued == frame["reason"].is_null()).all()
    inside = (frame["lower_90"] <= frame["value"]) & (frame["value"] <= frame["upper_90"])
    assert (inside & (frame["lower_90"] > 0) & frame["upper_90"].is_finite()).filter(valued).all()


@pytest.mark.parametrize("track", LATER)
def test_a_day_of_the_past_knows_nothing_later_on_its_track(own: Warehouse, track: str) -> None:
    day, moment = date(2021, 12, 1), datetime(2021, 12, 1)
    versions = own.read("clean.listing_versions")
    early = versions.filter(pl.col("listing_key") == "A1").with_columns(
        known_at=pl.lit(datetime(2021, 11, 10)),
        list_price=pl.lit(380_000.0),
        listing_contract_date=pl.lit(date(2021, 11, 5)),
    )
    versions = pl.concat([versions, early])
    put(own, "clean.listing_versions", versions)
    rows = [PRICED, {"listing_key": "A1"}, {"property_key": "H00100", "List Price": "300000"}]
    before = asked(own, *rows, track=track, as_of=day)
    valuer = before.speaker.valuer
    assert (valuer.track, valuer.cutoff) == (track, day)
    assert before.frame["reason"].null_count() == len(rows)

    usable = own.read(MATRICES[track]).filter(
        (pl.col("role") == "sale")
        & pl.col("excluded_by").is_null()
        & (effective_known_at() < pl.lit(moment))
    )
    assert 0 < valuer.n_train <= len(usable)

    later = (pl.col("known_at") >= moment) | (pl.col("close_date") >= day)
    for table in ("clean.sales", MATRICES[track]):
        frame = own.read(table)
        assert frame.filter(later).height > 10
        changed = {
            name: pl.when(later).then(pl.col(name) * 3).otherwise(pl.col(name))
            for name in ("close_price", "list_price", "ln_list_price")
            if name in frame.columns
        }
        put(own, table, frame.with_columns(**changed))
    contracts = own.read("clean.contracts").join(
        own.read("clean.sales").filter(later).select("source", "listing_key"),
        on=["source", "listing_key"],
        how="anti",
    )
    put(own, "clean.contracts", contracts)
    late = pl.when(pl.col("known_at") >= moment)
    put(
        own,
        "clean.listing_versions",
        versions.with_columns(
            list_price=late.then(9e6).otherwise("list_price"),
            living_area=late.then(9000.0).otherwise("living_area"),
        ),
    )
    after = asked(own, *rows, track=track, as_of=day)
    assert after.frame.to_dicts() == before.frame.to_dicts()
    # And what came before the day counts.
    price = pl.when(pl.col("known_at") < datetime(2021, 10, 1)).then(pl.col("close_price") * 1.3)
    for table in ("clean.sales", MATRICES[track]):
        changed_price = price.otherwise("close_price")
        put(own, table, own.read(table).with_columns(close_price=changed_price))
    moved = asked(own, *rows, track=track, as_of=day)
    assert moved.frame["value"].to_list() != before.frame["value"].to_list()
    memory = list((own.home / "models" / OF_THAT_DAY).iterdir())
    assert {json.loads(path.read_text())["track"] for path in memory} == {track}


def test_the_command_line_takes_the_track(own: Warehouse, tmp_path: Path) -> None:
    asks, to = tmp_path / "homes.csv", tmp_path / "values.csv"
    asks.write_text("MLS #,List Price\nA1,\nA1,350000\nA3,\n", encoding="utf-8")
    told = realty_json(own.home, "value", "--in", asks, "--out", to, "--track", ON_MARKET)
    assert (told["track"], told["n_valued"], told["n_rows"]) == (ON_MARKET, 2, 3)
    assert told["read_as"] == {"MLS #": "listing_key", "List Price": "list_price"}
    assert told["reasons"] == [{"reason": NO_LIST_PRICE, "n_rows": 1}]
    listed = own.read("serving.listing_valuations")
    published = listed.filter((pl.col("track") == ON_MARKET) & (pl.col("listing_key") == "A1"))
    found = pl.read_csv(to)
    assert found["value"][0] == published["value"][0]
    assert found["value"][1] < found["value"][0]
