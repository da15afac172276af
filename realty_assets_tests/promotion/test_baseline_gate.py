"""A model that anybody could beat for nothing does not speak for a home."""

from __future__ import annotations

import json

import polars as pl
import pytest

from realty_assets.modeling.judging.baseline_table import BETTER
from realty_assets.promotion.baseline_gate import MISSING, NAME, baseline_gate, read_baselines
from realty_assets.promotion.gates import GAIN, Gate, verdict
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market

WON = Gate(GAIN, "lower", -0.05, True, "accuracy")


def rows(*verdicts: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "baseline": [f"simple {at}" for at in range(len(verdicts))],
            "n": [300] * len(verdicts),
            "error_difference": [-0.01 + 0.02 * at for at in range(len(verdicts))],
            "error_difference_low": [-0.02 + 0.02 * at for at in range(len(verdicts))],
            "verdict": list(verdicts),
        }
    )


@pytest.mark.parametrize("champion", [None, "old"])
def test_a_better_baseline_rejects_also_the_first_model(champion: str | None) -> None:
    gate = baseline_gate(rows(BETTER, "model better"))
    said, why = verdict([gate, WON], "new", champion)
    assert said == "reject"
    assert "simple 0: mean absolute log error -0.010 on 300 sales; better: simple 0" in why


def test_a_baseline_that_is_lower_by_chance_is_in_nobodys_way() -> None:
    gate = baseline_gate(rows("no difference shown", "model better"))
    assert (gate.seen, gate.passed) == (-0.01, True)
    assert verdict([gate, WON], "new", "old")[0] == "promote"


def test_without_baselines_a_candidate_waits_and_a_first_model_does_not() -> None:
    gate = baseline_gate(pl.DataFrame())
    assert (gate.passed, gate.note) == (None, MISSING)
    said, why = verdict([WON, gate], "new", "old")
    assert (said, MISSING in why) == ("inconclusive", True)
    assert verdict([gate], "new", None)[0] == "promote"


@pytest.mark.slow
def test_every_decision_of_a_market_has_the_best_baseline_of_its_backtest(market: Market) -> None:
    warehouse = Warehouse.at(market.home / "warehouse.duckdb")
    for row in warehouse.read("promotion.decisions").iter_rows(named=True):
        (gate,) = [gate for gate in json.loads(row["gates"]) if gate["name"] == NAME]
        found = read_baselines(warehouse, json.loads(row["evidence"])["backtest_id"])
        assert gate["seen"] == found["error_difference"].min() == found["error_difference"][0]
        assert gate["passed"] is (BETTER not in found["verdict"])
