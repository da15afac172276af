"""Guards of the loop hold whatever happens: drawn histories, and one example of each rule."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.retraining import deciding as d
from realty_assets.retraining.deciding import Hand, Now, Past, Signal, State, decide
from realty_assets.retraining.policy import LADDER, Freeze, Guards, Policy, Rung, read_policy

DAY = date(2026, 6, 10)
POLICY = read_policy()
KINDS = ("drift", "performance", "new_sales", "calendar", "change")
OUTCOMES = (None, "promoted", "waiting", "rejected", "inconclusive", "nothing new", "failed")


def at(day: date) -> Now:
    return Now(datetime(day.year, day.month, day.day, 4, tzinfo=UTC).replace(tzinfo=None), day)


def signal(kind: str = "performance", met: bool = True, **more: object) -> Signal:
    told = {"track": "off_market", "says": f"{kind} figures", "champion": "c1", **more}
    return Signal(kind=kind, met=met, **told)  # type: ignore[arg-type]


def past(days_ago: int, outcome: str | None = "promoted", rung: Rung = "refit") -> Past:
    day = DAY - timedelta(days=days_ago)
    return Past(f"t{days_ago:03}", day, at(day).clock, rung, outcome, 0.1)


def fired(rows: list[dict]) -> list[dict]:
    return [row for row in rows if row["decision"] == d.FIRED]


def reason(state: State, policy: Policy = POLICY, day: date = DAY) -> str:
    """Why the one trigger of a state was skipped."""
    (row,) = decide(state, policy, at(day))
    assert row["decision"] == d.SKIPPED
    assert row["rung"] is None
    return row["reason"]


signals = st.builds(
    Signal,
    track=st.sampled_from(["off_market", "at_listing", "on_market"]),
    kind=st.sampled_from(KINDS),
    met=st.booleans(),
    says=st.just("figures"),
    suspect=st.booleans(),
    champion=st.just("c1"),
)
pasts = st.builds(
    past,
    st.integers(0, 400),
    st.sampled_from(OUTCOMES),
    st.sampled_from(LADDER),
)
states = st.builds(
    State,
    signals=st.lists(signals, max_size=8),
    past=st.lists(pasts, max_size=6, unique_by=lambda one: one.trigger_id),
    hand=st.none() | st.builds(Hand, st.sampled_from(LADDER), st.just("why"), st.just("Ann")),
    unfit=st.none() | st.just("data are stale"),
    paused=st.none() | st.just("paused"),
    waits=st.none() | st.just("waits"),
    refits=st.dictionaries(st.sampled_from(["off_market", "on_market"]), st.booleans()),
)
freezes = st.lists(
    st.builds(
        lambda start, length: Freeze.model_validate(
            {
                "from": DAY + timedelta(days=start),
                "to": DAY + timedelta(days=start + length),
                "why": "a holiday",
            }
        ),
        st.integers(-20, 20),
        st.integers(0, 20),
    ),
    max_size=2,
)
policies = st.builds(
    lambda cool, runs, freeze: POLICY.model_copy(
        update={
            "guards": Guards(cool_down_days=cool, runs_a_month=runs).model_copy(
                update={"freeze": tuple(freeze)}
            )
        }
    ),
    st.integers(0, 60),
    st.none() | st.integers(0, 3),
    freezes,
)


@settings(max_examples=150, deadline=None)
@given(states, policies)
def test_no_guard_is_ever_passed_by_automation(state: State, policy: Policy) -> None:
    now = at(DAY)
    rows = decide(state, policy, now)
    assert len(rows) == len(state.signals) + (state.hand is not None)
    assert len(fired(rows)) <= 1
    for row in rows:
        assert row["reason"]
        assert (row["rung"] is not None) == (row["decision"] == d.FIRED)
    for row in fired(rows):
        assert d.under_way(state.past) is None
        if row["kind"] == "by_hand":
            continue
        assert (state.unfit, state.paused, state.waits) == (None, None, None)
        assert not any(f.since <= DAY <= f.until for f in policy.guards.freeze)
        if state.past:
            newest = max(one.as_of for one in state.past)
            rest = policy.guards.rest_days(d.in_vain(state.past))
            assert DAY - newest >= timedelta(days=rest)
        month = [one for one in state.past if (one.at.year, one.at.month) == (DAY.year, DAY.month)]
        assert policy.guards.runs_a_month is None or len(month) < policy.guards.runs_a_month
        if row["kind"] == "drift":
            assert any(s.kind == "performance" and (s.met or s.suspect) for s in state.signals)


@settings(max_examples=50, deadline=None)
@given(states, policies, st.randoms(use_true_random=False))
def test_the_same_knowledge_gives_the_same_rows(
    state: State, policy: Policy, rng: random.Random
) -> None:
    mixed = replace(
        state,
        signals=rng.sample(list(state.signals), len(state.signals)),
        past=rng.sample(list(state.past), len(state.past)),
    )
    told = [decide(one, policy, at(DAY)) for one in (state, state, mixed)]
    assert told[0] == told[1]
    key = lambda row: row["trigger_id"]  # noqa: E731
    assert sorted(told[0], key=key) == sorted(told[2], key=key)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 12), st.integers(1, 60))
def test_rest_grows_with_what_led_nowhere_and_has_an_end(n: int, cool: int) -> None:
    guards = Guards(cool_down_days=cool)
    assert guards.rest_days(n) <= guards.rest_days(n + 1)
    assert guards.rest_days(0) == cool
    assert guards.rest_days(60) == max(cool, guards.back_off.at_most_days)


def test_a_trigger_that_is_met_fires_at_its_rung() -> None:
    (row,) = decide(State([signal()]), POLICY, at(DAY))
    assert (row["decision"], row["rung"], row["reason"]) == (
        "fired",
        "refit",
        "performance figures",
    )
    (row,) = decide(State([signal("change")]), POLICY, at(DAY))
    assert row["rung"] == "retune"


def test_a_refit_is_not_tried_with_settings_that_are_not_the_champions() -> None:
    (row,) = decide(State([signal()], refits={"off_market": False}), POLICY, at(DAY))
    assert row["rung"] == "retune"


def test_drift_proposes_and_performance_confirms() -> None:
    drift = signal("drift", track="all")
    calm = signal("performance", met=False)
    assert "does not confirm" in decide(State([drift, calm]), POLICY, at(DAY))[1]["reason"]
    doubted = replace(calm, suspect=True)
    (row,) = fired(decide(State([drift, doubted]), POLICY, at(DAY)))
    assert row["kind"] == "drift"


def test_what_led_nowhere_tries_more_and_later_until_a_person_is_asked() -> None:
    seen = []
    for n in range(4):
        vain = [past(1000 - 10 * i, "rejected") for i in range(n)]
        (row,) = decide(State([signal()], vain), POLICY, at(DAY))
        seen.append(row["rung"])
    assert seen == ["refit", "retune", "search", "person"]
    vain = [past(40, "rejected"), past(200, "promoted")]
    assert "50 days" in reason(State([signal()], vain))
    assert decide(State([signal()], vain), POLICY, at(DAY + timedelta(days=10)))[0]["rung"] == (
        "retune"
    )


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State([signal(met=False)]), "not met: performance figures"),
        (State([signal()], unfit="the newest sale is old"), "the newest sale is old"),
        (State([signal()], paused="Automation is paused"), "Automation is paused"),
        (State([signal()], [past(60, None)]), "one at a time: t060 (refit) has not ended"),
        (State([signal()], waits="a challenger waits"), "a challenger waits"),
        (State([signal()], [past(3)]), "cooling down until 2026-07-02"),
    ],
)
def test_a_skip_says_why(state: State, why: str) -> None:
    assert reason(state).startswith(why)


def test_budget_and_freeze_are_of_the_clock() -> None:
    free = Guards(cool_down_days=0, runs_a_month=1, usd_a_month=0.05)
    policy = POLICY.model_copy(update={"guards": free})
    assert "budget: 1 retrains" in reason(State([signal()], [past(3)]), policy)
    dear = free.model_copy(update={"runs_a_month": None})
    policy = POLICY.model_copy(update={"guards": dear})
    assert "US dollars" in reason(State([signal()], [past(3)]), policy)
    assert fired(decide(State([signal()], [past(15)]), policy, at(DAY)))
    frozen = Freeze.model_validate({"from": DAY, "to": DAY, "why": "year end"})
    policy = POLICY.model_copy(update={"guards": Guards(freeze=(frozen,))})
    assert reason(State([signal()]), policy) == f"frozen until {DAY}: year end"
    assert fired(decide(State([signal()]), policy, at(DAY + timedelta(days=1))))


def test_a_person_is_held_up_by_nothing_but_a_retrain_under_way() -> None:
    hand = Hand("search", "a new school", "Ann")
    rests = State([signal()], [past(1)], hand, "stale", "paused", "waits")
    first, second = decide(rests, POLICY, at(DAY))
    assert (first["kind"], first["decision"], first["rung"]) == ("by_hand", "fired", "search")
    assert (first["asked_by"], first["track"]) == ("Ann", "all")
    assert second["reason"] == f"taken along by {first['trigger_id']}"
    busy = replace(rests, past=[past(1, None)])
    assert not fired(decide(busy, POLICY, at(DAY)))


def test_where_intervals_alone_are_out_of_line_the_cheapest_rung_comes_first() -> None:
    alone = signal(evidence={"breaches": ("coverage",)})

    def rung(asks: Signal, *vain: Past, own: bool = True) -> str:
        (row,) = decide(State([asks], vain, refits={"off_market": own}), POLICY, at(DAY))
        return row["rung"]

    assert rung(alone) == "recalibrate"
    assert rung(signal(evidence={"breaches": ("bias", "coverage")})) == "refit"
    assert rung(alone, past(100, "rejected")) == "refit"  # index makes no model
    assert rung(alone, past(200, "rejected"), past(400, "rejected")) == "retune"
    # Other settings than the champion's: neither its intervals nor its refit can be made.
    assert rung(alone, own=False) == "retune"
    assert rung(alone, *[past(200 * n, "rejected") for n in range(1, 5)]) == "person"
