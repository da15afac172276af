"""Ratio statistics and bias by month as constraints: a gain must not be paid by unequal values.

What is statistically right here: a constraint is not a hypothesis that the candidate must prove, or
no small market could ever promote; it fails only when the data speak against it. So a figure fails
when its whole interval lies outside the acceptable range, and when on the very same resamples it is
further out than the champion's beyond chance. Without the second half two equal models in a market
whose PRD is out by nature would be kept apart by a coin; with a plain "larger than" they would too.
Both halves are one-sided at alpha, blocks of month x area resampled for both models at once.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from realty_assets.evaluation.acceptable import ACCEPTABLE
from realty_assets.evaluation.paired import MIN_DRAWS, PairedRows, paired_rows
from realty_assets.evaluation.resampling import Resamples, ratio_draws
from realty_assets.promotion.evidence import Array, Pairs
from realty_assets.promotion.gates import Gate
from realty_assets.promotion.policy import Policy

FAMILY = "equity"
# A COD under 5 hints at values set after the sale; out-of-time values are set before it.
SPANS = {**ACCEPTABLE, "cod": (0.0, ACCEPTABLE["cod"][1])}
_NORMAL = NormalDist()


def ratio_gates(pairs: Pairs, policy: Policy, seed: int = 7) -> list[Gate]:
    """A gate for each ratio statistic of the policy, and one for the bias of the months."""
    rows = paired_rows(pairs.candidate.value, pairs.champion.value, pairs.price, pairs.labels)
    resamples = Resamples(rows.blocks, MIN_DRAWS, seed)
    gates = []
    if policy.equity:
        ours, theirs = (_draws(resamples, p, rows.price) for p in (rows.a, rows.b))
        gates = [
            _statistic(name, ours[name], theirs[name], policy.paired.alpha)
            for name in policy.equity
        ]
    if policy.bias is not None:
        gates.append(_bias(pairs, rows, resamples, policy))
    return gates


def _draws(resamples: Resamples, p: Array, s: Array) -> dict[str, Array]:
    """Each statistic's figure of the sales as they are, then of every resample: (1 + d,)."""
    once = Resamples(np.zeros(len(p), dtype=np.int64), 1)
    parts = []
    for one in (once, resamples):
        middle, cod, prb = ratio_draws(one, p, s, True)
        mean = one.means(np.column_stack([p / s, p, s]))
        prd = mean[:, 0] / (mean[:, 1] / mean[:, 2])
        parts.append({"median_ratio": middle, "cod": cod, "prd": prd, "prb": prb})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _statistic(name: str, ours: Array, theirs: Array, alpha: float) -> Gate:
    low, high = SPANS[name]
    usable = np.isfinite(ours[1:]) & np.isfinite(theirs[1:])
    if not usable.any():
        # PRB has no value where the proxy of value does not vary: there is nothing to be unequal.
        return Gate(name, f"{low:g} to {high:g}", None, True, FAMILY, "no value on these sales")
    drawn, standing = ours[1:][usable], theirs[1:][usable]
    below, above = np.quantile(drawn, [alpha, 1.0 - alpha])
    further = np.quantile(_outside(drawn, low, high) - _outside(standing, low, high), alpha)
    return Gate(
        name,
        f"{low:g} to {high:g}, or no further out than the champion",
        float(ours[0]),
        not ((above < low or below > high) and further > 0.0),
        FAMILY,
        f"{below:.3g} to {above:.3g}; champion {theirs[0]:.3g}",
    )


def _outside(drawn: Array, low: float, high: float) -> Array:
    return np.maximum(np.maximum(low - drawn, drawn - high), 0.0)


def _bias(pairs: Pairs, rows: PairedRows, resamples: Resamples, policy: Policy) -> Gate:
    """The mean log ratio of every month with enough sales, all of them together at alpha."""
    assert policy.bias is not None
    limit, alpha = policy.bias.at_most, policy.paired.alpha
    months = np.array(pairs.months)[rows.order]
    masks = {
        str(month): (months == month).astype(np.float64)
        for month in sorted(set(pairs.months))
        if (months == month).sum() >= policy.paired.min_segment_sales
    }
    off, seen = [], []
    ratios = np.log(np.column_stack([rows.a, rows.b]) / rows.price[:, None])
    for month, inside in masks.items():
        drawn = resamples.means(np.column_stack([ratios * inside[:, None], inside]))
        drawn = drawn[drawn[:, 2] > 0.0]
        bias = drawn[:, :2] / drawn[:, 2:]
        ours, theirs = (float(np.add.reduce(x * inside) / inside.sum()) for x in ratios.T)
        seen.append((abs(ours), ours, month))
        error = float(np.std(bias[:, 0]))
        z = (abs(ours) - limit) / error if error > 0.0 else np.inf * np.sign(abs(ours) - limit)
        further = np.quantile(np.abs(bias[:, 0]) - np.abs(bias[:, 1]), alpha)
        if z > _NORMAL.inv_cdf(1.0 - alpha / len(masks)) and further > 0.0:
            off.append(f"{month}: {ours:+.1%} (champion {theirs:+.1%})")
    worst = max(seen, default=None)
    return Gate(
        "bias by month",
        f"within {limit:.0%}, or no further out than the champion",
        None if worst is None else worst[1],
        not off,
        FAMILY,
        "; ".join(off) or ("" if worst is None else f"{len(seen)} months; worst {worst[2]}"),
    )
