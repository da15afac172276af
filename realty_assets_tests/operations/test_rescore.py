"""A window valued once more: what was published stands, what changed is told, and once is once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from realty_assets.fingerprint import fingerprint_home
from realty_assets.operations.records import ACTIONS, BadAction
from realty_assets.operations.rescore import RESCORED, rescore
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market
from realty_assets_tests.operations.homes import copy_tree

WINDOW = ("2022-06-01", "2023-12-31", "off_market")
ASKED = {"reason": "the index was mended", "by": "Ann"}


@pytest.fixture(scope="module")
def warehouse(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = copy_tree(market.home, tmp_path_factory.mktemp("rescored") / "home")
    return Warehouse.at(home / "warehouse.duckdb")


@pytest.mark.slow
def test_what_was_published_is_made_again_bit_for_bit_and_past_sales_say_what_changed(
    warehouse: Warehouse,
) -> None:
    before = fingerprint_home(warehouse, [])
    dry = rescore(warehouse, *WINDOW, **ASKED, dry_run=True)
    assert not warehouse.exists(RESCORED) or warehouse.read(RESCORED).is_empty()
    told = rescore(warehouse, *WINDOW, **ASKED)
    assert {**dry, "dry_run": None, "note": None} == {**told, "dry_run": None, "note": None}
    published, sales = told["populations"]
    assert (published["population"], published["n_changed"]) == ("published", 0)
    assert published["n"] == warehouse.read("serving.valuations").height
    rows = warehouse.read(RESCORED)
    assert rows.height == published["n"] + sales["n"]
    both = rows.filter(population="sale").join(
        warehouse.read("modeling.predictions").filter("is_headline", track="off_market"),
        on=["listing_key", "as_of"],
    )
    # The champion has learned from them: it comes closer to what was paid, and the row says why.
    assert sales["n_changed"] == sales["n"]
    valid = both["excluded_by"].null_count()
    assert sales["n_in_training"] == valid == both.filter("in_training").height
    assert both["stored_value"].equals(both["prediction"].alias("stored_value"))

    def missed(by: str) -> float:
        value = (pl.col(by) / pl.col("close_price")).log().abs().mean()
        return float(both.select(value).item())

    assert missed("value") < missed("stored_value")
    widest = rows["relative_difference"].abs().max()
    assert abs(told["widest"][0]["relative_difference"]) == widest
    assert rescore(warehouse, *WINDOW, **ASKED)["already"] is True
    assert warehouse.read(RESCORED).height == rows.height
    assert warehouse.read(ACTIONS)["verb"].to_list() == ["rescore"]
    assert fingerprint_home(warehouse, []) == before


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2022-13-01", "2022-12-31", "no window: give days as YYYY-MM-DD"),
        ("2023-01-02", "2023-01-01", "ends before it begins"),
    ],
)
def test_a_window_that_is_none_is_refused(home: Path, first: str, last: str, said: str) -> None:
    with pytest.raises(BadAction, match=said):
        rescore(Warehouse.at(home / "w.duckdb"), first, last, "off_market", **ASKED)


@pytest.mark.slow
def test_a_window_without_a_value_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(BadAction, match="No value of the track 'off_market' is as of 1999"):
        rescore(warehouse, "1999-01-01", "1999-12-31", "off_market", **ASKED)
