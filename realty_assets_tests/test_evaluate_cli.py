"""`realty evaluate` and `realty ratio-study`, from the command line to the page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import polars as pl
import pytest

from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, realty_here, realty_json

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the market's home on which everything has been evaluated, with rivals."""
    folder = tmp_path_factory.mktemp("evaluated") / "home"
    shutil.copytree(market.home, folder)
    return folder


@pytest.fixture(scope="module")
def told(home: Path) -> dict:
    predictions = table(home, "modeling.predictions").filter(pl.col("track") == "off_market")
    rivals = home.parent / "rivals.csv"
    predictions.select("listing_key", "close_date", timid=pl.col("prediction") * 1.12).write_csv(
        rivals
    )
    return realty_json(home, "evaluate", "--rivals", rivals)


def table(home: Path, name: str) -> pl.DataFrame:
    return Warehouse.at(home / "warehouse.duckdb").read(name)


def test_splits_baselines_segments_and_rivals_are_told_of_the_same_sales(home, told) -> None:
    predictions = table(home, "modeling.predictions")
    headlines = predictions.filter(pl.col("is_headline"))
    assert told["backtests"] == sorted(set(headlines["backtest_id"]))
    for backtest in told["backtests"]:
        mine = predictions.filter(pl.col("backtest_id") == backtest)
        n, track = len(mine), mine["track"][0]
        splits, baselines, studies, segments, rivals = (
            [row for row in told[name] if row["backtest_id"] == backtest]
            for name in ("splits", "baselines", "ratio_study", "segments", "rivals")
        )
        assert [row["split"] for row in splits] == [
            "rolling origin by month",
            "rolling origin by month",
            "grouped by property",
            "random",
        ]
        assert {row["n"] for row in splits} == {n}
        assert all(row["mdape"] is not None for row in splits), track
        assert {row["n"] for row in baselines} == {n}
        by_list_price = [row for row in baselines if row["baseline"].startswith("list price")]
        assert bool(by_list_price) == (track == "on_market")
        model = next(row for row in baselines if row["baseline"] == "model")
        assert model["mdape"] == pytest.approx(splits[0]["mdape"])
        assert len(studies) == 24
        of_all = next(row for row in segments if row["family"] == "all")
        assert of_all["mdape"] == pytest.approx(model["mdape"])
        small = [row for row in segments if row["n"] < 30]
        assert small
        assert all(row["mdape"] is None and row["note"] == "n too small" for row in small)
        (rival,) = rivals
        assert rival["rival"] == "timid"
        if track == "off_market":
            assert (rival["n"], rival["verdict"]) == (n, "model better")


def test_the_page_says_what_the_tables_say_and_loads_nothing(told) -> None:
    page = Path(told["page"]).read_text(encoding="utf-8")
    for row in told["splits"]:
        assert f"{100 * row['mdape']:.1f}%" in page
    assert "realty evaluate --from" in page
    assert "n too small" in page
    assert "timid" in page
    assert not re.search(r"(src|href)=[\"'](?!#)", page)
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S).lower().split()


def test_a_second_evaluation_trains_nothing_and_a_run_keeps_what_was_made(home, told) -> None:
    splits = table(home, "modeling.evaluation_splits")
    again = realty_json(home, "evaluate")
    assert again["splits"] == told["splits"]
    assert again["rivals"] == told["rivals"]
    realty_here(home, "run", "all", "--force")
    assert table(home, "modeling.evaluation_splits").equals(splits)
    assert len(table(home, "modeling.evaluation_rivals")) == len(told["backtests"])


def test_other_data_or_a_request_that_makes_no_sense_is_one_sentence(home, told, tmp_path) -> None:
    refused = realty_here(home, "evaluate", "--track", "on_mars", check=False)
    assert refused.returncode == 1
    assert "no backtest of the track 'on_mars'" in refused.stderr
    (tmp_path / "r.csv").write_text("a,b\n1,2\n")
    refused = realty_here(home, "evaluate", "--rivals", tmp_path / "r.csv", check=False)
    assert "it has: a, b" in refused.stderr
    assert "Traceback" not in refused.stderr
    empty = realty_here(tmp_path / "empty", "evaluate", check=False)
    assert empty.returncode == 1
    assert "Traceback" not in empty.stderr


def test_a_roll_is_studied_by_class_and_neighbourhood_and_written_in_three_forms(
    home: Path, tmp_path: Path
) -> None:
    sales = table(home, "clean.sales").filter(pl.col("excluded_by").is_null())
    last = sales.sort("close_date", "listing_key").unique(
        "property_key", keep="last", maintain_order=True
    )
    luck = np.random.default_rng(1).normal(0, 0.1, len(last))
    roll = last.select("listing_key", value=(pl.col("close_price") * 0.9 * np.exp(luck)).round())
    nobody = pl.DataFrame({"listing_key": ["nobody", None], "value": [1.0, 2.0]})
    path = tmp_path / "roll.csv"
    pl.concat([roll, nobody]).write_csv(path)
    day = str(sales["close_date"].max())
    words = ("ratio-study", "--values", path, "--as-of", day)
    told = realty_json(home, *words, "--out", tmp_path / "s.csv", "--rows", tmp_path / "rows.csv")
    assert told["key_kind"] == "listing_key"
    assert sum(told["rows"].values()) == told["n_rows"] == len(roll) + 2
    assert told["rows"]["no such home"] == told["rows"]["refused: no key"] == 1
    whole = told["study"][0]
    assert whole["n"] == told["rows"]["matched"] > 100
    assert 0.8 < whole["median_ratio"] < 1.0
    assert whole["median_ratio_low"] < whole["median_ratio"] < whole["median_ratio_high"]
    assert {"all", "class", "neighbourhood"} <= {row["family"] for row in told["study"]}
    assert pl.read_csv(tmp_path / "s.csv").height == len(told["study"])
    rows = pl.read_csv(tmp_path / "rows.csv", infer_schema=False)
    counts = dict(rows.group_by("status").len().iter_rows())
    assert counts == {status: n for status, n in told["rows"].items() if n}
    realty_here(home, *words, "--out", tmp_path / "s.xlsx")
    book = openpyxl.load_workbook(tmp_path / "s.xlsx", read_only=True)
    assert book.sheetnames == ["Ratio study", "Rows", "About"]
    realty_here(home, *words, "--out", tmp_path / "s.html")
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert "Refused: no key" in page
    assert not re.search(r"(src|href)=[\"'](?!#)", page)
    refused = realty_here(home, *words, "--value-column", "nix", check=False)
    assert "it has: listing_key, value" in refused.stderr
