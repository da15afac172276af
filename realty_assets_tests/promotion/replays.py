"""Pairs of models whose truth is known: what the gate is replayed on."""

from __future__ import annotations

import numpy as np

from realty_assets.promotion.evidence import Array, Pairs, Said

N, AREAS, MONTHS = 1000, 20, 3
# What two boosters of one kind leave between their errors, sale by sale, log points.
ERROR, APART = 0.10, 0.04
NOMINAL_90 = 1.645


def replay(
    seed: int,
    *,
    n: int = N,
    gain: float = 0.0,
    hurt: float = 0.0,
    bias: float = 0.0,
    width: float = 1.0,
    champion_width: float = 1.0,
    slope: float = 0.0,
) -> Pairs:
    """`n` sales valued by two models whose errors share most of their luck. The candidate's errors
    are smaller by `gain`, in one segment of 200 sales (on average) larger by `hurt`; its level is
    off by `bias` (log), `slope` times the log price above the mean; intervals are `width` times the
    right one."""
    random = np.random.default_rng(seed)
    area, month = random.integers(0, AREAS, n), random.integers(0, MONTHS, n)
    shared = random.normal(0.0, ERROR * 1.1, n) + random.normal(0, 0.01, AREAS)[area]
    own = [random.normal(0.0, APART / 2**0.5, n) for _ in range(2)]
    log_price = random.normal(12.7, 0.5, n)
    segments = {f"predicted price quartile: {q}": np.arange(n) % 4 == q for q in range(4)}
    segments |= {f"property type: {t}": (np.arange(n) // 4) % 3 == t for t in range(3)}
    segments |= {f"area: {a}": area == a for a in range(AREAS)}
    segments |= {f"month: {m}": month == m for m in range(MONTHS)}
    new = random.permutation(n) < 200
    segments |= {"new build: new build": new, "new build: older": ~new}
    scale = np.where(new & (hurt > 0.0), 1.0 + hurt, 1.0 - gain)
    tilt = bias + slope * (log_price - 12.7)
    off = [scale * (shared + own[0]) + tilt, shared + own[1]]
    right = NOMINAL_90 * float(np.std(shared + own[0]))
    return Pairs(
        _said(log_price + off[0], right * width),
        _said(log_price + off[1], right * champion_width),
        np.exp(log_price),
        [str(m) for m in month],
        [f"{m}|{a}" for m, a in zip(month, area, strict=True)],
        segments,
    )


def _said(log_value: Array, half: float) -> Said:
    return Said(np.exp(log_value), np.exp(log_value - half), np.exp(log_value + half))
