"""Data that are stale or break a promise make a verdict wait, and say which."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.promotion.data_gates import CHECKS, SALE, WALK, DataState, data_gates
from realty_assets.promotion.gates import GAIN, Gate, judge_floors, verdict
from realty_assets.promotion.policy import read_policy
from realty_assets.warehouse import Warehouse
from realty_assets_tests.promotion.test_home import realty

POLICY = read_policy()
TODAY = date(2024, 6, 1)
CALM = DataState(TODAY, date(2024, 5, 28), TODAY, {"sales_are_conserved": 0})
GOOD = {"n": 500, "mdape": 0.08, "coverage_90": 0.9, "median_ratio": 1.0}
WON = Gate(GAIN, "lower", -0.05, True, "accuracy")


def told(state: DataState) -> tuple[str, str]:
    """The verdict on a model that has won all else."""
    return verdict([*data_gates(state, POLICY), *judge_floors(POLICY, GOOD), WON], "m2", "m1")


@pytest.mark.parametrize(
    ("change", "name", "note"),
    [
        ({"newest_sale": date(2024, 3, 1)}, SALE, "of 2024-03-01"),
        ({"newest_sale": None}, SALE, "there is none"),
        ({"walked_to": date(2024, 4, 1)}, WALK, "to 2024-04-01"),
        ({"walked_to": None}, WALK, "there is none"),
        ({"n_wrong": {"one": 0, "two": 3}}, CHECKS, "two: 3 wrong"),
    ],
)
def test_stale_or_unsound_data_make_a_verdict_wait(
    change: dict[str, Any], name: str, note: str
) -> None:
    assert told(CALM)[0] == "promote"
    decided, reason = told(replace(CALM, **change))
    assert decided == "inconclusive"
    assert f"{name} ({note})" in reason


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_day_counts_as_fresh_up_to_the_limit_and_no_longer(sale: int, walk: int) -> None:
    ages = replace(
        CALM, newest_sale=TODAY - timedelta(days=sale), walked_to=TODAY - timedelta(days=walk)
    )
    gates = {gate.name: gate.passed for gate in data_gates(ages, POLICY)}
    assert POLICY.data is not None
    assert gates[SALE] is (True if sale <= POLICY.data.newest_sale_within_days else None)
    assert gates[WALK] is (True if walk <= POLICY.data.newest_walk_within_days else None)


def test_the_same_data_say_the_same_on_the_next_day_and_nothing_where_not_asked() -> None:
    later = replace(CALM, today=TODAY + timedelta(days=1))
    assert data_gates(later, POLICY) == data_gates(CALM, POLICY)
    assert data_gates(CALM, POLICY.model_copy(update={"data": None})) == []


@pytest.mark.slow
def test_a_home_tells_of_its_data_also_in_a_dry_run(warehouse: Warehouse) -> None:
    gates = {gate["name"]: gate for gate in realty("promote", "--dry-run")["gates"]}
    assert [gates[name]["passed"] for name in (SALE, WALK, CHECKS)] == [True] * 3
    assert gates[WALK]["note"] == "to 2021-12-01"
    with warehouse.transaction() as tx:
        tx.conn.execute(
            "UPDATE features.matrix SET info_on = as_of + 1 WHERE listing_key LIKE '%7'"
        )
    found = realty("promote", "--dry-run")
    assert found["verdict"] == "inconclusive"
    assert "nothing_from_the_future" in found["reason"]
