"""The report: what it says is what the tables say, it loads nothing, and nothing in it runs."""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from realty_assets.modeling.backtest import metrics
from realty_assets.serving.report import (
    MAY_BE_MISSING,
    REPORT_INPUTS,
    build_report,
    inputs_there,
    write_report,
)
from realty_assets.warehouse import Warehouse
from realty_assets_tests.browser import browser_page
from realty_assets_tests.frames import closed, put, stage

HOSTILE = "<script>alert('x')</script> 12 \"Oak\" Lane"
APRIL = date(2024, 4, 1)


def predictions(n: int = 180, placed: bool = True) -> pl.DataFrame:
    """modeling.predictions of three months, a tenth of them excluded."""
    rng = np.random.default_rng(3)
    price = np.exp(rng.normal(12.6, 0.4, n))
    value = price * np.exp(rng.normal(0, 0.09, n))
    day = [APRIL + timedelta(days=i % 90) for i in range(n)]
    return pl.DataFrame(
        {
            "backtest_id": ["off_market 2024-04 2024-06"] * n,
            "is_headline": [True] * n,
            "listing_key": [f"L{i}" for i in range(n)],
            "parcel_number": [None] * n,
            "close_date": day,
            "close_price": price,
            "prediction": value,
            "lower_90": value * 0.85,
            "upper_90": value * 1.18,
            "track": ["off_market"] * n,
            "as_of": day,
            "cutoff": [each.replace(day=1) for each in day],
            "model_version": ["m1"] * n,
            "excluded_by": ["sale.not_exposed" if i % 10 == 0 else None for i in range(n)],
            "latitude": rng.normal(29.8, 0.1, n) if placed else [None] * n,
            "longitude": rng.normal(-95.4, 0.1, n) if placed else [None] * n,
            "postal_code": ["77001" if i % 2 else "77002" for i in range(n)],
        },
        schema_overrides={
            "parcel_number": pl.String,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
        },
    )


def valuations(placed: bool = True, listed: bool = True) -> pl.DataFrame:
    """serving.valuations of five homes with a value and one without."""
    rows = [
        {
            "property_key": f"p{i}",
            "listing_key": f"A{i}",
            "source": "har",
            "track": "off_market",
            "as_of": date(2024, 7, 2),
            "value": None if i == 5 else 300_000.0 + 50_000 * i,
            "lower_90": None if i == 5 else 250_000.0 + 50_000 * i,
            "upper_90": None if i == 5 else 360_000.0 + 50_000 * i,
            "model_version": "m1",
            "reason": "no living area on record" if i == 5 else None,
            "list_price": 310_000.0 if listed else None,
            "unparsed_address": HOSTILE if i == 4 else f"{i} Elm Street",
            "city": "Houston",
            "postal_code": "77001",
            "latitude": 29.7 + i / 100 if placed else None,
            "longitude": -95.4 if placed else None,
            "living_area": 2000.0,
            "bedrooms_total": 3,
            "bathrooms_total": 2.5,
            "year_built": 1990,
        }
        for i in range(6)
    ]
    floats = ("value", "lower_90", "upper_90", "list_price", "latitude", "longitude")
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(floats, pl.Float64))


def files() -> pl.DataFrame:
    row = {
        "source": "har",
        "status": "staged",
        "rows_read": 100,
        "rows_staged": 92,
        "rows_quarantined": 5,
        "rows_unchanged": 3,
        "reason": None,
    }
    nothing = dict.fromkeys(("rows_read", "rows_staged", "rows_quarantined", "rows_unchanged"), 0)
    refused = {**row, **nothing, "status": "refused", "reason": "It has <b>no</b> header."}
    return pl.DataFrame([{**row, "file_name": "a.csv"}, {**refused, "file_name": "<i>.csv"}])


def decided(verdicts: dict[str, str]) -> dict[str, pl.DataFrame]:
    """Models, decisions and aliases: a version, and whether it was promoted or challenges."""
    gate = {"name": "median ratio", "requirement": ">= 0.85", "seen": 0.99, "passed": True}
    named = [{"name": "realty-off-market", "model_version": version} for version in verdicts]
    facts = {"track": "off_market", "cutoff": APRIL, "n_train": 900, "n_calibration": 300}
    alias = {"promote": "champion", "challenge": "challenger"}
    return {
        "modeling.models": pl.DataFrame([{**each, **facts} for each in named]),
        "promotion.decisions": pl.DataFrame(
            [
                {
                    **each,
                    "decision_id": each["model_version"],
                    "verdict": verdict,
                    "reason": f"Because of {each['model_version']}.",
                    "gates": json.dumps([gate]),
                }
                for each, verdict in zip(named, verdicts.values(), strict=True)
            ]
        ),
        "promotion.aliases": pl.DataFrame(
            [
                {**each, "alias": alias[verdict]}
                for each, verdict in zip(named, verdicts.values(), strict=True)
            ]
        ),
    }


def other_track(judged: pl.DataFrame, track: str) -> pl.DataFrame:
    """modeling.backtests of the same sales as another track would have it, half as far off."""
    nearer = pl.col("close_price") + (pl.col("prediction") - pl.col("close_price")) / 2
    rows = judged.with_columns(
        prediction=nearer, track=pl.lit(track), backtest_id=pl.lit(f"{track} 2024-04 2024-06")
    )
    return metrics(rows, n_draws=40).with_columns(is_headline=True)


