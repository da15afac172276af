"""Gaps, outliers, duplicates and photos: what is planted is found, and a clean town is clean."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from realty_assets.exploration.distributions import distributions
from realty_assets.exploration.duplicates import duplicates
from realty_assets.exploration.findings import Table, figure, listed, share
from realty_assets.exploration.missingness import empty_by_source, groups, missingness
from realty_assets.exploration.photos import photos
from realty_assets.ingestion.contract import COLUMN_NAMES, POLARS_TYPES
from realty_assets_tests.exploration.towns import Row, seen, town, warnings
from realty_assets_tests.frames import STAGING_SCHEMA


@pytest.mark.parametrize("seed", range(3))
def test_a_clean_town_warns_of_nothing(seed: int) -> None:
    with seen(town(seed=seed)) as opened:
        for make in (missingness, distributions, duplicates):
            assert warnings(make(opened)) == [], make.__name__


def test_every_column_of_the_contract_is_looked_at() -> None:
    """A column that the contract gains must not be forgotten by the lists in sql/."""
    provenance = {"file_hash", "record_number", "line_number", "source", "row_hash", "known_at"}
    full = {
        name: [[] if name == "flags" else datetime(2024, 1, 1) if kind == pl.Datetime("us") else 1]
        for name, kind in STAGING_SCHEMA.items()
    }
    frame = pl.DataFrame(
        [
            pl.Series(name, values, strict=False).cast(STAGING_SCHEMA[name], strict=False)
            for name, values in full.items()
        ]
    )
    with seen(frame) as opened:
        numbers = set(opened.ask("SELECT DISTINCT field FROM numbers")["field"])
        words = set(opened.ask("SELECT DISTINCT field FROM words")["field"])
        patterns = set(opened.find("null_patterns").columns)
    numeric = {name for name in COLUMN_NAMES if POLARS_TYPES[name].is_numeric()}
    assert numbers == numeric - provenance
    texts = {name for name in COLUMN_NAMES if POLARS_TYPES[name] in (pl.String, pl.Boolean)}
    addresses = {"unparsed_address", "street_number", "street_name", "unit_number"}
    assert words == texts - provenance - addresses - {"listing_key", "parcel_number"}
    assert patterns >= set(COLUMN_NAMES) - provenance - {"listing_key", "flags"}


def test_a_month_that_loses_a_field_is_found() -> None:
    def spoil(row: Row) -> Row:
        return row | ({"living_area": None} if row["known_at"].month == 5 else {})

    with seen(town(spoil=spoil)) as opened:
        found = warnings(missingness(opened))
    assert [f.kind for f in found] == ["month_stands_out"]
    assert "2023-05" in found[0].sentence
    assert "living_area (100.0% against 0.0%)" in found[0].sentence


def test_fields_that_are_empty_together_are_found() -> None:
    def spoil(row: Row) -> Row:
        gone = int(row["listing_key"]) % 7 == 0
        return row | ({"bathrooms_full": None, "year_built": None} if gone else {})

    with seen(town(spoil=spoil)) as opened:
        empty = next(empty_by_source(opened.find("null_patterns")))
        rows = opened.ask("SELECT count(*) AS n FROM staging.listings WHERE year_built IS NULL")
    (group,) = groups(empty)
    assert group == (["year_built", "bathrooms_full"], rows["n"][0], rows["n"][0])


def test_a_stand_in_for_unknown_is_found_and_a_lone_giant_is_a_note() -> None:
    def spoil(row: Row) -> Row:
        key = int(row["listing_key"]) - 7000000
        if key % 20 == 0:
            return row | {"lot_size_square_feet": 9_999_999.0}
        return row | ({"living_area": 90_000.0} if key == 3 else {})

    with seen(town(spoil=spoil)) as opened:
        report = distributions(opened)
    assert [(f.kind, f.field, f.n_rows) for f in warnings(report)] == [
        ("stand_in", "lot_size_square_feet", 60)
    ]
    giants = [f for f in report.findings if f.kind == "far_out" and f.field == "living_area"]
    assert [(f.severity, f.n_rows) for f in giants] == [("note", 1)]
    assert "as far as 90,000" in giants[0].sentence


def test_rents_do_not_make_prices_look_odd() -> None:
    def spoil(row: Row) -> Row:
        lease = int(row["listing_key"]) % 10 == 0
        return row | ({"property_type": "Residential Lease", "list_price": 1900.0} if lease else {})

    with seen(town(spoil=spoil)) as opened:
        assert warnings(distributions(opened)) == []
        assert [f for f in distributions(opened).findings if f.field == "list_price"] == []


def test_a_rare_text_value_is_counted_and_not_shown() -> None:
    def spoil(row: Row) -> Row:
        return row | (
            {"subdivision_name": "call Ann 555-0100"} if row["listing_key"] == "7000001" else {}
        )

    with seen(town(spoil=spoil)) as opened:
        tables = [part for part in distributions(opened).parts if isinstance(part, Table)]
    rows = [row for table in tables for row in table.rows if row[0] == "subdivision_name"]
    assert rows == [("subdivision_name", 1, 1, 1, "")]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("near_key", lambda row: {"listing_key": "0" + row["listing_key"]}),
        ("one_sale_twice", lambda row: {"listing_key": "98" + row["listing_key"]}),
        ("same_time", lambda row: {"living_area": row["living_area"] + 1, "row_hash": "other"}),
    ],
)
def test_a_thing_told_twice_is_found(kind: str, change) -> None:  # type: ignore[no-untyped-def]
    frame = town()
    sale = frame.filter(pl.col("close_price").is_not_null()).row(0, named=True)
    twin = pl.DataFrame([sale | change(sale)], schema=frame.schema)
    with seen(pl.concat([frame, twin])) as opened:
        found = [f for f in warnings(duplicates(opened)) if f.kind == kind]
    assert len(found) == 1
    assert sale["listing_key"] in found[0].sentence


def photo_rows(n: int) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "photo_hash": [f"h{at}" for at in range(n)],
            "listing_key": [f"{7000000 + at % 40}" for at in range(n)],
            "status": ["corrupt" if at % 10 == 0 else "ok" for at in range(n)],
            "width": [120 if at % 50 == 0 else 1024 for at in range(n)],
            "height": [768] * n,
            "n_bytes": rng.integers(1000, 90_000, n),
            "phash": ["stock" if at % 20 == 0 else f"p{at}" for at in range(n)],
        }
    )


def test_photos_are_judged_when_they_are_there() -> None:
    def spoil(row: Row) -> Row:
        return row | ({"photos_count": 9} if row["listing_key"] < "7000050" else {})

    with seen(town(spoil=spoil), photos=photo_rows(400)) as opened:
        report = photos(opened)
    said = {f.kind: f for f in report.findings}
    assert (said["photo_status"].severity, said["photo_status"].n_rows) == ("warn", 40)
    assert said["small_photos"].n_rows == 8
    # Every 20th photo looks the same, and stands under 2 of 40 keys only.
    assert "stock_photos" not in said
    assert said["photos_missing"].sentence.startswith("10 of 50 har listings have fewer photos")


def test_a_picture_under_many_listings_is_found() -> None:
    table = photo_rows(400).with_columns(
        phash=pl.when(pl.col("listing_key") < "7000009").then(pl.lit("sky")).otherwise("phash")
    )
    with seen(town(), photos=table) as opened:
        found = [f for f in warnings(photos(opened)) if f.kind == "stock_photos"]
    assert len(found) == 1
    assert "one under 9" in found[0].sentence


def test_without_photos_the_report_says_so() -> None:
    with seen(town()) as opened:
        assert [f.sentence for f in photos(opened).findings] == ["No photos have been staged yet."]


def test_words_of_figures() -> None:
    assert share(1, 10_000) == "<0.1%"
    assert share(9_999, 10_000) == ">99.9%"
    assert share(0, 5) == "0.0%"
    assert share(5, 5) == "100.0%"
    assert figure(1234567.0) == "1,234,567"
    assert figure(0.125) == "0.125"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"


def test_known_at_of_a_town_is_a_month_of_its_own() -> None:
    """The builder itself: listings are spread over the year, and close after they are seen."""
    frame = town()
    assert frame["known_at"].dt.month().n_unique() >= 11
    closed = frame.filter(pl.col("standard_status") == "Closed")
    assert (closed["close_date"] - closed["listing_contract_date"] >= timedelta(days=10)).all()
