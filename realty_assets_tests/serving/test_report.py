"""The report: what it says is what the tables say, it loads nothing, and nothing in it runs."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.serving.report import (
    MAY_BE_MISSING,
    REPORT_INPUTS,
    build_report,
    inputs_there,
    write_report,
)
from realty_assets.warehouse import Warehouse
from realty_assets_tests.browser import browser_page
from realty_assets_tests.frames import put
from realty_assets_tests.serving.market_page import (
    HOSTILE,
    decided,
    figures,
    fill,
    off_market,
    predictions,
    table_of,
    tables,
    valuations,
    words,
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with all tables of the report, to be copied."""
    warehouse = Warehouse.at(tmp_path_factory.mktemp("report") / "warehouse.duckdb")
    fill(warehouse)
    return warehouse.path


@pytest.fixture
def warehouse(filled: Path, tmp_path: Path) -> Warehouse:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(filled, home)
    return Warehouse.at(home / filled.name)


def test_the_same_tables_give_the_same_bytes(warehouse: Warehouse, tmp_path: Path) -> None:
    other = Warehouse.at(tmp_path / "other" / "warehouse.duckdb")
    fill(other)
    assert build_report(other) == build_report(warehouse)


def test_the_order_of_rows_does_not_matter(warehouse: Warehouse) -> None:
    before = build_report(warehouse)
    for table in ("modeling.predictions", "modeling.backtests", "serving.valuations"):
        put(warehouse, table, warehouse.read(table).reverse())
    assert build_report(warehouse) == before


def test_figures_are_those_of_the_tables(warehouse: Warehouse) -> None:
    page = build_report(warehouse)
    told = figures(page)
    for row in warehouse.read("modeling.backtests").to_dicts():
        if row["track"] == "off_market" and row["slice"] in ("all", "valid"):
            for key in ("mdape", "ppe10", "r2", "cod", "prd", "prb", "coverage_90"):
                assert float(told[row["slice"], key]) == row[key]
    text = words(page)
    assert "180 homes sold from April to June 2024" in text
    assert "off_market, rolling origin by month April to June 2024, n 180" in text
    assert "100 rows read from 2 files = 92 accepted + 5 quarantined + 3 unchanged" in text
    assert "Nothing is lost. 1 file was refused." in text
    assert "18 of 180 sales are kept out of training" in text
    assert "Because of m1." in text
    assert "5 homes have a value as of 2 July 2024" in text
    assert "1: no living area on record" in text
    assert text.count("An estimate, not an appraisal.") == 2


def test_tracks_stand_in_the_order_of_what_they_know_and_are_said_not_to_compare(
    warehouse: Warehouse,
) -> None:
    page = build_report(warehouse)
    rows = table_of(page, "by-track")
    assert [row[0] for row in rows] == ["off_market", "on_market"]
    told = {
        row["track"]: row
        for row in warehouse.read("modeling.backtests").to_dicts()
        if row["slice"] == "all"
    }
    for track, window, n, mdape, ppe10, coverage, width, opened, listed in rows:
        row = told[track]
        assert (window, n) == ("April to June 2024", "180")
        for cell, key in (
            (mdape, "mdape"),
            (ppe10, "ppe10"),
            (coverage, "coverage_90"),
            (width, "median_width_ratio"),
        ):
            low, high = (f"{100 * row[f'{key}_{end}']:.1f}%" for end in ("low", "high"))
            assert cell == f"{100 * row[key]:.1f}% {low} to {high}", key
        assert opened == "3 after 9"
        assert listed == ("–" if track == "off_market" else "5 1")
    assert "Figures of different tracks are not comparable as models" in words(page)
    assert "The value stands on the day before the contract" in words(page)


def test_baselines_and_interval_methods_stand_beside_the_headline(warehouse: Warehouse) -> None:
    page = build_report(warehouse)
    (own,) = off_market(warehouse)
    model, ridge = table_of(page, "baselines")
    assert model[0] == "model"
    assert model[1].startswith(f"{100 * own['mdape']:.1f}%")
    assert model[-1] == "–"
    assert ridge[0] == "ridge hedonic has what it needs for 50.0%, an area value stands in"
    assert ridge[1].startswith("12.3%")
    assert ridge[-1] == "+4.0% +3.0% to +5.0%"
    methods = table_of(page, "interval-methods")
    assert [row[0].split()[0] for row in methods] == ["Rolling", "Static", "Adaptive", "Plain"]
    assert all(row[1].startswith(f"{100 * own['coverage_90']:.1f}%") for row in methods)


