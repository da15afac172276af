"""A pack answers to every factor with what the home holds; a sample is the same for one seed; and a
verdict comes back once."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from realty_assets.operations.copying import sha256_of
from realty_assets.operations.evidence.pack import EvidenceFailed, make_pack, read_factors
from realty_assets.operations.evidence.review import (
    REVIEWS,
    BadReview,
    drawn,
    record_drawn,
    take_reviews,
    write_sheet,
)
from realty_assets.operations.records import ACTIONS
from realty_assets.serving.valuations import COLUMNS
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, realty_json
from realty_assets_tests.operations.homes import copy_tree

ASKED = {"reason": "the spring release", "by": "Ann"}


def valued(n: int) -> pl.DataFrame:
    """`n` homes of serving.valuations, the last one without a value."""
    rows = [
        dict.fromkeys(COLUMNS)
        | {
            "property_key": f"p{at}",
            "listing_key": f"l{at}",
            "source": "har",
            "track": "off_market",
            "as_of": pl.Series(["2024-01-01"]).str.to_date()[0],
            "value": None if at == n - 1 else 100_000.0 + at,
            "lower_90": 90_000.0,
            "upper_90": 120_000.0,
            "model_version": "m1",
        }
        for at in range(n)
    ]
    text = dict.fromkeys(("reason", "unparsed_address", "city", "postal_code"), pl.String)
    return pl.DataFrame(rows, schema_overrides=text)


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    made = Warehouse.at(home / "warehouse.duckdb")
    made.replace("serving.valuations", valued(40))
    return made


def test_a_sample_is_of_the_seed_and_not_of_the_order(warehouse: Warehouse) -> None:
    first = drawn(warehouse, 7, 10)
    assert (first.height, first["listing_key"].n_unique()) == (10, 10)
    assert "l39" not in drawn(warehouse, 7, 40)["listing_key"]
    warehouse.replace("serving.valuations", valued(40).reverse())
    assert drawn(warehouse, 7, 10).equals(first)
    other = drawn(warehouse, 8, 10)
    assert other["listing_key"].to_list() != first["listing_key"].to_list()
    assert drawn(warehouse, 7, 20).head(10)["listing_key"].equals(first["listing_key"])


def filled(sheet: Path, *changes: pl.Expr) -> Path:
    pl.read_csv(sheet, infer_schema=False).with_columns(*changes).write_csv(sheet)
    return sheet


def test_verdicts_come_back_as_rows_once(warehouse: Warehouse, tmp_path: Path) -> None:
    sheet, sample = tmp_path / "review.csv", drawn(warehouse, 7, 10)
    assert (record_drawn(warehouse, sample), record_drawn(warehouse, sample)) == (10, 0)
    write_sheet(sample, sheet)
    assert take_reviews(warehouse, sheet, **ASKED)["n_verdicts"] == 0
    place = pl.int_range(pl.len())
    said = pl.when(place < 3).then(pl.lit("Too high")).when(place == 3).then(pl.lit("supported"))
    filled(sheet, said.alias("verdict"))
    dry = take_reviews(warehouse, sheet, **ASKED, dry_run=True)
    assert (dry["n_verdicts"], warehouse.read(REVIEWS).height) == (4, 10)
    assert take_reviews(warehouse, sheet, **ASKED)["n_new"] == 4
    assert take_reviews(warehouse, sheet, **ASKED)["n_new"] == 0
    rows = warehouse.read(REVIEWS)
    assert dict(rows.group_by("verdict").len().iter_rows()) == {
        None: 10,
        "too high": 3,
        "supported": 1,
    }
    assert rows.filter(pl.col("verdict").is_not_null())["reviewer"].unique().to_list() == ["Ann"]
    assert warehouse.read(ACTIONS)["verb"].to_list() == ["review"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": pl.lit("fine")}, "line 2: 'fine' is no verdict: one of supported"),
        ({"verdict": pl.lit("supported"), "value": pl.lit("1.0")}, "line 2: the value is 1.0"),
        ({"verdict": pl.lit("supported"), "home_id": pl.lit("x")}, "of no sample of this home"),
    ],
)
def test_a_sheet_that_was_changed_is_refused_with_its_line(
    warehouse: Warehouse, tmp_path: Path, change: dict, said: str
) -> None:
    sheet, sample = tmp_path / "review.csv", drawn(warehouse, 7, 10)
    record_drawn(warehouse, sample)
    write_sheet(sample, sheet)
    filled(sheet, *[one.alias(name) for name, one in change.items()])
    with pytest.raises(BadReview, match=said):
        take_reviews(warehouse, sheet, **ASKED)
    assert warehouse.read(REVIEWS).height == 10


def test_every_table_and_check_that_a_factor_names_is_one_of_the_graph() -> None:
    from realty_assets.definitions import defs

    tables = {".".join(spec.key.path) for spec in defs.resolve_all_asset_specs()}
    checks = {
        f"{spec.key.asset_key.to_user_string()}:{spec.key.name}"
        for one in defs.asset_checks or []
        for spec in one.check_specs
    }
    factors = read_factors().factors
    assert len(factors) == 5
    for one in factors:
        assert set(one.tables) <= tables
        assert set(one.checks) <= checks


@pytest.mark.slow
def test_a_pack_answers_to_every_factor_with_hashes_of_what_the_home_holds(
    market: Market, tmp_path: Path
) -> None:
    home = copy_tree(market.home, tmp_path / "home")
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    out = tmp_path / "pack"
    before = realty_json(home, "fingerprint")
    told = realty_json(home, "evidence", "--out", out, "--homes", "5", "--by", "Ann")
    assert told["n_sampled"] == 15
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["files"] == {
        path.relative_to(out).as_posix(): sha256_of(path)
        for path in out.rglob("*")
        if path.is_file() and path != out / "manifest.json"
    }
    for factor in manifest["factors"]:
        assert factor["figures"], factor["name"]
        assert {row["state"] for row in factor["checks"]} == {"passed"}, factor["name"]
        for row in factor["files"]:
            if row["n_bytes"] is not None:
                assert sha256_of(home / row["file"]) == row["sha256"]
    # The numbers of the page are those of the table.
    headline = warehouse.read("modeling.backtests").filter("is_headline", slice="all")
    page = (out / "index.html").read_text()
    for value in headline["mdape"]:
        assert f"{value:,.4g}" in page
    assert pl.read_csv(out / "review.csv").height == 15
    assert warehouse.read(ACTIONS).row(-1, named=True)["verb"] == "evidence"
    assert realty_json(home, "fingerprint") == before
    with pytest.raises(EvidenceFailed, match="is not empty"):
        make_pack(warehouse, {}, folder=str(out), **ASKED)
