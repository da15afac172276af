"""Real sales: every one stays, resales are found by parcel, and few are excluded."""

from __future__ import annotations

from pathlib import Path

import pytest

from realty_assets.warehouse import Warehouse
from realty_assets_tests.cleaning.rooms import Room
from realty_assets_tests.markets import realty_here

pytestmark = pytest.mark.slow


def test_king_countys_sales_all_stay(shared_data: Path, tmp_path: Path) -> None:
    export = shared_data / "king_county" / "kc_house_data.csv"
    realty_here(tmp_path / "home", "ingest", export, "--source", "king_county")
    staged = Warehouse.at(tmp_path / "home" / "warehouse.duckdb").read("staging.listings")
    room = Room(staged)
    sales, links = room["sales"], room["property_links"]
    assert sales.height == staged.height == 21_607
    # A home is its parcel: no two parcels are one home, and no parcel is two.
    assert sales["property_key"].n_unique() == sales["parcel_number"].n_unique() == 21_430
    assert set(links["evidence"]) == {"first", "parcel"}
    n_excluded = room["exclusions"].height
    assert 0 < n_excluded < 0.005 * sales.height
    window = sales.filter(
        sales["close_date"].dt.strftime("%Y-%m").is_in(["2015-03", "2015-04", "2015-05"])
    )
    assert window.height == 4_752
