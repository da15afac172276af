"""Real headings and real sales: the leak that every export carries is named, and no other."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

from realty_assets.exploration import making
from realty_assets.exploration.findings import Report
from realty_assets.exploration.price_tellers import price_tellers
from realty_assets.exploration.window import window
from realty_assets.ingestion.inbox import deposit
from realty_assets.ingestion.intake import take_in
from realty_assets.ingestion.sources import MAPPINGS, all_sources, built_in
from realty_assets.warehouse import Warehouse
from realty_assets_tests.exploration.towns import warnings
from realty_assets_tests.markets import Market

LEAK = "price per square foot × living_area"


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    return Warehouse.at(home / "warehouse.duckdb")


def taken(warehouse: Warehouse, *files: Path, source: str | None = None) -> None:
    for file in files:
        deposit(file, warehouse.home, source)
    take_in(warehouse, max_share=1.0)


def leakage_of(warehouse: Warehouse) -> Report:
    with window(warehouse) as seen:
        reports = making.all_reports(seen, making.withheld_by(all_sources(warehouse.home)))
    return next(report for report in reports if report.name == "leakage")


def test_on_the_sample_market_the_withheld_product_is_named(market: Market) -> None:
    report = leakage_of(Warehouse.at(market.home / "warehouse.duckdb"))
    named = [f for f in report.findings if f.field == LEAK]
    assert [f.severity for f in named] == ["note"]
    assert "'Price Sq Ft Sold'" in named[0].sentence
    assert warnings(report, "tells_the_price") == []


def test_on_the_har_samples_the_withheld_product_is_named(
    shared_data: Path, warehouse: Warehouse
) -> None:
    samples = shared_data / "samples"
    taken(warehouse, samples / "har_matrix_small.csv", samples / "har_grid_small.csv", source="har")
    report = leakage_of(warehouse)
    assert LEAK in {f.field for f in report.findings}
    assert warnings(report, "tells_the_price") == []


def test_on_the_har_samples_the_product_is_found_in_the_cells_themselves(
    shared_data: Path, warehouse: Warehouse
) -> None:
    """The search is not told the heading: it gets the sales with the raw column beside them."""
    taken(warehouse, shared_data / "samples" / "har_matrix_small.csv", source="har")
    with window(warehouse) as seen:
        sales = seen.ask("SELECT * FROM sales")
    raw = warehouse.read("raw.listings").select(
        "file_hash",
        "record_number",
        pl.col("Price Sq Ft Sold")
        .str.replace_all(r"[$,]", "")
        .cast(pl.Float64, strict=False)
        .alias("price_per_sqft"),
    )
    joined = sales.join(raw, on=["file_hash", "record_number"], how="left")
    assert joined.height >= 30
    told = [teller.form for teller in price_tellers(joined) if teller.determines]
    assert told == ["living_area × price_per_sqft"]
    assert [t.form for t in price_tellers(sales) if t.determines] == []


def test_a_mapping_that_stages_the_price_per_square_foot_is_found_out(
    shared_data: Path, warehouse: Warehouse
) -> None:
    """A user's mapping that takes 'Price Sq Ft Sold' for a fee opens the leak; it is reported."""
    mapping = yaml.safe_load((MAPPINGS / "har_matrix.yaml").read_text(encoding="utf-8"))
    cells = mapping["columns"]
    cells["Maint Fee Amt"] = {"to": "_close_price_per_sqft", "as": "money"}
    cells["Price Sq Ft Sold"] = {"to": "association_fee", "as": "money"}
    own = warehouse.home / "sources" / "har_matrix.yaml"
    own.write_text(yaml.safe_dump(mapping, sort_keys=False), encoding="utf-8")
    taken(warehouse, shared_data / "samples" / "har_matrix_small.csv", source=str(own))
    report = leakage_of(warehouse)
    assert "living_area × association_fee" in [f.field for f in warnings(report, "tells_the_price")]


@pytest.mark.slow
def test_king_county_gives_no_false_leak(shared_data: Path, warehouse: Warehouse) -> None:
    taken(warehouse, shared_data / "king_county" / "kc_house_data.csv", source="king_county")
    report = leakage_of(warehouse)
    assert warnings(report) == []
    assert {f.kind for f in report.findings if f.severity == "note"} == {"time_travel"}
    assert {f.field for f in report.findings if f.severity == "note"} == {"year_renovated"}
    with window(warehouse) as seen:
        assert warnings(making.all_reports(seen)[4]) == []


def test_every_helper_that_gives_a_price_away_has_its_sentence() -> None:
    """A mapping that reads a new helper must say what it gives away."""
    helpers = {
        cell.to for source in built_in() for _, cell in source.cells() if "per_sqft" in cell.to
    }
    assert helpers == set(making.HELPERS)
