"""Headings of a request and what its cells say: RESO names, usual words, units, and what is not."""

from __future__ import annotations

import polars as pl
import pytest

from realty_assets.features.tracks import AT_LISTING, LISTING_FACTS, ON_MARKET
from realty_assets.serving.request_columns import COLUMNS, Given, read_cells, telling, understood


def given(headings: list[str], *rows: list[str]) -> Given:
    return read_cells(tuple(headings), rows, understood(headings), [False] * len(rows))


def cell(heading: str, text: str) -> tuple[object, list[str]]:
    column = understood([heading])[heading]
    found = given([heading], [text])
    column = {"_acres": "lot_size_square_feet"}.get(column, column)
    return found.frame[column][0], found.notes[0]


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Address", "unparsed_address"),
        ("property street address", "unparsed_address"),
        ("Zip", "postal_code"),
        ("ZIP Code", "postal_code"),
        ("Sqft", "living_area"),
        ("GLA", "living_area"),
        ("Living Area (sq ft)", "living_area"),
        ("Beds", "bedrooms_total"),
        ("Baths", "bathrooms_total"),
        ("Year Built", "year_built"),
        ("Lat", "latitude"),
        ("Lon", "longitude"),
        ("LNG", "longitude"),
        ("APN", "parcel_number"),
        ("Parcel #", "parcel_number"),
        ("MLS #", "listing_key"),
        ("ListingKey", "listing_key"),
        ("Property Key", "property_key"),
        ("Unit", "unit_number"),
        ("Apt", "unit_number"),
        ("Lot Acres", "_acres"),
        ("Property Type", "property_type"),
    ],
)
def test_the_usual_headings_are_understood_in_any_case(heading: str, column: str) -> None:
    assert understood([heading]) == {heading: column}
    assert understood([heading.upper()]) == {heading.upper(): column}


@pytest.mark.parametrize("column", [name for name in COLUMNS if not name.startswith("_")])
def test_every_column_is_understood_by_its_own_name(column: str) -> None:
    assert understood([column.upper()]) == {column.upper(): column}
    assert understood([column.replace("_", " ")]).get(column.replace("_", " "), column) == column


@pytest.mark.parametrize(
    "heading",
    ["Loan Number", "Account Number", "ID", "Ref", "Owner", "Value", "Price", "List Price", ""],
)
def test_what_may_mean_something_else_goes_through(heading: str) -> None:
    assert understood([heading]) == {}


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("List Price", "list_price"),
        ("LP", "list_price"),
        ("Ask", "list_price"),
        ("Asking Price", "list_price"),
        ("ListPrice", "list_price"),
        ("Original List Price", "original_list_price"),
        ("Orig. List Price", "original_list_price"),
        ("OLP", "original_list_price"),
        ("List Date", "listing_contract_date"),
        ("Listing Contract Date", "listing_contract_date"),
        ("Listed", "listing_contract_date"),
        ("On Market Date", "listing_contract_date"),
    ],
)
def test_facts_of_a_listing_are_understood_on_the_track_that_may_know_them(
    heading: str, column: str
) -> None:
    assert understood([heading], ON_MARKET) == {heading: column}
    assert understood([heading]) == understood([heading], AT_LISTING) == {}


@pytest.mark.parametrize("heading", ["Price", "Value", "Sale Price", "Close Date", "Date", "Owner"])
def test_a_sale_is_no_listing(heading: str) -> None:
    assert understood([heading], ON_MARKET) == {}


def test_of_two_headings_for_a_column_the_surer_counts() -> None:
    assert understood(["Square Feet", "living_area"]) == {"living_area": "living_area"}
    assert understood(["Zip", "Zip Code"]) == {"Zip": "postal_code"}
    assert telling(["Beds", "Baths", "Zip"]) == 0
    assert telling(["Beds", "Baths", "Zip", "Sqft"]) == 4


@pytest.mark.parametrize(
    ("heading", "text", "value"),
    [
        ("Sqft", "1,798", 1798.0),
        ("Sqft", "1798 sq. ft.", 1798.0),
        ("Sqft", " 1798.0 ", 1798.0),
        ("Beds", "3", 3),
        ("Beds", "3.0", 3),
        ("Zip", "77002-1234", "77002"),
        ("Lot Acres", "0.5", 21_780.0),
        ("Pool", "Yes", True),
        ("HOA fee", "$1,200", 1200.0),
        ("Lon", "-95.4", -95.4),
        ("APN", "0012-34", "0012-34"),
        ("Sqft", "N/A", None),
        ("Sqft", "-", None),
        ("Sqft", "", None),
        ("Property Type", "residential income", "Residential Income"),
    ],
)
def test_cells_are_read_as_people_write_them(heading: str, text: str, value: object) -> None:
    assert cell(heading, text) == (value, [])


@pytest.mark.parametrize(
    ("heading", "text", "told"),
    [
        ("Sqft", "about 1800", "living_area 'about 1800' cannot be read"),
        ("Sqft", "17", "living_area '17' is not used: outside 50 to 100000"),
        ("Sqft", "-1800", "living_area '-1800' is not used: outside 50 to 100000"),
        ("Lat", "129.7", "latitude '129.7' is not used: outside -90 to 90"),
        ("Beds", "3.5", "bedrooms_total '3.5' cannot be read"),
        ("Zip", "7700", "postal_code '7700' cannot be read"),
        ("Sqft", "#DIV/0!", "living_area is the error #DIV/0!"),
        ("MLS #", "#N/A", "listing_key is the error #N/A"),
        ("Sqft", "nan", None),
        ("Sqft", "inf", "living_area 'inf' cannot be read"),
    ],
)
def test_cells_that_cannot_be_used_are_empty_and_told(
    heading: str, text: str, told: str | None
) -> None:
    assert cell(heading, text) == (None, [told] if told else [])


def test_baths_and_lot_are_made_of_their_parts_where_not_given_themselves() -> None:
    found = given(
        ["Full Baths", "Half Baths", "Baths", "Lot Sqft", "Acres"],
        ["2", "1", "", "", "1"],
        ["2", "1", "3", "5000", "1"],
        ["", "1", "", "", ""],
    ).frame
    assert found["bathrooms_total"].to_list() == [2.5, 3.0, None]
    assert found["lot_size_square_feet"].to_list() == [43_560.0, 5000.0, None]


def test_a_type_that_is_no_word_of_resos_is_the_kind_of_home() -> None:
    found = given(["Property Type"], ["Condo"], ["LAND"]).frame
    assert found["property_type"].to_list() == [None, "Land"]
    assert found["property_sub_type"].to_list() == ["Condo", None]


def test_rows_that_are_unusable_say_nothing() -> None:
    found = read_cells(("Sqft",), [["1800"], ["oops"]], {"Sqft": "living_area"}, [False, True])
    assert found.frame["living_area"].to_list() == [1800.0, None]
    assert found.notes == [[], []]
    columns = [*COLUMNS, *LISTING_FACTS]
    assert found.frame.columns == [name for name in columns if name in found.frame.columns]
    assert set(LISTING_FACTS) < set(found.frame.columns)
    assert found.frame["postal_code"].dtype == pl.String
