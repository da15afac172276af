"""Requests for values as tests ask them: rows by heading, without a file."""

from __future__ import annotations

from typing import Any

import polars as pl

from realty_assets.features.matrix import FeatureSettings
from realty_assets.serving.on_demand import Answer, value_request
from realty_assets.serving.request_file import BLANK, RequestFile
from realty_assets.serving.request_homes import NO_AREA_GIVEN
from realty_assets.serving.request_match import NOT_KNOWN
from realty_assets.serving.speaking import Training
from realty_assets.warehouse import Warehouse
from realty_assets_tests.modeling.markets import QUICK

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
