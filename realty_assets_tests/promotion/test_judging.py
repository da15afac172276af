"""The whole gate: hardly ever fooled by luck, open to real gains, and every part can fail."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from realty_assets.promotion.evidence import Pairs
from realty_assets.promotion.gates import Gate, judge_floors, no_pairs, verdict
from realty_assets.promotion.judging import NOT_TRIED, paired_gates, with_remake
from realty_assets.promotion.model_gates import Machine, model_gates
from realty_assets.promotion.policy import Policy, read_policy
from realty_assets_tests.promotion.replays import replay

POLICY = read_policy()
GOOD = {"n": 500, "mdape": 0.08, "coverage_90": 0.9, "median_ratio": 1.0}
VALUES = np.linspace(2e5, 9e5, 50)
MACHINE = Machine((VALUES * 1.01, VALUES), 4_000_000, 0.2)
FULL = os.environ.get("REALTY_TORTURE") == "full"
# (replays, most or fewest of them) at full length and in every run.
SIZE = {"equal": (200, 15) if FULL else (40, 5), "gain": (200, 120) if FULL else (40, 24)}
HURT = (200, 180) if FULL else (40, 36)


def gates_of(
    pairs: Pairs, policy: Policy = POLICY, machine: Machine = MACHINE, refresh: bool = False
) -> list[Gate]:
    """Everything that the gate asks of a challenger."""
    gates = [
        *judge_floors(policy, GOOD),
        *paired_gates(pairs, policy, refresh),
        *model_gates(machine, policy),
    ]
    return with_remake(gates, policy, "m2", "m1", lambda: (True, "the same"))


def said(pairs: Pairs, **more: Any) -> str:
    return verdict(gates_of(pairs, **more), "m2", "m1")[0]


@pytest.fixture
def promoted(
    record_property: Callable[[str, object], None],
) -> Callable[..., int]:
    """How many of n replays the gate promotes; the share is told beside the proof."""

    def count(n: int, **truth: Any) -> int:
        found = Counter(said(replay(seed, **truth)) for seed in range(n))["promote"]
        record_property(f"share of {n} replays that are promoted", found / n)
        return found

    return count


@pytest.mark.torture
def test_two_equally_good_models_are_hardly_ever_told_apart(promoted: Callable[..., int]) -> None:
    n, most = SIZE["equal"]
    assert promoted(n) <= most


@pytest.mark.torture
def test_a_gain_of_three_percent_is_mostly_promoted(promoted: Callable[..., int]) -> None:
    n, least = SIZE["gain"]
    assert promoted(n, gain=0.03) >= least


@pytest.mark.torture
@pytest.mark.parametrize("gain", [0.05, 0.10])
def test_a_model_that_hurts_one_segment_is_stopped_however_good_it_is(
    gain: float, promoted: Callable[..., int]
) -> None:
    n, least = HURT
    assert n - promoted(n, gain=gain, hurt=0.15) >= least


# A gain that is beyond doubt, and what breaks the gate named all the same.
CLEAR = {"gain": 0.15}
MUTANTS: dict[str, dict[str, Any]] = {
    "gain on paired sales": {"gain": -0.15},
    "segments": {"gain": 0.2, "hurt": 0.5},
    "coverage of the 90% interval, paired": CLEAR | {"width": 0.5},
    "coverage by segment": CLEAR | {"width": 0.5},
    "width of the 90% interval": CLEAR | {"width": 1.6},
    "width by segment": CLEAR | {"width": 1.6},
    "median_ratio": CLEAR | {"bias": 0.2},
    "cod": {"gain": -1.5},
    "prd": CLEAR | {"slope": -0.2},
    "prb": CLEAR | {"slope": -0.2},
    "bias by month": CLEAR | {"bias": 0.12},
}


def test_a_clear_gain_is_promoted_with_all_gates_met() -> None:
    gates = gates_of(replay(1, **CLEAR), refresh=True)
    assert all(gate.passed for gate in gates), [gate for gate in gates if not gate.passed]
    assert verdict(gates, "m2", "m1")[0] == "promote"


@pytest.mark.parametrize("name", MUTANTS)
def test_each_paired_gate_can_fail(name: str) -> None:
    gates = gates_of(replay(1, **MUTANTS[name]))
    assert {gate.name: gate.passed for gate in gates}[name] is False
    decided, reason = verdict(gates, "m2", "m1")
    assert decided == "reject"
    assert name in reason


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("median change of today's values", {"today": (VALUES * 1.3, VALUES)}),
        ("share of today's values that move by over 10%", {"today": (VALUES * 1.3, VALUES)}),
        ("size of the model, MB", {"n_bytes": 300_000_000}),
        ("prediction latency", {"ms_per_home": 50.0}),
    ],
)
def test_each_gate_of_the_model_can_fail(name: str, change: dict[str, Any]) -> None:
    gates = gates_of(replay(1, **CLEAR), machine=replace(MACHINE, **change))
    assert {gate.name: gate.passed for gate in gates}[name] is False
    assert verdict(gates, "m2", "m1")[0] == "reject"


def test_a_market_in_which_nobody_asks_keeps_no_model_out() -> None:
    nobody = replace(MACHINE, today=(np.zeros(0), np.zeros(0)), ms_per_home=None)
    assert said(replay(1, **CLEAR), machine=nobody) == "promote"


def test_every_gate_is_told_also_when_the_first_has_failed() -> None:
    names = [gate.name for gate in gates_of(replay(1, **CLEAR))]
    bad = gates_of(replay(1, gain=-0.3, hurt=0.9, width=0.3, bias=0.3))
    assert [gate.name for gate in bad] == names
    assert len(names) == len(set(names))


def test_what_is_not_asked_is_not_told() -> None:
    off = dict.fromkeys(("refresh", "coverage", "width", "bias", "stability", "size", "latency"))
    policy = POLICY.model_copy(update=off | {"equity": (), "reproducible": False})
    gates = gates_of(replay(1, **CLEAR), policy, refresh=True)
    told = [gate.name for gate in gates if gate.family != "floors"]
    assert told == ["paired sales", "gain on paired sales", "segments"]


def test_a_champion_that_is_no_better_keeps_a_drifted_model_in() -> None:
    """Coverage and bias that a candidate only improves are no reason to keep the worse model."""
    both = replay(1, gain=0.15, width=0.6, champion_width=0.4)
    gates = {gate.name: gate for gate in gates_of(both)}
    assert gates["coverage of the 90% interval, paired"].seen is not None
    assert gates["coverage of the 90% interval, paired"].seen < 0.8
    assert gates["coverage of the 90% interval, paired"].passed
    tilted = replay(1, gain=0.15, slope=-0.2)
    same = replace(tilted, champion=tilted.candidate)
    assert {gate.name: gate.passed for gate in gates_of(same)}["prd"]


def test_a_fresher_model_of_the_same_settings_need_only_be_no_worse() -> None:
    pairs = replay(3, n=6000, gain=0.004)
    assert said(pairs) == "inconclusive"
    assert said(pairs, refresh=True) == "promote"
    assert said(replay(3, n=6000, gain=-0.05), refresh=True) == "reject"
    strict = POLICY.model_copy(update={"refresh": None})
    assert said(pairs, policy=strict, refresh=True) == "inconclusive"


def test_few_sales_and_none_are_inconclusive_and_say_what_would_be_seen() -> None:
    gates = gates_of(replay(1, n=150, gain=0.3))
    decided, reason = verdict(gates, "m2", "m1")
    assert decided == "inconclusive"
    assert "paired sales 150" in reason
    lone = [*judge_floors(POLICY, GOOD), no_pairs("no month of the headline begins")]
    decided, reason = verdict(lone, "m2", "m1")
    assert (decided, "no month of the headline begins" in reason) == ("inconclusive", True)
    _, reason = verdict(gates_of(replay(2)), "m2", "m1")
    assert "would be seen four times in five" in reason


def test_a_model_is_made_again_only_when_all_else_holds() -> None:
    base = [*judge_floors(POLICY, GOOD), *paired_gates(replay(1, **CLEAR), POLICY, False)]
    tried = []

    def remake(passed: bool | None) -> Any:
        def once() -> tuple[bool | None, str]:
            tried.append(passed)
            return passed, "inputs moved on"

        return once

    for passed, decided in ((True, "promote"), (False, "reject"), (None, "inconclusive")):
        gates = with_remake(base, POLICY, "m2", "m1", remake(passed))
        assert verdict(gates, "m2", "m1")[0] == decided
    assert len(tried) == 3
    worse = [*judge_floors(POLICY, GOOD), *paired_gates(replay(1, gain=-0.2), POLICY, False)]
    gates = with_remake(worse, POLICY, "m2", "m1", remake(True))
    assert (gates[-1].note, len(tried)) == (NOT_TRIED, 3)


def test_the_order_of_sales_does_not_matter() -> None:
    pairs = replay(5)
    at = np.random.default_rng(0).permutation(len(pairs))

    def turned(said: Any) -> Any:
        return type(said)(said.value[at], said.lower[at], said.upper[at])

    shuffled = Pairs(
        turned(pairs.candidate),
        turned(pairs.champion),
        pairs.price[at],
        [pairs.months[i] for i in at],
        [pairs.labels[i] for i in at],
        {name: mask[at] for name, mask in pairs.segments.items()},
    )
    for one, other in zip(gates_of(pairs), gates_of(shuffled), strict=True):
        assert (one.name, one.passed, one.note) == (other.name, other.passed, other.note)
        assert one.seen == pytest.approx(other.seen)