def test_a_home_of_one_track_and_no_other_table_has_its_page(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    only = warehouse.read("modeling.backtests").filter(pl.col("track") == "off_market")
    put(warehouse, "modeling.backtests", only)
    with warehouse.transaction() as tx:
        for table in MAY_BE_MISSING:
            tx.conn.execute(f"DROP TABLE {table}")
    assert set(inputs_there(warehouse)) == set(REPORT_INPUTS) - MAY_BE_MISSING
    page = build_report(warehouse)
    assert [row[0] for row in table_of(page, "by-track")] == ["off_market"]
    assert 'id="baselines"' not in page
    assert "Other pages" not in page
    put(warehouse, "modeling.backtests", only.head(0))
    assert "No track has been backtested yet." in words(build_report(warehouse))


def test_titles_are_those_of_off_market(warehouse: Warehouse) -> None:
    other = {"name": "realty-on-market", "model_version": "m9"}
    models = warehouse.read("modeling.models")
    row = {**models.row(0, named=True), **other, "track": "on_market"}
    put(warehouse, "modeling.models", pl.concat([models, pl.DataFrame([row])]))
    aliases = warehouse.read("promotion.aliases")
    held = pl.DataFrame([{**other, "alias": "champion"}])
    put(warehouse, "promotion.aliases", pl.concat([aliases, held.select(aliases.columns)]))
    assert "Champion m1 realty-off-market" in words(build_report(warehouse))


def test_what_people_write_stays_text(warehouse: Warehouse) -> None:
    page = build_report(warehouse)
    assert "<script" not in page
    assert "<b>no</b>" not in page
    assert HOSTILE in words(page)
    assert "It has <b>no</b> header." in words(page)


def test_nothing_is_fetched(warehouse: Warehouse) -> None:
    page = build_report(warehouse)
    assert "http://" not in page
    assert "https://" not in page
    assert not re.search(r"\b(src|srcset|xlink:href)=|@import|url\(|<link", page)
    links = [link for link in re.findall(r'href="([^"]*)"', page) if not link.startswith("#")]
    assert links == ["evaluation.html", "analysis/takeaways.html", "exploration/overview.html"]
    assert len(page.encode()) < 3_000_000


def test_every_link_has_its_place_and_no_id_stands_twice(warehouse: Warehouse) -> None:
    page = build_report(warehouse)
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    for named in re.findall(r'(?:href="#|aria-labelledby=")([^"]*)"', page):
        assert named in ids


def test_a_home_that_is_empty_has_a_page_too(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "empty" / "warehouse.duckdb")
    text = words(build_report(warehouse))
    assert "No backtest has been made yet." in text
    assert "Sales have not been judged yet." in text
    assert "An estimate, not an appraisal." in text
    assert not warehouse.path.exists()


def test_no_table_is_indispensable(warehouse: Warehouse, tmp_path: Path) -> None:
    for table in REPORT_INPUTS:
        (tmp_path / table).mkdir()
        lacking = Warehouse.at(shutil.copy(warehouse.path, tmp_path / table))
        with lacking.transaction() as tx:
            tx.conn.execute(f"DROP TABLE {table}")
        assert "An estimate, not an appraisal." in build_report(lacking), table


def test_without_places_and_list_prices_it_says_so(warehouse: Warehouse) -> None:
    put(warehouse, "modeling.predictions", predictions(placed=False))
    put(warehouse, "serving.valuations", valuations(placed=False, listed=False))
    text = words(build_report(warehouse))
    assert "No map: the records of these sales have no coordinates." in text
    assert "No map: the homes have no coordinates." in text
    assert "List price" not in text


def test_few_sales_get_no_figures(warehouse: Warehouse) -> None:
    for table, frame in tables(predictions(12)).items():
        put(warehouse, table, frame)
    page = build_report(warehouse)
    assert set(figures(page).values()) == {""}
    assert "n too small" in words(page)


def test_no_exclusions_is_said_plainly(warehouse: Warehouse) -> None:
    put(warehouse, "clean.exclusions", pl.DataFrame(schema={"rule_id": pl.String}))
    assert "No sale is excluded" in words(build_report(warehouse))


def test_a_challenger_is_named(warehouse: Warehouse) -> None:
    assert "No model challenges the champion." in words(build_report(warehouse))
    changes: dict[str, Any] = decided({"m1": "promote", "m2": "inconclusive"})
    for table, frame in changes.items():
        put(warehouse, table, frame)
    text = words(build_report(warehouse))
    assert "Challenger m2" in text
    assert text.index("Because of m2.") < text.index("Because of m1.")


def test_the_file_is_what_its_row_says(warehouse: Warehouse) -> None:
    (row,) = write_report(warehouse).to_dicts()
    body = (warehouse.home / row["path"]).read_bytes()
    assert row["path"] == "reports/market.html"
    assert row["name"] == "market"
    assert row["n_bytes"] == len(body)
    assert row["sha256"] == hashlib.sha256(body).hexdigest()
    assert [path.name for path in (warehouse.home / "reports").iterdir()] == ["market.html"]


@pytest.mark.slow
def test_a_browser_shows_it_from_the_file(warehouse: Warehouse) -> None:
    write_report(warehouse)
    (headline,) = off_market(warehouse)
    url = (warehouse.home / "reports" / "market.html").as_uri()
    said: list[str] = []
    asked: list[str] = []
    with browser_page(viewport={"width": 1180, "height": 900}) as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url)
        assert page.locator(".cards .big").first.inner_text() == f"{100 * headline['mdape']:.1f}%"
        assert page.locator("th", has_text="<script>alert").count() == 1
        page.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details[open]").count() == 1
        for scheme, width in (("light", 1180), ("dark", 420)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            behind = page.evaluate("getComputedStyle(document.body).backgroundColor")
            is_dark = sum(map(int, re.findall(r"\d+", behind))) < 200
            assert is_dark == (scheme == "dark")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert asked == [url]
