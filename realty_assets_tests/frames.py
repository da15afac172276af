"""Small staging tables for tests: rows with everything but what the test says left empty."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from realty_assets.faces import record_build
from realty_assets.fingerprint import table_fingerprint
from realty_assets.warehouse import Warehouse

# clean.contracts of a source that tells of none.
NO_CONTRACTS = pl.DataFrame(
    schema={"source": pl.String, "listing_key": pl.String, "purchase_contract_date": pl.Date}
)
STAGING_SCHEMA: dict[str, Any] = {
    "file_hash": pl.String,
    "record_number": pl.Int64,
    "line_number": pl.Int64,
    "source": pl.String,
    "row_hash": pl.String,
    "known_at": pl.Datetime("us"),
    "listing_key": pl.String,
    "parcel_number": pl.String,
    "property_type": pl.String,
    "property_sub_type": pl.String,
    "standard_status": pl.String,
    "mls_status": pl.String,
    "list_price": pl.Float64,
    "original_list_price": pl.Float64,
    "close_price": pl.Float64,
    "listing_contract_date": pl.Date,
    "close_date": pl.Date,
    "modification_timestamp": pl.Datetime("us"),
    "days_on_market": pl.Int32,
    "cumulative_days_on_market": pl.Int32,
    "unparsed_address": pl.String,
    "street_number": pl.String,
    "street_dir_prefix": pl.String,
    "street_name": pl.String,
    "street_suffix": pl.String,
    "unit_number": pl.String,
    "city": pl.String,
    "state_or_province": pl.String,
    "county_or_parish": pl.String,
    "postal_code": pl.String,
    "subdivision_name": pl.String,
    "mls_area_minor": pl.String,
    "mls_area_major": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "living_area": pl.Float64,
    "lot_size_square_feet": pl.Float64,
    "year_built": pl.Int32,
    "year_renovated": pl.Int32,
    "bedrooms_total": pl.Int32,
    "bathrooms_full": pl.Int32,
    "bathrooms_half": pl.Int32,
    "bathrooms_total": pl.Float64,
    "stories_total": pl.Float64,
    "garage_spaces": pl.Float64,
    "pool_private_yn": pl.Boolean,
    "waterfront_yn": pl.Boolean,
    "view_score": pl.Int32,
    "condition_score": pl.Int32,
    "grade_score": pl.Int32,
    "above_grade_finished_area": pl.Float64,
    "below_grade_finished_area": pl.Float64,
    "neighbor_living_area": pl.Float64,
    "neighbor_lot_size": pl.Float64,
    "architectural_style": pl.String,
    "elementary_school_district": pl.String,
    "association_fee": pl.Float64,
    "tax_annual_amount": pl.Float64,
    "tax_year": pl.Int32,
    "photos_count": pl.Int32,
    "flags": pl.List(pl.String),
}


def closed(key: str, day: date, price: float, **more: Any) -> dict[str, Any]:
    """A closed sale of `key`, known at noon of its day."""
    return {
        "listing_key": key,
        "standard_status": "Closed",
        "close_date": day,
        "close_price": price,
        "known_at": datetime(day.year, day.month, day.day, 12),
        "living_area": 2000.0,
        "postal_code": "77001",
        **more,
    }


def staging(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """staging.listings of `rows`; what a row does not say is null (flags: none)."""
    full = [
        {
            "file_hash": "f",
            "record_number": number,
            "line_number": number + 1,
            "source": "har",
            "flags": [],
            **row,
        }
        for number, row in enumerate(rows, start=1)
    ]
    return pl.DataFrame(
        [{name: row.get(name) for name in STAGING_SCHEMA} for row in full],
        schema=STAGING_SCHEMA,
        orient="row",
    )


def stage(warehouse: Warehouse, rows: list[dict[str, Any]]) -> None:
    """Makes `rows` the staging table of a warehouse, as if they had been ingested."""
    put(warehouse, "staging.listings", staging(rows))


def put(warehouse: Warehouse, table: str, frame: pl.DataFrame) -> None:
    """Writes a table with its entry in the build memory."""
    with warehouse.transaction() as tx:
        tx.replace(table, frame)
        _, digest = table_fingerprint(tx.conn, table)
        record_build(tx, table, digest, digest, "test")
