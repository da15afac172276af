"""Homes, listings and sales from staged versions."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse, WarehouseMissing
from realty_assets_tests.cleaning.rooms import CLEANING, Room
from realty_assets_tests.frames import closed, stage


def test_the_room_runs_as_a_dagster_graph_and_reuses_what_has_not_changed(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "warehouse.duckdb")
    stage(warehouse, [closed("1", date(2021, 4, 1), 300_000.0)])
    for reused in (False, True):
        result = dg.materialize(CLEANING, resources={"warehouse": warehouse})
        made = [
            event.step_materialization_data.materialization.metadata
            for event in result.get_asset_materialization_events()
        ]
        assert len(made) == len(CLEANING)
        assert all(one["reused"].value is reused for one in made)


def test_a_sale_is_what_its_first_closing_version_said() -> None:
    active = {
        **closed("1", date(2021, 3, 1), 0.0),
        "standard_status": "Active",
        "close_price": None,
        "close_date": None,
    }
    first = closed("1", date(2021, 4, 1), 300_000.0)
    later = {**first, "known_at": datetime(2021, 6, 1), "close_price": 310_000.0}
    room = Room([later, active, first])
    sales = room["sales"]
    assert sales["close_price"].to_list() == [300_000.0]
    assert sales["known_at"].to_list() == [datetime(2021, 4, 1, 12)]
    assert room["listings"]["close_price"].to_list() == [310_000.0]


def test_the_same_sale_under_two_keys_is_one() -> None:
    home = {"unparsed_address": "12 Elm St", "postal_code": "77001"}
    rows = [
        closed("1", date(2021, 4, 1), 300_000.0, **home),
        closed("2", date(2021, 4, 3), 300_000.0, **{**home, "unparsed_address": "12 ELM  ST."}),
        closed("3", date(2021, 9, 1), 300_000.0, **home),
        closed("4", date(2021, 4, 1), 300_000.0, unparsed_address="14 Elm St"),
    ]
    room = Room(rows)
    assert sorted(room["sales"]["listing_key"]) == ["1", "3", "4"]
    homes = room["properties"].sort("n_listings")
    assert homes.select("n_listings", "n_sales").rows() == [(1, 1), (3, 2)]


def test_a_twin_told_later_does_not_move_when_the_sale_became_known() -> None:
    home = {"unparsed_address": "12 Elm St"}
    first = closed("A", date(2021, 3, 5), 300_000.0, **home)
    twin = closed("B", date(2021, 3, 3), 300_000.0, **home) | {"known_at": datetime(2021, 4, 10)}
    sales = Room([twin, first])["sales"]
    assert sales.select("listing_key", "known_at").rows() == [("A", datetime(2021, 3, 5, 12))]


def test_leases_and_tokens_say_nothing_of_what_an_area_fetches() -> None:
    day = date(2021, 1, 1)
    leases = [
        closed(f"l{n}", day + timedelta(days=n), 2_000.0, flags=["scope.not_a_home"])
        for n in range(40)
    ]
    homes = [closed(f"h{n}", date(2021, 3, 1) + timedelta(days=n), 300_000.0) for n in range(30)]
    excluded = Room(leases + homes)["exclusions"]
    assert set(excluded["rule_id"]) == {"sale.not_a_home"}
    assert excluded.height == len(leases)


def test_condo_units_of_one_building_stay_apart() -> None:
    rows = [
        closed(key, date(2021, 4, 1), 200_000.0, unparsed_address="9 Main St", unit_number=unit)
        for key, unit in (("1", "4A"), ("2", "4B"), ("3", "4 a"))
    ]
    homes = Room(rows)["properties"]
    assert homes.height == 2


def test_implausible_sales_stay_and_name_their_rule() -> None:
    usual = [
        closed(f"u{n}", date(2021, 1, 1) + timedelta(days=n), 200_000.0 + 1000 * n)
        for n in range(25)
    ]
    odd = [
        closed("token", date(2021, 3, 1), 100.0),
        closed("low", date(2021, 3, 1), 40_000.0),
        closed("high", date(2021, 3, 1), 2_000_000.0),
        closed("family", date(2021, 3, 1), 140_000.0, list_price=140_000.0, days_on_market=1),
        closed("quick", date(2021, 3, 1), 220_000.0, list_price=220_000.0, days_on_market=1),
        closed("land", date(2021, 3, 1), 220_000.0, flags=["scope.not_a_home"]),
    ]
    room = Room(usual + odd)
    excluded = room["exclusions"]
    assert dict(zip(excluded["listing_key"], excluded["rule_id"], strict=True)) == {
        "token": "sale.token_price",
        "low": "sale.far_below_area",
        "high": "sale.far_above_area",
        "family": "sale.not_exposed",
        "land": "sale.not_a_home",
    }
    assert room["sales"].height == len(usual) + len(odd)


def test_early_sales_are_not_judged_by_a_market_that_is_not_known_yet() -> None:
    rows = [closed("first", date(2021, 1, 1), 20_000.0)] + [
        closed(f"u{n}", date(2021, 2, 1) + timedelta(days=n), 200_000.0) for n in range(30)
    ]
    assert Room(rows)["exclusions"].height == 0


sale = st.tuples(
    st.integers(0, 5),
    st.integers(0, 400),
    st.sampled_from([150_000.0, 151_000.0, 40_000.0, 900_000.0]),
    st.sampled_from(["1 A St", "2 A St", "3 B St", None]),
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(sales=st.lists(sale, min_size=5, max_size=40), day=st.integers(0, 400))
def test_what_comes_later_changes_no_earlier_sale(sales: list[tuple], day: int) -> None:
    start = date(2020, 1, 1)
    rows = [
        closed(f"k{key}", start + timedelta(days=at), price, unparsed_address=street)
        for key, at, price, street in {sale[:2]: sale for sale in sales}.values()
    ]
    horizon = datetime(2020, 1, 1) + timedelta(days=day)
    known = [row for row in rows if row["known_at"] < horizon]
    columns = ["listing_key", "property_key", "close_date", "close_price", "excluded_by"]

    def before(some: list[dict[str, Any]]) -> list[tuple]:
        random.Random(0).shuffle(some)
        table = Room(some)["sales"].filter(pl.col("known_at") < horizon)
        return table.select(columns).sort(columns).rows()

    if known:
        assert before(list(rows)) == before(list(known))


def test_today_is_told_by_the_data_or_by_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse.at(tmp_path / "warehouse.duckdb")
    with pytest.raises(WarehouseMissing, match="realty ingest"):
        market_today(warehouse)
    stage(warehouse, [closed("1", date(2021, 4, 1), 300_000.0)])
    assert market_today(warehouse) == date(2021, 4, 2)
    monkeypatch.setenv("REALTY_AS_OF", "2022-01-01")
    assert market_today(warehouse) == date(2022, 1, 1)