def beside(backtests: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Tables that the report sets beside the headline, and those that name other pages."""
    headline = backtests.filter(pl.col("slice") == "all").to_dicts()
    ids = {row["track"]: row["backtest_id"] for row in headline}
    (own,) = (row for row in headline if row["track"] == "off_market")
    shown = ("mdape", "ppe10", "r2", "cod")
    figures = {
        f"{key}{end}": own.get(f"{key}{end}") for key in shown for end in ("", "_low", "_high")
    }
    base = {"track": "off_market", "backtest_id": ids["off_market"], "n": own["n"], **figures}
    plain = {"own_share": 0.5, "error_difference": 0.04, "error_difference_low": 0.03}
    model = dict.fromkeys((*plain, "error_difference_high", "verdict"))
    ridge = {**plain, "error_difference_high": 0.05, "verdict": "model better", "mdape": 0.1234}
    of_interval = {
        name: own.get(name.replace("coverage", "coverage_90"))
        for key in ("coverage", "median_width_ratio", "winkler_ratio")
        for name in (key, f"{key}_low", f"{key}_high")
    }
    spans = {
        f"{end}_{of}_coverage": 0.8 for end in ("lowest", "highest") for of in ("quartile", "month")
    }
    methods = [
        {
            "backtest_id": name,
            "track": track,
            "method": method,
            "n": own["n"],
            **of_interval,
            **spans,
        }
        for track, name in ids.items()
        for method in ("static", "rolling", "adaptive", "symmetric")
    ]
    opened = [
        {"backtest_id": name, "track": track, "candidate": f"c{i}", "n_tried": 7 + i}
        for track, name in ids.items()
        for i in range(3)
    ]
    floats = dict.fromkeys((*figures, *model, *plain), pl.Float64) | {"verdict": pl.String}
    pages = {
        "exploration.reports": [
            ("overview", "exploration/overview"),
            ("drift", "exploration/drift"),
        ],
        "analysis.takeaways": [("takeaways", "analysis/takeaways")],
        "serving.evaluation_reports": [("evaluation", "evaluation")],
    }
    listed = valuations().with_columns(track=pl.lit("on_market"))
    return {
        "modeling.baselines": pl.DataFrame(
            [
                {**base, "slice": name, "baseline": baseline, **more}
                for name in ("all", "valid")
                for baseline, more in (("ridge hedonic", ridge), ("model", model))
            ],
            schema_overrides=floats,
        ),
        "modeling.interval_methods": pl.DataFrame(methods, infer_schema_length=None),
        "modeling.openings": pl.DataFrame(opened),
        "serving.listing_valuations": listed,
        **{
            table: pl.DataFrame(
                [{"name": name, "path": f"reports/{path}.html"} for name, path in rows]
            )
            for table, rows in pages.items()
        },
    }


def tables(judged: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Every table that the report reads but staging.listings, around these predictions."""
    sales = judged.with_columns(
        pl.lit("har").alias("source"),
        pl.lit("Harris").alias("county_or_parish"),
        pl.lit("TX").alias("state_or_province"),
    )
    months = [date(2023, month, 1) for month in range(1, 13)]
    own = metrics(judged, n_draws=40).with_columns(is_headline=True)
    backtests = pl.concat([own, other_track(judged, "on_market")], how="diagonal_relaxed")
    return {
        "ledger.files": files(),
        "staging.quarantine": pl.DataFrame(
            {
                "rule_ids": [["price.token"]] * 5 + [["price.token", "price.rent"]],
                "resolution": ["released", "open", "open", "open", "discarded", "open"],
            }
        ),
        "clean.sales": sales,
        "clean.exclusions": judged.drop_nulls("excluded_by").select(
            pl.col("excluded_by").alias("rule_id")
        ),
        "features.market_index": pl.DataFrame(
            {
                "vintage": [date(2023, 11, 1)] * 12,
                "month": months,
                "index_log": [0.01 * i for i in range(12)],
                "n_sales": [20] * 10 + [0, 0],
                "forecast": [False] * 10 + [True, True],
            }
        ),
        "modeling.predictions": judged,
        "modeling.backtests": backtests,
        **beside(backtests),
        **decided({"m1": "promote"}),
        "serving.valuations": valuations(),
    }


def fill(warehouse: Warehouse) -> None:
    stage(warehouse, [{**closed("L1", APRIL, 3e5), "flags": ["zip.malformed"]}])
    for name, frame in tables(predictions()).items():
        put(warehouse, name, frame)


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


def figures(page: str) -> dict[tuple[str, str], str]:
    """{(slice, figure): value} as the page states them to machines."""
    found = re.findall(r'data-figure="(\w+)" data-slice="(\w+)" data-value="([^"]*)"', page)
    return {(name, key): value for key, name, value in found}


def words(page: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(
        html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)).split()
    )


def off_market(warehouse: Warehouse) -> list[dict[str, Any]]:
    wanted = (pl.col("slice") == "all") & (pl.col("track") == "off_market")
    return warehouse.read("modeling.backtests").filter(wanted).to_dicts()


def table_of(page: str, id: str) -> list[list[str]]:
    """The rows of a table's body as cells of words."""
    body = re.search(rf'<table id="{id}".*?<tbody>(.*?)</tbody>', page, flags=re.S)
    assert body is not None, id
    return [
        [words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", body[1], flags=re.S)
    ]


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
    changes: dict[str, Any] = decided({"m1": "promote", "m2": "challenge"})
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
