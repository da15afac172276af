"""Bets on closed sales: luck wins as seldom as Ville says, a shift is found, months extend."""

from __future__ import annotations

import os
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.judging import judge
from realty_assets.monitoring.populations import Reference
from realty_assets.monitoring.signals.exchangeability import (
    SCHEMA,
    TOO_LOW,
    extended,
    martingale_drift,
)
from realty_assets.monitoring.signals.martingale import (
    log10_capital,
    log10_evidence,
    p_values,
    uniform,
)
from realty_assets_tests.monitoring.samples import policy

FULL = os.environ.get("REALTY_TORTURE") == "full"
STREAMS, ALPHA = (2000, 600) if FULL else (200, 300), 0.05
FIRST, UNTIL = date(2023, 1, 1), date(2023, 6, 1)
NOTHING = pl.DataFrame(schema=SCHEMA)
REFERENCE = Reference("off_market", "model", UNTIL)


def evidence(bag: np.ndarray, scores: np.ndarray, ties: np.ndarray) -> np.ndarray:
    signed = p_values(bag.tolist(), scores.tolist(), ties.tolist())
    sized = p_values(np.abs(bag).tolist(), np.abs(scores).tolist(), ties.tolist())
    return log10_evidence(signed, sized)


@pytest.mark.torture
@pytest.mark.parametrize("kind", ["normal", "heavy tails", "few values", "no bag"])
def test_on_exchangeable_streams_false_alarms_are_within_villes_bound(kind: str) -> None:
    """At most alpha of the streams ever alarm; the bound on the count is 3 standard errors up."""
    n_streams, length = STREAMS
    draw = {
        "normal": lambda rng, n: rng.normal(size=n),
        "heavy tails": lambda rng, n: rng.standard_t(2, size=n),
        "few values": lambda rng, n: rng.integers(-2, 3, n).astype(float),
        "no bag": lambda rng, n: rng.exponential(size=n) - 1.0,
    }[kind]
    n_bag = 0 if kind == "no bag" else 100
    alarms = 0
    for seed in range(n_streams):
        rng = np.random.default_rng(seed)
        scores, ties = draw(rng, n_bag + length), rng.random(length)
        reached = evidence(scores[:n_bag], scores[n_bag:], ties)
        alarms += bool(reached[-1] >= np.log10(1 / ALPHA))
    assert alarms / n_streams <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / n_streams)


@pytest.mark.parametrize(
    ("shift", "scale"), [(0.7, 1.0), (-0.7, 1.0), (0.0, 2.0)], ids=["low", "high", "wide"]
)
def test_a_shift_is_found_within_two_months_of_sales(shift: float, scale: float) -> None:
    delays = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        calm, moved = rng.normal(size=500), shift + scale * rng.normal(size=200)
        reached = evidence(calm[:200], np.concatenate([calm[200:], moved]), rng.random(500))
        over = np.flatnonzero(reached >= 2.0)
        delays.append(over[0] - 300 if len(over) else 999)
    assert sum(0 <= delay <= 160 for delay in delays) >= 18, delays


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=60),
    st.integers(0, 30),
    st.integers(1, 59),
)
def test_p_values_and_capital_look_at_nothing_later(
    scores: list[float], n_bag: int, cut: int
) -> None:
    n_bag, cut = min(n_bag, len(scores) - 1), min(cut, len(scores) - 1)
    bag, stream = scores[:n_bag], scores[n_bag:]
    ties = [uniform(f"{at}") for at in range(len(stream))]
    whole = p_values(bag, stream, ties)
    assert ((whole >= 0) & (whole <= 1)).all()
    assert np.array_equal(p_values(bag, stream[:cut], ties[:cut]), whole[:cut])
    assert np.array_equal(p_values(sorted(bag), stream, ties), whole)
    assert np.array_equal(log10_capital(whole[:cut]), log10_capital(whole)[:cut])


def test_the_capital_is_that_of_the_simple_jumper_by_hand() -> None:
    p = [0.1, 0.9, 0.2, 0.05]
    capitals = []
    for jump in (0.001, 0.01, 0.1):
        parts, told = dict.fromkeys((-1, 0, 1), 1 / 3), []
        for value in p:
            whole = sum(parts.values())
            parts = {
                bet: ((1 - jump) * part + jump / 3 * whole) * (1 + bet * (value - 0.5))
                for bet, part in parts.items()
            }
            told.append(sum(parts.values()))
        capitals.append(told)
    assert log10_capital(p) == pytest.approx(np.log10(np.mean(capitals, axis=0)), abs=1e-12)


def sales(n_months: int, shift_from: int = 99, seed: int = 0, per_month: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for at in range(n_months):
        month = next_month(FIRST, at)
        days = rng.integers(0, 27, per_month)
        parts.append(
            pl.DataFrame(
                {
                    "listing_key": [f"{at}-{k}" for k in range(per_month)],
                    "close_date": [month + timedelta(days=int(day)) for day in days],
                    "score": rng.normal(size=per_month) + (1.0 if at >= shift_from else 0.0),
                }
            ).with_columns(ready_on=pl.col("close_date") + pl.duration(days=1))
        )
    return pl.concat(parts)


def test_a_new_month_extends_what_stands_and_changes_nothing_of_it() -> None:
    scored = sales(12, shift_from=9)
    grown = NOTHING
    for at in range(6, 13):
        today = next_month(FIRST, at)
        known = scored.filter(pl.col("ready_on") < today)
        before = grown
        grown = extended(known, before, REFERENCE, today)
        assert grown.head(len(before)).equals(before)
        assert extended(known, grown, REFERENCE, today).equals(grown)
    fresh = extended(scored, NOTHING, REFERENCE, next_month(FIRST, 12))
    assert fresh.equals(grown)
    shuffled = scored.sample(fraction=1.0, shuffle=True, seed=1)
    assert extended(shuffled, NOTHING, REFERENCE, next_month(FIRST, 12)).equals(fresh)
    told = martingale_drift(grown).with_columns(track=pl.lit("off_market"), slice=pl.lit("all"))
    judged = judge(told, policy())
    assert judged["month"].to_list() == [next_month(FIRST, at) for at in range(5, 12)]
    breached = judged.filter("breached")
    assert breached["month"].min() in (next_month(FIRST, 9), next_month(FIRST, 10))
    assert breached["drivers"][0] == TOO_LOW
    assert breached["severity"][-1] == "critical"


def test_what_comes_late_into_a_month_that_was_bet_on_is_left_out() -> None:
    scored, today = sales(8), next_month(FIRST, 8)
    stands = extended(scored, NOTHING, REFERENCE, today)
    late = scored.tail(1).with_columns(listing_key=pl.lit("late"))
    assert extended(pl.concat([scored, late]), stands, REFERENCE, today).equals(stands)


def test_another_champion_begins_anew() -> None:
    scored, today = sales(10, shift_from=6), next_month(FIRST, 10)
    stands = extended(scored, NOTHING, REFERENCE, today)
    after = Reference("off_market", "next", date(2023, 9, 1))
    fresh = extended(scored, stands, after, today)
    assert set(fresh["reference"]) == {after.name}
    assert fresh.filter(~pl.col("in_reference"))["month"].min() == date(2023, 9, 1)
    assert extended(scored, stands, Reference("off_market", None, None), today).is_empty()
