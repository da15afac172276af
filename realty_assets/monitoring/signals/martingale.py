"""Conformal test martingales: a bet against sales being exchangeable, step by step.

Each sale's score is ranked among all scores up to it; the rank, its ties broken at random, is its
conformal p value. While sales are exchangeable these are independent and uniform (Vovk, Gammerman
and Shafer 2005, chapter 7), so whoever bets on them wins nothing on average: the capital is a
martingale that starts at 1, and it ever reaches 1/alpha with a probability of at most alpha (Ville
1939), however long it is watched and as often as it is looked at.

The bet is the simple jumper's (Vovk, Petej, Nouretdinov, Ahlberg, Carlsson and Gammerman 2021,
Retrain or not retrain: conformal test martingales for change-point detection): 1 + e (p - 1/2) for
e in -1, 0, 1, with a share of the capital moved between the three before each step. Several
shares are mixed; a mixture of martingales over the same p values is one.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BETS = np.array([-1.0, 0.0, 1.0])
JUMPS = np.array([0.001, 0.01, 0.1])


def uniform(name: str) -> float:
    """A number in [0, 1) that only `name` decides: what breaks ties, the same at every run."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2.0**64


def p_values(bag: Sequence[float], scores: Iterable[float], ties: Iterable[float]) -> Array:
    """Conformal p values (n,) of `scores` in their order, each ranked among `bag` (in any order),
    those before it and itself; `ties` (n,) are uniform numbers. Small: a high score."""
    ordered = sorted(bag)
    told = []
    for score, tie in zip(scores, ties, strict=True):
        bisect.insort(ordered, score)
        first, behind = bisect.bisect_left(ordered, score), bisect.bisect_right(ordered, score)
        n = len(ordered)
        told.append((n - behind + tie * (behind - first)) / n)
    return np.array(told, dtype=np.float64)


def log10_capital(p: npt.ArrayLike) -> Array:
    """log10 of the mixed jumpers' capital (n,) after each of the p values (n,) in their order.

    What a step says depends on no later one: more p values extend it.
    """
    capital = np.full((len(JUMPS), len(BETS)), 1.0 / len(BETS))
    moved = JUMPS[:, None]
    log_scale, told = 0.0, []
    for value in np.asarray(p, dtype=np.float64):
        whole = capital.sum(axis=1, keepdims=True)
        capital = ((1.0 - moved) * capital + moved / len(BETS) * whole) * (
            1.0 + BETS * (value - 0.5)
        )
        size = float(capital.sum()) / len(JUMPS)
        capital /= size  # kept near one, so that a long stream neither under- nor overflows
        log_scale += np.log10(size)
        told.append(log_scale)
    return np.array(told, dtype=np.float64)


def log10_evidence(signed: npt.ArrayLike, sized: npt.ArrayLike) -> Array:
    """log10 of what the better of two martingales (p values (n,) each) has reached so far, halved
    for there being two: it ever reaches log10(1/alpha) with a probability of at most alpha,
    whatever the two have to do with each other (the union bound). Never below 0."""
    both = np.maximum(log10_capital(signed), log10_capital(sized))
    return np.maximum(np.maximum.accumulate(both) - np.log10(2.0), 0.0) if len(both) else both
