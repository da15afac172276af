"""Who becomes champion, who stays challenger, and that nothing is decided twice."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.promotion.ledger import ALIAS_SCHEMA, DECISION_SCHEMA, decide
from realty_assets.promotion.policy import read_policy

GOOD = {"backtest_id": "b1", "n": 500, "mdape": 0.08, "coverage_90": 0.9, "median_ratio": 1.0}
NOW = datetime(2024, 1, 1)
POLICY = read_policy()
NAME = "realty-off-market"


def models(*versions: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "name": NAME,
                "model_version": version,
                "cutoff": date(2024, number, 1),
                "data_hash": "d" + version,
                "artifact_sha256": "a" + version,
            }
            for number, version in enumerate(versions, start=1)
        ]
    )


def empty() -> tuple[pl.DataFrame, pl.DataFrame]:
    return pl.DataFrame(schema=DECISION_SCHEMA), pl.DataFrame(schema=ALIAS_SCHEMA)


def held(aliases: pl.DataFrame) -> dict[str, str]:
    return dict(zip(aliases["alias"], aliases["model_version"], strict=True))


def test_the_first_valid_model_is_champion_and_a_row_says_why() -> None:
    decisions, aliases = decide(models("m1"), {NAME: GOOD}, *empty(), NOW, POLICY)
    assert held(aliases) == {"champion": "m1"}
    row = decisions.row(0, named=True)
    assert row["verdict"] == "promote"
    assert "first" in row["reason"]
    assert json.loads(row["evidence"]) == {
        "artifact_sha256": "am1",
        "backtest_id": "b1",
        "data_hash": "dm1",
        "policy_sha256": POLICY.sha256,
    }
    assert len(json.loads(row["gates"])) == len(POLICY.floors)
    assert aliases["decision_id"][0] == row["decision_id"]


def test_a_second_model_becomes_challenger_and_stays_so() -> None:
    state = decide(models("m1"), {NAME: GOOD}, *empty(), NOW, POLICY)
    better = GOOD | {"mdape": 0.01}
    for _ in range(3):
        state = decide(models("m1", "m2"), {NAME: better}, *state, NOW, POLICY)
        assert held(state[1]) == {"champion": "m1", "challenger": "m2"}
    assert state[0]["verdict"].to_list() == ["promote", "challenge"]


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"n": 3}, "enough"),
        ({"mdape": 0.5}, "error"),
        ({"coverage_90": 0.5}, "coverage"),
        ({"coverage_90": 1.0}, "coverage"),
        ({"median_ratio": 1.6}, "ratio"),
        ({"mdape": None}, "missing"),
    ],
)
def test_a_model_below_a_floor_is_rejected_with_the_figure(change: dict, gate: str) -> None:
    decisions, aliases = decide(models("m1"), {NAME: GOOD | change}, *empty(), NOW, POLICY)
    assert aliases.is_empty()
    assert decisions["verdict"].to_list() == ["reject"]
    assert gate in decisions["reason"][0]


def test_a_model_without_any_backtest_is_rejected() -> None:
    decisions, aliases = decide(models("m1"), {}, *empty(), NOW, POLICY)
    assert aliases.is_empty()
    assert "missing" in decisions["reason"][0]


def test_after_a_rejected_first_model_the_next_valid_one_is_champion() -> None:
    state = decide(models("m1"), {NAME: GOOD | {"mdape": 0.6}}, *empty(), NOW, POLICY)
    state = decide(models("m1", "m2"), {NAME: GOOD}, *state, NOW, POLICY)
    assert held(state[1]) == {"champion": "m2"}


def test_a_champion_that_cannot_work_any_more_gives_way_to_the_next_valid_model() -> None:
    state = decide(models("m1"), {NAME: GOOD}, *empty(), NOW, POLICY)
    state = decide(models("m1", "m2"), {NAME: GOOD}, *state, NOW, POLICY, frozenset({"m1"}))
    assert held(state[1]) == {"champion": "m2"}
    assert "can no longer load or feed" in state[0]["reason"][1]
    bad = decide(
        models("m1", "m2", "m3"),
        {NAME: GOOD | {"mdape": 0.6}},
        *state,
        NOW,
        POLICY,
        frozenset({"m2"}),
    )
    assert held(bad[1]) == {"champion": "m2"}


record = st.fixed_dictionaries(
    {
        "n": st.integers(0, 100),
        "mdape": st.floats(0, 1),
        "coverage_90": st.floats(0, 1),
        "median_ratio": st.floats(0.5, 1.5),
    }
)


@given(rounds=st.lists(record, min_size=1, max_size=8))
def test_decisions_only_grow_and_the_champion_never_changes_by_itself(rounds: list[dict]) -> None:
    state: Any = empty()
    champion = None
    for number, seen in enumerate(rounds, start=1):
        known = models(*[f"m{n}" for n in range(1, number + 1)])
        before = state[0]
        state = decide(known, {NAME: seen}, *state, NOW, POLICY)
        assert state[0].head(before.height).equals(before)
        assert state[0].height == number
        now = held(state[1]).get("champion")
        assert champion is None or now == champion
        champion = now
