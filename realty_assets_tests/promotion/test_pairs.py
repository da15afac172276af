"""The paired comparison promotes hardly ever by luck, sees real gains, and hears a hurt segment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.promotion.pairs import Difference, Paired, judge_pairs, vetoes

N, AREAS, MONTHS = 1000, 20, 3
# What two boosters of one kind leave between their errors, sale by sale, log points.
ERROR, APART = 0.10, 0.04


def replay(seed: int, gain: float = 0.0, hurt: float = 0.0) -> Paired:
    """A thousand sales valued by two models whose errors share most of their luck; the challenger's
    are smaller by `gain`, in one segment of 200 sales larger by `hurt`."""
    random = np.random.default_rng(seed)
    area, month = random.integers(0, AREAS, N), random.integers(0, MONTHS, N)
    shared = random.normal(0.0, ERROR * 1.1, N) + random.normal(0, 0.01, AREAS)[area]
    own = [random.normal(0.0, APART / 2**0.5, N) for _ in range(2)]
    log_price = random.normal(12.7, 0.5, N)
    segments = {f"quarter {q}": np.arange(N) % 4 == q for q in range(4)}
    segments |= {f"type {t}": (np.arange(N) // 4) % 3 == t for t in range(3)}
    segments["new build"] = area < AREAS // 5
    scale = np.where(segments["new build"], 1.0 - gain + hurt, 1.0 - gain)
    labels = [f"{m}|{a}" for m, a in zip(month, area, strict=True)]
    return judge_pairs(
        np.exp(log_price + scale * (shared + own[0])),
        np.exp(log_price + shared + own[1]),
        np.exp(log_price),
        labels,
        segments,
        alpha=0.05,
        margin=0.02,
        min_segment_sales=30,
        seed=seed,
    )


def promoted(seen: Paired) -> bool:
    return seen.better and not seen.vetoes


def test_two_equally_good_models_are_hardly_ever_told_apart() -> None:
    assert sum(promoted(replay(seed)) for seed in range(200)) <= 15


def test_a_gain_of_three_percent_is_mostly_seen() -> None:
    seen = [replay(seed, gain=0.03) for seed in range(100)]
    assert sum(map(promoted, seen)) >= 60
    assert 0.02 < np.median([one.detectable_gain for one in seen]) < 0.05


def test_a_segment_that_is_hurt_is_heard() -> None:
    heard = 0
    for seed in range(100):
        seen = replay(seed, gain=0.05, hurt=0.20)
        heard += any(veto.segment == "new build" for veto in seen.vetoes)
    assert heard >= 90


def test_a_model_against_itself_is_neither_better_nor_worse() -> None:
    price = np.linspace(1e5, 9e5, 200)
    value = price * 1.05
    seen = judge_pairs(
        value, value, price, ["a"] * 200, {}, alpha=0.05, margin=0.02, min_segment_sales=30
    )
    assert (seen.better, seen.worse, seen.pool.relative, seen.resampled) == (
        False,
        False,
        0,
        "sales",
    )
    assert seen.no_worse_than(0.01)


@given(st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    random = np.random.default_rng(seed)
    price = np.exp(random.normal(12, 0.4, 90))
    a, b = (price * np.exp(random.normal(0, 0.1, 90)) for _ in range(2))
    labels, inside = random.integers(0, 30, 90), random.random(90) < 0.6

    def judged(at: np.ndarray) -> Paired:
        return judge_pairs(
            *(a[at], b[at], price[at], labels[at].tolist(), {"some": inside[at]}),
            alpha=0.05,
            margin=0.02,
            min_segment_sales=20,
        )

    assert judged(np.arange(90)) == judged(random.permutation(90))


def test_holm_stops_at_the_first_that_does_not_hold() -> None:
    def worse_by(z: float) -> Difference:
        return Difference(100, 0.1, 0.02 + 0.01 * z, 0.01, 0.0, 0.0)

    # Of three at 5% together: 0.0167, 0.025, 0.05; the second fails, so the third is not asked.
    seen = {"clear": worse_by(2.5), "near": worse_by(1.9), "also near": worse_by(1.7)}
    assert [veto.segment for veto in vetoes(seen, 0.05, 0.02)] == ["clear"]
    assert vetoes({"calm": worse_by(0.0)}, 0.05, 0.02) == ()


def test_small_segments_are_left_out_and_wrong_lengths_refused() -> None:
    price = np.full(60, 1e5)
    few = {"few": np.arange(60) < 10}
    kept = {"alpha": 0.05, "margin": 0.02, "min_segment_sales": 30}
    assert judge_pairs(price, price * 1.1, price, list(range(60)), few, **kept).segments == {}
    with pytest.raises(ValueError, match="59 block labels for 60 sales"):
        judge_pairs(price, price, price, list(range(59)), {}, **kept)
