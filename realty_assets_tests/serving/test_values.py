"""`realty value`: the published value, a value of the past, or one sentence."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from realty_assets.errors import RealtyError
from realty_assets.ingestion.rules import NOT_HOMES
from realty_assets.serving.champion import NoChampion
from realty_assets.serving.valuations import NOT_A_HOME
from realty_assets.serving.values import ESTIMATE, NoValue, value_of
from realty_assets.warehouse import Warehouse, WarehouseMissing
from realty_assets_tests.frames import put
from realty_assets_tests.serving.homes import clean_tables, put_market

QUARANTINE = {
    "file_name": pl.String,
    "line_number": pl.Int64,
    "listing_key": pl.String,
    "known_at": pl.Datetime("us"),
    "raw_text": pl.String,
    "rule_ids": pl.List(pl.String),
    "resolution": pl.String,
}


def refused(warehouse: Warehouse, key: str) -> str:
    with pytest.raises(NoValue) as told:
        value_of(warehouse, key)
    text = str(told.value)
    assert "\n" not in text
    return text


def test_an_active_listing_has_its_published_value(warehouse: Warehouse) -> None:
    rows = warehouse.read("serving.valuations").filter(pl.col("listing_key") == "A1")
    row = rows.row(0, named=True)
    told = value_of(warehouse, " A1 ")
    assert (told.value, told.lower_90, told.upper_90) == (
        row["value"],
        row["lower_90"],
        row["upper_90"],
    )
    assert (told.as_of, told.track, told.model_version) == (
        row["as_of"],
        "off_market",
        row["model_version"],
    )
    assert told.note == ESTIMATE
    assert json.dumps(told.as_dict(), default=str)


def test_a_closed_sale_is_valued_as_of_the_day_before_it_was_listed(warehouse: Warehouse) -> None:
    sale = warehouse.read("clean.sales").filter(pl.col("excluded_by").is_null()).tail(1)
    told = value_of(warehouse, sale["listing_key"][0])
    assert told.as_of < sale["close_date"][0]
    assert told.lower_90 <= told.value <= told.upper_90
    assert str(told.as_of) in told.note
    assert "has seen this sale" in told.note


def test_of_an_excluded_sale_the_model_is_not_said_to_have_learned(warehouse: Warehouse) -> None:
    sale = warehouse.read("clean.sales").filter(pl.col("excluded_by").is_not_null()).tail(1)
    assert "has seen" not in value_of(warehouse, sale["listing_key"][0]).note


def test_a_sale_before_the_market_was_known_has_no_value(warehouse: Warehouse) -> None:
    first = warehouse.read("clean.sales").sort("close_date")["listing_key"][0]
    assert "too few sales were known before that day" in refused(warehouse, first)


def test_homes_without_a_value_say_why(warehouse: Warehouse) -> None:
    assert (
        refused(warehouse, "LAND") == "Listing LAND has no value: out of scope: land, not a home."
    )
    assert "Pending" in refused(warehouse, "PENDING")


@pytest.mark.parametrize("kind", NOT_HOMES)
def test_what_is_no_home_is_out_of_scope_also_when_it_was_sold(
    warehouse: Warehouse, kind: str
) -> None:
    key = warehouse.read("clean.sales").tail(1)["listing_key"][0]
    listings = warehouse.read("clean.listings")
    sold = pl.col("listing_key") == key
    told = listings.with_columns(
        pl.when(sold).then(pl.lit(kind)).otherwise("property_type").alias("property_type")
    )
    put(warehouse, "clean.listings", told)
    assert refused(warehouse, key).startswith(f"Listing {key} has no value: out of scope: ")
    assert set(NOT_A_HOME) == set(NOT_HOMES)


def test_an_unknown_key_gets_the_nearest_ones(warehouse: Warehouse) -> None:
    assert refused(warehouse, "L0012X") == (
        "There is no listing L0012X in this home. Did you mean L00120, L00121 or L00122?"
    )
    assert refused(warehouse, "fourplxe").endswith("Did you mean FOURPLEX?")
    assert refused(warehouse, "FOUR").endswith("Did you mean FOURPLEX?")
    assert refused(warehouse, "L0059").endswith("Did you mean L00590, L00591 or L00592?")
    assert refused(warehouse, " ").startswith("The listing key is empty")
    assert refused(warehouse, "nothing like it").endswith("in this home.")
    assert refused(warehouse, "'; DROP TABLE clean.listings; --").startswith("There is no")


def quarantine(warehouse: Warehouse, *rows: dict) -> None:
    put(warehouse, "staging.quarantine", pl.DataFrame(list(rows), schema=QUARANTINE))


def test_a_quarantined_listing_says_so_with_its_rules(warehouse: Warehouse) -> None:
    held = {
        "file_name": "june.csv",
        "line_number": 17,
        "listing_key": "Q1",
        "known_at": datetime(2021, 6, 1),
        "raw_text": "Q1,Sold,5900000",
        "rule_ids": ["price.close_to_list", "price.rent"],
        "resolution": "open",
    }
    malformed = {
        "file_name": "july.csv",
        "line_number": 3,
        "raw_text": '"12345678",Sold,"9 Elm, rear"',
        "rule_ids": ["record.malformed"],
        "resolution": "discarded",
    }
    released = {**held, "listing_key": "Q2", "resolution": "released"}
    quarantine(warehouse, held, malformed, released)
    assert refused(warehouse, "Q1") == (
        "Listing Q1 is in quarantine (june.csv, line 17): price.close_to_list, price.rent."
    )
    assert "july.csv, line 3" in refused(warehouse, "12345678")
    assert "quarantine" not in refused(warehouse, "Q2")
    # Part of a key, or of a price, is not the key.
    assert "There is no listing" in refused(warehouse, "123456")
    assert "There is no listing" in refused(warehouse, "5900000")


def test_the_same_key_from_two_sources_is_not_guessed_at(warehouse: Warehouse) -> None:
    listings = warehouse.read("clean.listings")
    twin = listings.filter(pl.col("listing_key") == "A1").with_columns(source=pl.lit("other"))
    put(warehouse, "clean.listings", pl.concat([listings, twin]))
    assert "har and other" in refused(warehouse, "A1")


def test_before_there_is_data_or_a_model_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "warehouse.duckdb")
    with pytest.raises(WarehouseMissing, match="Nothing has been ingested yet"):
        value_of(warehouse, "A1")
    put(warehouse, "ledger.files", pl.DataFrame({"file_name": ["a.csv"]}))
    with pytest.raises(WarehouseMissing, match="not been cleaned yet: `realty run all`"):
        value_of(warehouse, "A1")
    put_market(warehouse, clean_tables(300))
    with pytest.raises(NoChampion, match="about 400 valid closed sales are needed"):
        value_of(warehouse, "L00200")
    assert issubclass(NoValue, RealtyError)
