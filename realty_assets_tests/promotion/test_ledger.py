"""Who becomes champion, who waits, who goes back, and that nothing is decided twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.promotion.actions import Action, BadPromotion, carry_out
from realty_assets.promotion.gates import GAIN, Gate, judge_floors
from realty_assets.promotion.ledger import (
    ALIAS_SCHEMA,
    DECISION_SCHEMA,
    Judgement,
    Moment,
    decide,
    in_form,
    to_judge,
)
from realty_assets.promotion.policy import Approval, Policy, PromotionPolicyError, read_policy

GOOD = {"n": 500, "mdape": 0.08, "coverage_90": 0.9, "median_ratio": 1.0}
NOW = Moment(datetime(2024, 1, 1), date(2024, 1, 1))
POLICY = read_policy()
AUTOMATIC = POLICY.model_copy(update={"approval": Approval(automatic=True)})
NAME = "realty-off-market"
State = tuple[pl.DataFrame, pl.DataFrame]


def empty() -> State:
    return pl.DataFrame(schema=DECISION_SCHEMA), pl.DataFrame(schema=ALIAS_SCHEMA)


def held(state: State) -> dict[str, str]:
    """Titles and who holds them; whoever is challenger is shadow, and nobody else."""
    titles = dict(zip(state[1]["alias"], state[1]["model_version"], strict=True))
    assert titles.pop("shadow", None) == titles.get("challenger")
    return titles


def first(version: str = "m1", **record: Any) -> Judgement:
    """A model where no champion stands."""
    gates = judge_floors(POLICY, GOOD | record)
    return Judgement(NAME, version, None, False, gates, {"data_hash": version})


def second(
    version: str, champion: str, won: bool | None, evidence: str = "e", works: bool = True
) -> Judgement:
    """A model that meets its floors; `won` is what paired sales say."""
    gates = [*judge_floors(POLICY, GOOD), Gate(GAIN, "lower", -0.03, won, "accuracy")]
    return Judgement(NAME, version, champion, works, gates, {"data_hash": evidence})


def decided(state: State, one: Judgement, policy: Policy = POLICY) -> State:
    return decide([one], *state, NOW, policy)


def act(state: State, verb: str, broken: tuple[str, ...] = (), **more: Any) -> State:
    action = Action(verb, NAME, "it is time", "Ann", **more)
    return carry_out(action, *state, NOW, broken)[:2]


def last(state: State) -> dict[str, Any]:
    return state[0].row(-1, named=True)


def waiting() -> State:
    return decided(decided(empty(), first()), second("m2", "m1", True))


def test_the_first_valid_model_is_champion_and_a_row_says_why() -> None:
    state = decided(empty(), first())
    assert held(state) == {"champion": "m1"}
    row = last(state)
    assert (row["verdict"], row["decided_by"], row["approval"]) == ("promote", "gate", None)
    assert "first" in row["reason"]
    assert json.loads(row["evidence"]) == {"data_hash": "m1", "looks": 0}
    assert len(json.loads(row["gates"])) == len(POLICY.floors) + 2
    assert state[1]["decision_id"][0] == row["decision_id"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"n": 3}, "enough"),
        ({"mdape": 0.5}, "error"),
        ({"coverage_90": 0.5}, "coverage"),
        ({"coverage_90": 1.0}, "coverage"),
        ({"median_ratio": 1.6}, "ratio"),
        ({"mdape": None}, "missing"),
    ],
)
def test_a_model_below_a_floor_is_rejected_with_the_figure(change: dict, told: str) -> None:
    state = decided(empty(), first(**change))
    assert state[1].is_empty()
    assert last(state)["verdict"] == "reject"
    assert told in last(state)["reason"]


def test_a_model_that_cannot_be_loaded_is_rejected() -> None:
    gates = judge_floors(POLICY, GOOD, works=False)
    state = decided(empty(), Judgement(NAME, "m1", None, False, gates, {}))
    assert (held(state), last(state)["verdict"]) == ({}, "reject")


def test_a_model_whose_blocking_check_fails_is_rejected() -> None:
    gates = judge_floors(POLICY, GOOD, off=["predicted price quartile 4"])
    state = decided(empty(), Judgement(NAME, "m1", None, False, gates, {}))
    assert (held(state), last(state)["verdict"]) == ({}, "reject")
    assert "check intervals_hold: predicted price quartile 4" in last(state)["reason"]


def test_a_better_model_waits_for_a_person_unless_the_policy_lets_it_be() -> None:
    state = waiting()
    assert held(state) == {"champion": "m1", "challenger": "m2"}
    assert (last(state)["verdict"], last(state)["approval"]) == ("promote", "waiting")
    state = decided(decided(empty(), first()), second("m2", "m1", True), AUTOMATIC)
    assert held(state) == {"champion": "m2", "previous_champion": "m1"}
    assert last(state)["approval"] == "automatic"


def test_a_policy_without_shadows_has_none() -> None:
    off = POLICY.model_copy(update={"shadow": None})
    state = decided(decided(empty(), first()), second("m2", "m1", True), off)
    assert state[1]["alias"].to_list() == ["challenger", "champion"]
    assert "shadow" in decided(state, second("m2", "m1", True))[1]["alias"]
    assert "shadow" not in decided(waiting(), second("m2", "m1", True), off)[1]["alias"]


def test_an_inconclusive_model_is_challenger_and_a_worse_one_is_not() -> None:
    state = decided(decided(empty(), first()), second("m2", "m1", None))
    assert held(state) == {"champion": "m1", "challenger": "m2"}
    assert (last(state)["verdict"], last(state)["approval"]) == ("inconclusive", None)
    state = decided(state, second("m2", "m1", False, "more sales"))
    assert held(state) == {"champion": "m1"}
    assert last(state)["verdict"] == "reject"


def test_the_same_evidence_is_judged_once_and_new_evidence_anew() -> None:
    state = decided(decided(empty(), first()), second("m2", "m1", None))
    assert decided(state, second("m2", "m1", None))[0].equals(state[0])
    for n, evidence in enumerate(("more", "most", "more"), start=1):
        state = decided(state, second("m2", "m1", None, evidence))
        assert json.loads(last(state)["evidence"])["looks"] == n
    assert state[0]["decision_id"].is_unique().all()
    state = decided(state, second("m2", "m0", None, "more"))
    assert json.loads(last(state)["evidence"])["looks"] == 0


def test_a_policy_that_was_wrong_rejects_no_model_for_good() -> None:
    bad = replace(first(mdape=0.6), evidence={"policy_sha256": "bad"})
    state = decided(empty(), bad)
    assert held(state) == {}
    state = decided(state, replace(first(), evidence={"policy_sha256": "good"}))
    assert held(state) == {"champion": "m1"}


def test_a_champion_that_cannot_work_any_more_gives_way_and_is_not_gone_back_to() -> None:
    state = decided(decided(empty(), first()), second("m2", "m1", None, works=False))
    assert held(state) == {"champion": "m2"}
    assert "can no longer load or feed" in last(state)["reason"]
    assert last(state)["approval"] is None


def test_a_person_approves_what_waits_and_twice_is_once() -> None:
    state = act(waiting(), "promote")
    assert held(state) == {"champion": "m2", "previous_champion": "m1"}
    row = last(state)
    assert (row["decided_by"], row["approval"]) == ("Ann", "approved by Ann")
    assert json.loads(row["evidence"])["approves"] == state[0]["decision_id"][1]
    assert row["reason"] == "it is time"
    again = act(state, "promote")
    assert again[0].equals(state[0])
    assert again[1].equals(state[1])


def test_a_verdict_is_overruled_only_in_so_many_words() -> None:
    state = decided(decided(empty(), first()), second("m2", "m1", None))
    with pytest.raises(BadPromotion, match="newest verdict on m2 is 'inconclusive'"):
        act(state, "promote")
    state = act(state, "promote", despite_verdict=True)
    assert last(state)["approval"] == "approved by Ann despite the verdict 'inconclusive'"
    assert held(state)["champion"] == "m2"


def test_back_and_forth() -> None:
    state = act(act(waiting(), "promote"), "rollback")
    assert held(state) == {"champion": "m1", "challenger": "m2"}
    assert (last(state)["model_version"], last(state)["champion_version"]) == ("m1", "m2")
    again = act(state, "rollback")
    assert again[0].equals(state[0])
    assert again[1].equals(state[1])
    with pytest.raises(BadPromotion, match="'rollback'"):
        act(state, "promote")
    # Also where the policy promotes by itself: a person has said no to this model.
    state = decided(state, second("m2", "m1", True, "more"), AUTOMATIC)
    assert held(state)["champion"] == "m1"
    assert last(state)["approval"] == "waiting"
    assert held(act(state, "promote")) == {"champion": "m2", "previous_champion": "m1"}


def test_a_champion_that_is_taken_down_leaves_its_place_empty_until_a_person_says_so() -> None:
    state = act(act(waiting(), "promote"), "demote")
    assert held(state) == {"previous_champion": "m2"}
    assert (last(state)["verdict"], last(state)["approval"]) == ("demote", "asked for by Ann")
    again = act(state, "demote")
    assert again[0].equals(state[0])
    assert again[1].equals(state[1])
    # Nobody gets the empty place by itself, whatever the policy says.
    new = replace(first("m3"), evidence={"data_hash": "more"})
    state = decided(state, new, AUTOMATIC)
    assert held(state) == {"previous_champion": "m2", "challenger": "m3"}
    assert last(state)["approval"] == "waiting"
    state = decided(state, replace(first("m2"), evidence={"data_hash": "more"}), AUTOMATIC)
    assert held(state) == {"previous_champion": "m2", "challenger": "m3"}
    assert held(act(state, "rollback")) == {"champion": "m2", "challenger": "m3"}
    state = act(state, "promote")
    assert held(state)["champion"] == "m3"
    # The place is filled by a person's word: from now on all is as ever.
    assert held(decided(state, second("m4", "m3", True), AUTOMATIC))["champion"] == "m4"
    with pytest.raises(BadPromotion, match="No champion of"):
        act(empty(), "demote")


def test_what_cannot_be_carried_out_is_said() -> None:
    state = decided(empty(), first())
    with pytest.raises(BadPromotion, match="nothing to roll"):
        act(state, "rollback")
    with pytest.raises(BadPromotion, match="No challenger"):
        act(state, "promote")
    with pytest.raises(BadPromotion, match="m2 can no longer be loaded"):
        act(waiting(), "promote", ("m2",))
    with pytest.raises(BadPromotion, match="m1 can no longer be loaded"):
        act(act(waiting(), "promote"), "rollback", ("m1",))
    crowned = decided(act(waiting(), "promote"), second("m3", "m2", True))
    stale = act(crowned, "rollback")
    with pytest.raises(BadPromotion, match="m3 was judged against m2, but m1 is champion"):
        act(stale, "promote")
    for wrong in (
        {"reason": " "},
        {"by": ""},
        {"by": "gate"},
        {"by": "probation"},
        {"verb": "praise"},
    ):
        with pytest.raises(BadPromotion):
            Action(**({"verb": "promote", "name": NAME, "reason": "r", "by": "Ann"} | wrong))


def test_only_the_newest_model_is_judged_and_a_champion_never() -> None:
    models = pl.DataFrame(
        [
            {"name": NAME, "model_version": version, "cutoff": day, "mlflow_version": number}
            for version, day, number in (
                ("m1", date(2024, 1, 1), 1),
                ("m3", date(2024, 2, 1), 3),
                ("m2", date(2024, 2, 1), 2),
            )
        ]
    )
    state = decided(empty(), first())
    assert [row["model_version"] for row in to_judge(models, state[1])] == ["m3"]
    assert to_judge(models.head(1), state[1]) == []


def test_a_ledger_of_an_earlier_form_is_read() -> None:
    old = waiting()[0].drop("approval", "ms_per_home")
    new = in_form(old, DECISION_SCHEMA)
    assert new.columns == list(DECISION_SCHEMA)
    assert new["approval"].null_count() == len(old)


def test_a_floor_of_a_figure_that_is_not_there_is_told() -> None:
    with pytest.raises(PromotionPolicyError, match="asks for mdape, which is no figure"):
        POLICY.require_figures({"n", "coverage_90", "median_ratio"})
    POLICY.require_figures(GOOD)


@given(
    rounds=st.lists(
        st.tuples(st.sampled_from([True, False, None, "promote", "rollback"]), st.booleans()),
        max_size=12,
    )
)
def test_the_ledger_only_grows_and_aliases_follow_it(rounds: list) -> None:
    state = decided(empty(), first("m0"))
    for n, (what, automatic) in enumerate(rounds, start=1):
        before, stood = state[0], held(state)
        if isinstance(what, str):
            try:
                state = act(state, what)
            except BadPromotion:
                continue
        else:
            one = second(f"m{n}", stood["champion"], what)
            state = decided(state, one, AUTOMATIC if automatic else POLICY)
        now = held(state)
        assert state[0].head(before.height).equals(before)
        assert state[0].height <= before.height + 1
        assert len(set(now.values())) == len(now)  # nobody holds two titles
        assert set(state[1]["decision_id"]) <= set(state[0]["decision_id"])
        if now["champion"] != stood["champion"]:
            assert last(state)["model_version"] == now["champion"]
            assert last(state)["approval"] not in (None, "waiting")
            assert now["champion"] in stood.values() or last(state)["approval"] == "automatic"
