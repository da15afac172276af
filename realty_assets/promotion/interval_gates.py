"""Do the candidate's 90% intervals hold what they say, and are they no wider than need be?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.intervals import binomial_interval, covered, winkler
from realty_assets.promotion.evidence import Array, Mask, Pairs, Said
from realty_assets.promotion.gates import Gate
from realty_assets.promotion.policy import Policy

FAMILY = "intervals"


def interval_gates(pairs: Pairs, policy: Policy) -> list[Gate]:
    """Coverage and width, in all and by segment."""
    everyone = [("all", np.ones(len(pairs), dtype=bool))]
    parts = list(_segments(pairs, policy.paired.min_segment_sales))
    gates, alpha = [], policy.paired.alpha
    if (rule := policy.coverage) is not None:
        pooled, segments = (
            (rule.at_least, rule.at_most),
            (rule.segment_at_least, rule.segment_at_most),
        )
        gates += [
            _coverage("coverage of the 90% interval, paired", pairs, everyone, pooled, alpha),
            _coverage("coverage by segment", pairs, parts, segments, alpha),
        ]
    if (width := policy.width) is not None:
        gates += [
            _width("width of the 90% interval", pairs, everyone, width.wider_at_most),
            _width("width by segment", pairs, parts, width.segment_wider_at_most),
        ]
    return gates


def _segments(pairs: Pairs, least: int) -> Iterator[tuple[str, Mask]]:
    return ((name, mask) for name, mask in pairs.segments.items() if mask.sum() >= least)


def _coverage(
    name: str,
    pairs: Pairs,
    parts: list[tuple[str, Mask]],
    span: tuple[float, float],
    alpha: float,
) -> Gate:
    """Fails for a part whose exact interval lies wholly outside `span`, at `alpha` shared by all
    parts (Bonferroni), if the candidate is there also further out than the champion: a model that
    repairs some of a drifted champion's coverage must not be kept out for what it left."""
    low, high = span
    ours, theirs = (_covered(said, pairs.price) for said in (pairs.candidate, pairs.champion))
    off, seen = [], []
    for part, mask in parts:
        n, hits = int(mask.sum()), int(ours[mask].sum())
        ends = binomial_interval(hits, n, 1.0 - 2.0 * alpha / len(parts))
        seen.append((max(low - hits / n, hits / n - high), hits / n, part))
        if ends[1] < low:
            worse = _more_often(theirs[mask] & ~ours[mask], ours[mask] & ~theirs[mask], alpha)
        elif ends[0] > high:
            worse = _more_often(ours[mask] & ~theirs[mask], theirs[mask] & ~ours[mask], alpha)
        else:
            continue
        if worse:
            off.append(f"{part}: {hits / n:.1%} of {n} (champion {theirs[mask].mean():.1%})")
    asked = f"{low:.0%} to {high:.0%}, or no further out than the champion"
    return _gate(name, asked, seen, off)


def _more_often(these: Mask, those: Mask, alpha: float) -> bool:
    """Are there more of `these` sales than of `those` beyond chance? (Exact sign test, McNemar
    1947.)"""
    from scipy.stats import binom

    n, k = int(these.sum() + those.sum()), int(these.sum())
    return n > 0 and float(binom.sf(k - 1, n, 0.5)) <= alpha


def _width(name: str, pairs: Pairs, parts: list[tuple[str, Mask]], margin: float) -> Gate:
    """Fails for a part whose median width has grown by more than `margin`, unless the interval
    score is better all the same: a champion that covers too little is narrow for a bad reason."""
    widths = [_relative_width(said) for said in (pairs.candidate, pairs.champion)]
    scores = [
        winkler(said.lower, said.upper, pairs.price) / pairs.price
        for said in (pairs.candidate, pairs.champion)
    ]
    wide, seen = [], []
    for part, mask in parts:
        ours, theirs = (float(np.median(width[mask])) for width in widths)
        wider = ours / theirs - 1.0
        seen.append((wider, wider, part))
        score, standing = (float(np.mean(np.sort(one[mask]))) for one in scores)
        if wider > margin and score >= standing:
            wide.append(f"{part}: {wider:+.1%}, interval score {score:.3f} against {standing:.3f}")
    asked = f"at most {margin:.0%} wider than the champion's, or a better interval score"
    return _gate(name, asked, seen, wide)


def _gate(name: str, asked: str, seen: list[tuple[float, float, str]], off: list[str]) -> Gate:
    """`seen` has (how far off, figure, part) of every part: the figure of the worst is told; `off`
    says what fails."""
    worst = max(seen, default=None)
    told = "" if worst is None or worst[2] == "all" else worst[2]
    figure = None if worst is None else worst[1]
    return Gate(name, asked, figure, not off, FAMILY, "; ".join(off) or told)


def _covered(said: Said, price: Array) -> npt.NDArray[np.bool_]:
    return covered(said.lower, said.upper, price)


def _relative_width(said: Said) -> Array:
    return (said.upper - said.lower) / said.value
