"""The contract of staging.listings and staging.parcels: every column and what it may hold.

One contract per table is the only place where types and ranges are stated. The rules that
quarantine or blank are derived from it (rules.py), and the asset check holds the table against it.
`severity` says what a cell outside its range does: error = the row is quarantined,
blank = the cell is emptied and flagged; it stays in raw either way.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from realty_assets.ingestion.contract_columns import Column, Contract

STATUSES = (
    "Active",
    "Active Under Contract",
    "Canceled",
    "Closed",
    "Coming Soon",
    "Delete",
    "Expired",
    "Pending",
    "Withdrawn",
)
# RESO PropertyType. Which of them are valued is said in rules.py.
PROPERTY_TYPES = (
    "Business Opportunity",
    "Commercial Lease",
    "Commercial Sale",
    "Farm",
    "Land",
    "Manufactured In Park",
    "Residential",
    "Residential Income",
    "Residential Lease",
)
CONTRACT_VERSION = "2"

_TYPES: dict[str, Any] = {
    "text": pl.String,
    "float": pl.Float64,
    "int": pl.Int32,
    "long": pl.Int64,
    "date": pl.Date,
    "time": pl.Datetime("us"),
    "bool": pl.Boolean,
    "texts": pl.List(pl.String),
}


def _column(
    kind: str,
    says: str,
    low: Any = None,
    high: Any = None,
    *,
    one_of: tuple[str, ...] = (),
    form: str = "",
    severity: str = "blank",
    required: bool = False,
) -> Column:
    return Column(_TYPES[kind], says, low, high, one_of, form, severity, required)


_FIRST, _LAST = date(1900, 1, 1), date(2100, 1, 1)
# Without a zone, as staging holds them: UTC by contract.
_EARLIEST, _LATEST = (datetime.combine(day, datetime.min.time()) for day in (_FIRST, _LAST))

listings = Contract(
    "staging.listings",
    {
        "file_hash": _column("text", "sha256 of the delivered file", required=True),
        "record_number": _column("long", "1 = first data record of the file", required=True),
        "line_number": _column("long", "physical line where the record starts", required=True),
        "source": _column("text", "family of the mapping that read it", required=True),
        "row_hash": _column("text", "md5 of what the mapping reads, as text", required=True),
        "known_at": _column("time", "when this version became known, UTC", required=True),
        "listing_key": _column("text", "how the source names the listing", required=True),
        "parcel_number": _column("text", "parcel of the county, as text"),
        "property_type": _column("text", "RESO PropertyType", one_of=PROPERTY_TYPES),
        "property_sub_type": _column("text", "the source's own word for the kind of home"),
        "standard_status": _column("text", "RESO StandardStatus; empty: unknown", one_of=STATUSES),
        "mls_status": _column("text", "the source's own status word"),
        "list_price": _column("float", "US dollars", 1.0, 1e9, severity="error"),
        "original_list_price": _column("float", "US dollars", 1.0, 1e9),
        "close_price": _column("float", "US dollars", 1.0, 1e9, severity="error"),
        "listing_contract_date": _column("date", "listed on", _FIRST, _LAST, severity="error"),
        "close_date": _column("date", "closed on", _FIRST, _LAST, severity="error"),
        "modification_timestamp": _column(
            "time",
            "last change at the source, UTC",
            _EARLIEST,
            _LATEST,
            severity="error",
        ),
        "days_on_market": _column("int", "days", 0, 20_000),
        "cumulative_days_on_market": _column("int", "days", 0, 20_000),
        "unparsed_address": _column("text", "street address in one line"),
        "street_number": _column("text", "house number, as text"),
        "street_dir_prefix": _column("text", "compass word before the street name"),
        "street_name": _column("text", "name of the street alone"),
        "street_suffix": _column("text", "Street, Lane, Court"),
        "unit_number": _column("text", "unit within the building"),
        "city": _column("text", "city of the address"),
        "state_or_province": _column("text", "two letters where the mapping knows the name"),
        "county_or_parish": _column("text", "county of the address"),
        "postal_code": _column("text", "five digits", form=r"^\d{5}$"),
        "subdivision_name": _column("text", "subdivision or neighbourhood"),
        "mls_area_minor": _column("text", "area code of the MLS"),
        "mls_area_major": _column("text", "market area of the MLS"),
        "latitude": _column("float", "degrees", -90.0, 90.0),
        "longitude": _column("float", "degrees", -180.0, 180.0),
        "living_area": _column("float", "square feet", 50.0, 100_000.0, severity="error"),
        "lot_size_square_feet": _column("float", "square feet", 1.0, 1e9),
        "year_built": _column("int", "year of construction", 1_600, 2_100),
        "year_renovated": _column("int", "year of the last renovation", 1_600, 2_100),
        "bedrooms_total": _column("int", "bedrooms", 0, 19),
        "bathrooms_full": _column("int", "full bathrooms", 0, 19),
        "bathrooms_half": _column("int", "half bathrooms", 0, 19),
        "bathrooms_total": _column("float", "full + half of the half; quarters", 0.0, 29.0),
        "stories_total": _column("float", "floors; halves", 0.0, 120.0),
        "garage_spaces": _column("float", "cars that the garage holds", 0.0, 50.0),
        "pool_private_yn": _column("bool", "has a pool of its own"),
        "waterfront_yn": _column("bool", "lies on the water"),
        "view_score": _column("int", "0 to 4", 0, 4),
        "condition_score": _column("int", "1 to 5", 1, 5),
        "grade_score": _column("int", "county construction grade, 1 to 13", 1, 13),
        "above_grade_finished_area": _column("float", "square feet", 0.0, 100_000.0),
        "below_grade_finished_area": _column("float", "square feet", 0.0, 100_000.0),
        "neighbor_living_area": _column("float", "mean of 15 neighbours", 50.0, 100_000.0),
        "neighbor_lot_size": _column("float", "mean of 15 neighbours", 1.0, 1e9),
        "architectural_style": _column("text", "style, as the source writes it"),
        "elementary_school_district": _column("text", "number and name, as the source writes it"),
        "association_fee": _column("float", "US dollars per period of the source", 0.0, 1e6),
        "tax_annual_amount": _column("float", "US dollars a year", 0.0, 1e7),
        "tax_year": _column("int", "year of tax_annual_amount", 1_900, 2_100),
        "photos_count": _column("int", "photos that the source counts", 0, 1_000),
        "flags": _column("texts", "ids of the rules that warned or blanked", required=True),
    },
)

parcels = Contract(
    "staging.parcels",
    {
        "file_hash": _column("text", "sha256 of the delivered file", required=True),
        "record_number": _column("long", "1 = first data record of the file", required=True),
        "line_number": _column("long", "physical line where the record starts", required=True),
        "source": _column("text", "family of the mapping that read it", required=True),
        "row_hash": _column("text", "md5 of what the mapping reads, as text", required=True),
        "known_at": _column("time", "when this version became known, UTC", required=True),
        "record_key": _column("text", "parcel, or parcel and building", required=True),
        "parcel_number": _column("text", "account of the county, without padding", required=True),
        "record_kind": _column("text", "", one_of=("account", "building"), required=True),
        "tax_year": _column("int", "year of the roll", 1_900, 2_100),
        "building_number": _column("text", "of a building's row"),
        "unparsed_address": _column("text", "situs address in one line"),
        "city": _column("text", ""),
        "postal_code": _column("text", "five digits", form=r"^\d{5}$"),
        "property_use_code": _column("text", "the county's code of use"),
        "school_district_code": _column("text", ""),
        "neighborhood_code": _column("text", "the county's"),
        "market_area": _column("text", "the county's"),
        "land_area": _column("float", "square feet", 0.0, 1e10),
        "building_area": _column("float", "square feet, of all or of this building", 0.0, 1e8),
        "heated_area": _column("float", "square feet, of this building", 0.0, 1e8),
        "year_built": _column("int", "", 1_600, 2_100),
        "year_renovated": _column("int", "", 1_600, 2_100),
        "building_style": _column("text", "the county's words"),
        "construction_quality": _column("text", "the county's words"),
        "land_value": _column("float", "US dollars, appraised", 0.0, 1e11),
        "building_value": _column("float", "US dollars, appraised", 0.0, 1e11),
        "total_appraised_value": _column("float", "US dollars", 0.0, 1e11),
        "total_market_value": _column("float", "US dollars", 0.0, 1e11),
        "flags": _column("texts", "ids of the rules that warned or blanked", required=True),
    },
)

COLUMN_NAMES: tuple[str, ...] = tuple(listings.columns)
PARCEL_COLUMN_NAMES: tuple[str, ...] = tuple(parcels.columns)
# A column of both tables is the same in both.
COLUMNS: dict[str, Column] = {**parcels.columns, **listings.columns}
POLARS_TYPES: dict[str, Any] = {name: column.type for name, column in COLUMNS.items()}


def severity_of(column: str) -> str:
    """What a cell of `column` that cannot be used does: 'error' or 'blank'. Helpers: 'ignore'."""
    return COLUMNS[column].severity if column in COLUMNS else "ignore"


def range_of(column: str) -> tuple[Any, Any] | None:
    """(least, greatest) that the contract allows in `column`, both included."""
    low, high = COLUMNS[column].low, COLUMNS[column].high
    return None if low is None else (low, high)


def words_of(column: str) -> tuple[str, ...]:
    """The only words that the contract allows in `column`; none: any."""
    return listings.columns[column].one_of


def breaches(frame: pl.DataFrame, contract: Contract = listings) -> pl.DataFrame:
    """(column, check, n) for each part of the contract that `frame` does not keep; empty = kept."""
    from pandera.errors import SchemaErrors

    try:
        contract.schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        return (
            error.failure_cases.select(
                pl.col("column").cast(pl.String), pl.col("check").cast(pl.String)
            )
            .group_by("column", "check")
            .len("n")
            .sort("column", "check")
        )
    return pl.DataFrame(schema={"column": pl.String, "check": pl.String, "n": pl.UInt32})
