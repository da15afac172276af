"""The room on a whole small market: tables, checks, the page and its figures, the same again."""

from __future__ import annotations

import html
import json
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from realty_assets.analysis import making
from realty_assets.analysis.ablations import inside_the_window
from realty_assets.analysis.citing import FORMS, MISSING, Facts, NotOneRow, change, usd, width
from realty_assets.analysis.contributions import newest_model
from realty_assets.analysis.settings import PROFILES
from realty_assets.analysis.takeaways import PAGE, page
from realty_assets.pages import write_page
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market

FAST, SEED = PROFILES["fast"], 7
DATA = re.compile(
    r'<data data-table="([^"]+)" data-column="([^"]+)" data-form="([^"]+)" data-key="([^"]+)">'
    r"([^<]*)</data>"
)
FIGURE = re.compile(
    r'<figure data-table="([^"]+)" data-column="([^"]+)" data-form="([^"]+)">(.*?)</figure>', re.S
)


@pytest.fixture(scope="module")
def warehouse(market: Market) -> Warehouse:
    return Warehouse.at(market.home / "warehouse.duckdb")


@pytest.fixture(scope="module")
def text(market: Market, warehouse: Warehouse) -> str:
    return (market.home / warehouse.read(making.TAKEAWAYS)["path"][0]).read_text(encoding="utf-8")


def told(value: object) -> object:
    """A cell as a key of the page spells it."""
    return value.isoformat() if isinstance(value, date) else value


def test_every_figure_of_the_page_stands_in_the_table_that_it_names(
    warehouse: Warehouse, text: str
) -> None:
    tables: dict[str, list[dict]] = {}
    cited = DATA.findall(text)
    assert len(cited) > 250
    assert len({table for table, *_ in cited}) >= 8
    for table, column, form, key, said in cited:
        if table not in tables:
            tables[table] = warehouse.read(table).to_dicts()
        wanted = json.loads(html.unescape(key))
        rows = [row for row in tables[table] if all(told(row[k]) == v for k, v in wanted.items())]
        assert len(rows) == 1, (table, wanted)
        assert html.unescape(said) == FORMS[form](rows[0][column]), (table, column, wanted)


def test_no_figure_stands_beside_those_that_name_their_cell(text: str) -> None:
    rest = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<code>[^<]*</code>", "", text, flags=re.S)
    rest = html.unescape(re.sub(r"<[^>]+>", " ", DATA.sub("", rest)))
    assert re.findall(r"[^\n]*\d[^\n]*", rest) == []


def test_every_figure_in_a_drawing_is_a_cell_of_its_table(warehouse: Warehouse, text: str) -> None:
    drawn = FIGURE.findall(text)
    assert len(drawn) == 5
    n_labels = 0
    for table, column, form, body in drawn:
        cells = {FORMS[form](v) for v in warehouse.read(table)[column].drop_nulls()}
        for found in re.findall(r'class="figure"[^>]*>([^<]+)<', body):
            assert html.unescape(found) in cells, (table, found)
            n_labels += 1
    assert n_labels > 25


def test_the_page_needs_nothing_beside_it(text: str) -> None:
    assert "default-src 'none'" in text
    assert not re.search(r"<script|<link|<img|url\(|https?://(?!www\.w3\.org)", text)


def test_the_parts_are_those_of_the_newest_model(warehouse: Warehouse) -> None:
    assert making.wrong_attributions(warehouse, FAST).is_empty()
    parts = warehouse.read(making.ATTRIBUTIONS)
    version = newest_model(warehouse.read("modeling.models"))["model_version"]
    assert parts["model_version"].unique().to_list() == [version]
    valued = warehouse.read("features.matrix").filter(pl.col("role") == "active").height
    assert parts.filter((pl.col("rank") == 0) & (pl.col("role") == "active")).height == valued > 100


def test_published_values_are_what_their_parts_sum_to(warehouse: Warehouse) -> None:
    compared = warehouse.read(sql("serving/attributions_compared.sql"))
    published = warehouse.read("serving.valuations").drop_nulls("value")
    assert compared.height == published.height > 100
    assert not compared["differs"].any()


def test_no_ablation_opens_the_test_window(warehouse: Warehouse) -> None:
    table, predictions = warehouse.read(making.ABLATIONS), warehouse.read("modeling.predictions")
    assert table.height > 10
    assert inside_the_window(table, predictions) == []


def test_errors_are_those_of_the_backtest(warehouse: Warehouse) -> None:
    ours = warehouse.read(making.ERRORS).filter(pl.col("segmentation") == "all").to_dicts()[0]
    headline = warehouse.read("modeling.backtests").filter(
        pl.col("is_headline") & (pl.col("slice") == "all") & (pl.col("track") == "off_market")
    )
    assert ours["n"] == headline["n"][0]
    assert ours["mdape"] == pytest.approx(headline["mdape"][0])
    assert ours["median_ratio"] == pytest.approx(headline["median_ratio"][0])
    worst = warehouse.read(making.WORST)
    assert worst.height == 50
    assert worst["comps_distance_km"].null_count() < 10


def test_signs_of_what_a_home_is_are_seen(warehouse: Warehouse) -> None:
    verdicts = dict(warehouse.read(making.SIGNS).select("feature", "verdict").iter_rows())
    assert verdicts["ln_living_area"] == "as expected"
    assert verdicts["comps_log_value"] == "as expected"
    assert verdicts["view_score"] == "not seen"


def test_made_again_the_tables_are_the_same(warehouse: Warehouse) -> None:
    again = {
        **making.attribution_tables(warehouse, FAST, SEED, 1),
        **making.effect_frames(warehouse, FAST, SEED),
        **making.error_tables(warehouse, FAST, SEED),
    }
    for table, frame in again.items():
        stands = warehouse.read(table)
        assert frame.equals(stands.cast(dict(frame.schema))), table


def test_the_page_made_again_is_the_same_and_a_changed_one_is_seen(
    warehouse: Warehouse, text: str, tmp_path: Path
) -> None:
    tables = {table: warehouse.read(table) for table in making.CITED}
    version = newest_model(tables["modeling.models"])["model_version"]
    made = page(tables, version)
    assert made == text
    row = write_page(tmp_path, PAGE, made, "realty run analysis")
    assert row.equals(warehouse.read(making.TAKEAWAYS))


def test_a_page_of_empty_tables_says_so(warehouse: Warehouse) -> None:
    models = warehouse.read("modeling.models")
    tables = {table: warehouse.read(table).head(0) for table in making.CITED}
    made = page({**tables, "modeling.models": models}, models["model_version"][-1])
    assert "no headline backtest" in made
    assert "<figure" not in made


def test_citing() -> None:
    facts = Facts({"t.t": pl.DataFrame({"k": ["a", "b", "b"], "x": [0.5, None, 1.0]})})
    assert str(facts.cite("t.t", "x", "ratio", k="a")).endswith(">0.500</data>")
    with pytest.raises(NotOneRow):
        facts.cite("t.t", "x", k="b")
    with pytest.raises(NotOneRow):
        facts.cite("t.t", "x", k="<script>")
    assert facts.cite("t.t", "x", "ratio", k="b", x=None) == MISSING
    marked = Facts({"t.t": pl.DataFrame({"k": ["<b>"]})}).cite("t.t", "k", k="<b>")
    assert "<b>" not in marked
    assert (change(-0.1), width(0.0953), usd(-1234.6)) == ("-9.5%", "10.0%", "-$1,235")
