"""The whole gate: everything that is known of a candidate, in; every requirement, answered, out."""

from __future__ import annotations

from collections.abc import Callable

from realty_assets.promotion.accuracy_gates import accuracy_gates, paired_of, same_values_gate
from realty_assets.promotion.evidence import Pairs
from realty_assets.promotion.gates import Gate, Verdict, verdict
from realty_assets.promotion.interval_gates import interval_gates
from realty_assets.promotion.model_gates import reproducible_gate
from realty_assets.promotion.policy import Policy
from realty_assets.promotion.ratio_gates import ratio_gates

# Trains the candidate again: (whether it came out the same or None, a note).
Remake = Callable[[], tuple[bool | None, str]]
NOT_TRIED = "not tried: the other gates do not promote"


def paired_gates(
    pairs: Pairs, policy: Policy, refresh: bool, by_intervals: bool = False
) -> list[Gate]:
    """The gates of sales that both models valued; `refresh` as in `accuracy_gates`. `by_intervals`:
    the candidate is the champion with other intervals; so its interval score must be the better."""
    paired = paired_of(pairs, policy, by_intervals)
    if by_intervals:
        accuracy = accuracy_gates(paired, policy, refresh, of="interval score")
        accuracy = [same_values_gate(pairs), *accuracy]
    else:
        accuracy = accuracy_gates(paired, policy, refresh, pairs.with_excluded)
    return [
        *accuracy,
        *interval_gates(pairs, policy),
        *ratio_gates(pairs, policy),
    ]


def with_remake(
    gates: list[Gate], policy: Policy, version: str, champion: str, remake: Remake
) -> list[Gate]:
    """`gates` and whether the model can be remade; tried only where it would be the last word, for
    it costs a training."""
    if not policy.reproducible:
        return gates
    said: Verdict = verdict(gates, version, champion)[0]
    if said != "promote":
        return [*gates, reproducible_gate(None, NOT_TRIED)]
    return [*gates, reproducible_gate(*remake())]
