"""Probation: when a look is due, what it says, how seldom luck rolls back, and a real home."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.modeling.assets import model_home
from realty_assets.modeling.model import load_valuer
from realty_assets.promotion import probation
from realty_assets.promotion.pairs import Difference
from realty_assets.promotion.policy import FILE, ProbationRule
from realty_assets.promotion.probation import GOES_ON, PASSED, ROLLED_BACK
from realty_assets.promotion.probing import closed_since
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import put
from realty_assets_tests.promotion.conftest import judge, policy_text
from realty_assets_tests.promotion.homes import held, prints
from realty_assets_tests.promotion.replays import replay
from realty_assets_tests.promotion.test_home import last, realty

RULE, ALPHA = ProbationRule(), 0.05
SINCE = date(2024, 3, 1)
NONE = pl.DataFrame(schema=probation.SCHEMA)
RULES = st.builds(
    ProbationRule,
    days=st.integers(1, 400),
    looks=st.integers(1, 12),
    min_sales=st.integers(30, 200),
    margin=st.floats(0, 0.4),
)
N_LUCK = 400 if os.environ.get("REALTY_TORTURE") == "full" else 60


def taken(until: date, outcome: str = GOES_ON) -> pl.DataFrame:
    row = {"until_on": until, "outcome": outcome}
    return pl.DataFrame([row], schema_overrides=probation.SCHEMA).select(
        pl.lit(None, kind).alias(name) if name not in row else pl.col(name)
        for name, kind in probation.SCHEMA.items()
    )


@given(RULES, st.lists(st.integers(0, 500), max_size=30))
def test_each_look_is_taken_once_at_its_day_however_often_a_home_is_run(
    rule: ProbationRule, runs: list[int]
) -> None:
    days = probation.looks(rule, SINCE)
    assert days[-1] == SINCE + timedelta(days=rule.days)
    rows, seen = NONE, []
    for today in sorted(SINCE + timedelta(days=day) for day in runs):
        look = probation.due(rule, SINCE, today, rows)
        if look is None:
            continue
        assert look <= today
        assert look in days
        seen.append(look)
        ended = PASSED if look == days[-1] else GOES_ON
        rows = pl.concat([rows, taken(look, ended)])
        assert probation.due(rule, SINCE, today, rows) is None
    assert seen == sorted(set(seen))
    if runs and max(runs) >= rule.days:
        assert seen[-1] == days[-1]


@given(RULES, st.floats(-0.9, 3), st.floats(0, 1), st.integers(30, 5000), st.booleans())
def test_only_what_is_shown_beyond_the_margin_goes_back(
    rule: ProbationRule, relative: float, error: float, n: int, ends: bool
) -> None:
    seen = Difference(n, 0.1, relative, error, relative - error, relative + error)
    said = probation.outcome(rule, ALPHA, ends, seen)
    assert said in ((ROLLED_BACK, PASSED) if ends else (ROLLED_BACK, GOES_ON))
    if said == ROLLED_BACK:
        assert relative > rule.margin
        worse = Difference(n, 0.1, relative + 0.1, error, relative, relative + error)
        assert probation.outcome(rule, ALPHA, ends, worse) == ROLLED_BACK
    if relative <= rule.margin:
        assert said != ROLLED_BACK
    assert probation.outcome(rule, ALPHA, ends, None) == (PASSED if ends else GOES_ON)


def rolled_back(seed: int, **truth: float) -> bool:
    """Whether a new champion goes back in one of the looks at a growing number of sales."""
    pairs = replay(seed, n=600, **truth)
    for n in (200, 400, 600):
        mine, theirs = pairs.candidate.value[:n], pairs.champion.value[:n]
        labels = list(pairs.labels[:n])
        seen = probation.compared(RULE, ALPHA, mine, theirs, pairs.price[:n], labels)
        if probation.outcome(RULE, ALPHA, n == 600, seen) == ROLLED_BACK:
            return True
    return False


@pytest.mark.torture
def test_luck_hardly_ever_rolls_back_and_harm_does() -> None:
    # At the margin itself, where luck has its best chance.
    assert sum(rolled_back(seed, gain=-RULE.margin) for seed in range(N_LUCK)) <= 0.08 * N_LUCK
    assert sum(rolled_back(seed, gain=-0.2) for seed in range(20)) >= 18


def test_too_few_sales_say_nothing() -> None:
    few = np.full(RULE.min_sales - 1, 1e5)
    labels = ["2024-03|a"] * len(few)
    assert probation.compared(RULE, ALPHA, few * 2, few, few * 1.01, labels) is None


# What the home's policy says in the tests below: one look, a month after the promotion.
MONTH = (
    "probation: {days: 90, looks: 3, min_sales: 60, margin: 0.02}",
    "probation: {days: 31, looks: 1, min_sales: 60, margin: 0.02}",
)
LATER = "2022-01-01"


def promoted(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, like: str, *policy) -> None:
    """The challenger is promoted on the first of December; in that month homes sell at what the
    model that was `champion` or `challenger` says of them."""
    (warehouse.home / FILE).write_text(policy_text(*policy))
    judge_by = held(warehouse)
    realty("promote", "--reason", "fresher", "--by", "Ann", "--despite-verdict")
    sold = warehouse.read("clean.sales")
    again = sold.filter(pl.col("excluded_by").is_null()).sort("close_date").tail(120)
    again = again.with_columns(
        listing_key=pl.lit("N") + pl.col("listing_key"),
        close_date=pl.lit(date(2021, 12, 10)),
        known_at=pl.lit(datetime(2021, 12, 12)),
    )
    put(warehouse, "clean.sales", pl.concat([sold, again]))
    folders = dict(
        warehouse.read("modeling.models").select("model_version", "artifact").iter_rows()
    )
    monkeypatch.setenv("REALTY_AS_OF", LATER)
    model = load_valuer(warehouse.home / folders[judge_by[like]])
    home = model_home(warehouse)
    market = home.market("off_market")
    said = closed_since(market, model, model, date(2021, 12, 1), date.fromisoformat(LATER))
    assert len(said) >= 120
    noise = np.exp(np.random.default_rng(1).normal(0, 0.01, len(said)))
    prices = said.select("listing_key", sold_at=pl.col("value") * noise)
    sales = pl.concat([sold, again]).join(
        prices, on="listing_key", how="left", maintain_order="left"
    )
    put(
        warehouse,
        "clean.sales",
        sales.with_columns(close_price=pl.coalesce("sold_at", "close_price")).drop("sold_at"),
    )


@pytest.mark.slow
def test_a_champion_that_does_worse_goes_back_by_itself(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held(warehouse)
    promoted(warehouse, monkeypatch, "champion", MONTH)
    assert held(warehouse)["previous_champion"] == before["champion"]
    assert judge(warehouse).success
    (look,) = warehouse.read("promotion.probations").to_dicts()
    assert (look["outcome"], look["until_on"]) == (ROLLED_BACK, date.fromisoformat(LATER))
    assert look["n_sales"] >= 120
    assert look["p"] <= look["level"]
    assert held(warehouse)["champion"] == before["champion"]
    decisions = warehouse.read("promotion.decisions")
    (back,) = decisions.filter(decided_by="probation").to_dicts()
    assert (back["verdict"], back["approval"]) == ("rollback", "automatic")
    assert back["decision_id"] == look["rollback_id"]
    assert "closed since 2021-12-01" in back["reason"]
    # A model that has gone back waits for a person, whatever the policy says.
    stood = prints(warehouse)
    assert judge(warehouse).success
    assert prints(warehouse) == stood
    shown = realty("model", "show", before["challenger"])
    assert [row["outcome"] for row in shown["standing"]["probation"]] == [ROLLED_BACK]


@pytest.mark.slow
def test_a_champion_that_does_no_worse_stays_and_may_still_be_rolled_back(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held(warehouse)
    promoted(warehouse, monkeypatch, "challenger", MONTH)
    for _ in range(2):
        assert judge(warehouse).success
    (look,) = warehouse.read("promotion.probations").to_dicts()
    assert (look["outcome"], look["rollback_id"]) == (PASSED, None)
    titles = held(warehouse)
    assert titles["champion"] == before["challenger"]
    assert titles["previous_champion"] == before["champion"]


@pytest.mark.slow
def test_no_probation_where_the_policy_has_none_or_no_look_is_due(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted(warehouse, monkeypatch, "champion", (MONTH[0], "probation: null"))
    champion = held(warehouse)["champion"]
    assert judge(warehouse).success
    monkeypatch.setenv("REALTY_AS_OF", "2021-12-30")
    (warehouse.home / FILE).write_text(policy_text())
    assert judge(warehouse).success
    assert warehouse.read("promotion.probations").is_empty()
    assert held(warehouse)["champion"] == champion
    assert last(warehouse)["decided_by"] == "Ann"
