"""Is the candidate better, is it hurt anywhere, or is it at least fresher and no worse?"""

from __future__ import annotations

import numpy as np

from realty_assets.promotion.evidence import Pairs
from realty_assets.promotion.gates import GAIN, REFRESH, Gate
from realty_assets.promotion.pairs import Paired, judge_losses, judge_pairs
from realty_assets.promotion.policy import Policy

FAMILY = "accuracy"


def paired_of(pairs: Pairs, policy: Policy, by_intervals: bool = False) -> Paired:
    """The comparison that accuracy gates read: of errors, or of interval scores."""
    rule = policy.paired
    if by_intervals:
        return judge_losses(
            *pairs.scores,
            pairs.labels,
            pairs.segments,
            alpha=rule.alpha,
            margin=rule.segment_margin,
            min_segment_sales=rule.min_segment_sales,
        )
    return judge_pairs(
        pairs.candidate.value,
        pairs.champion.value,
        pairs.price,
        pairs.labels,
        pairs.segments,
        alpha=rule.alpha,
        margin=rule.segment_margin,
        min_segment_sales=rule.min_segment_sales,
    )


def accuracy_gates(
    paired: Paired,
    policy: Policy,
    refresh: bool,
    with_excluded: float | None = None,
    of: str = "error",
) -> list[Gate]:
    """`refresh` says that the candidate has the champion's own settings and a later cutoff;
    `with_excluded` is the pool's difference with excluded sales in, told beside it; `of` names
    what `paired` compares."""
    rule, pool = policy.paired, paired.pool
    enough = pool.n >= rule.min_sales
    gates = [
        Gate("paired sales", f">= {rule.min_sales}", float(pool.n), enough or None, FAMILY),
        Gate(
            GAIN,
            f"{of} lower than the champion's (one-sided, {rule.alpha:.0%})",
            pool.relative,
            True if paired.better else False if paired.worse else None,
            FAMILY,
            f"{pool.below:+.1%} to {pool.above:+.1%}; a gain of {paired.detectable_gain:.1%} would "
            f"be seen four times in five; {paired.resampled} resampled"
            + ("" if with_excluded is None else f"; with excluded sales {with_excluded:+.1%}"),
        ),
    ]
    if refresh and policy.refresh is not None:
        margin = policy.refresh.margin
        gates.append(
            Gate(
                REFRESH,
                f"shown to be at most {margin:.1%} worse",
                pool.above,
                paired.no_worse_than(margin) or None,
                FAMILY,
                f"{pool.relative:+.1%}, at most {pool.above:+.1%}",
            )
        )
    return [*gates, _segments(paired, policy)]


def _segments(paired: Paired, policy: Policy) -> Gate:
    """No where a segment is hurt beyond chance, all of them looked at; unsure where one is suspect
    by itself: the correction for many segments costs a true harm its power, and a candidate that
    waits for more sales costs little."""
    rule = policy.paired
    worst = max(paired.segments.items(), key=lambda pair: pair[1].relative, default=None)
    suspects = {
        name: seen
        for name, seen in paired.segments.items()
        if seen.p_worse_than(rule.segment_margin) <= rule.segment_doubt
    }
    hurt = {veto.segment: veto.difference for veto in paired.vetoes}
    told = "; ".join(
        f"{name}: {seen.relative:+.1%} on {seen.n} sales "
        f"(p {seen.p_worse_than(rule.segment_margin):.2g})"
        for name, seen in (hurt or suspects).items()
    )
    calm = "" if worst is None else f"{len(paired.segments)} segments; worst {worst[0]}"
    return Gate(
        "segments",
        f"none worse by more than {rule.segment_margin:.0%} (Holm, {rule.alpha:.0%})",
        None if worst is None else worst[1].relative,
        False if hurt else None if suspects else True,
        FAMILY,
        told or calm,
    )


def same_values_gate(pairs: Pairs) -> Gate:
    """A recalibration may change no value: exact, nothing is left to chance."""
    n_others = int(np.count_nonzero(pairs.candidate.value != pairs.champion.value))
    return Gate("values are the champion's", "0 others", float(n_others), not n_others, FAMILY)
