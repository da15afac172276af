"""The paired comparison promotes hardly ever by luck, sees real gains, and hears a hurt segment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.promotion.pairs import Difference, Paired, judge_pairs, vetoes
from realty_assets_tests.promotion.replays import replay


def judged(seed: int, **truth: float) -> Paired:
    """Two models of known truth, compared."""
    pairs = replay(seed, **truth)
    return judge_pairs(
        pairs.candidate.value,
        pairs.champion.value,
        pairs.price,
        pairs.labels,
        pairs.segments,
        alpha=0.05,
        margin=0.02,
        min_segment_sales=100,
        seed=seed,
    )


def promoted(seen: Paired) -> bool:
    return seen.better and not seen.vetoes


def test_two_equally_good_models_are_hardly_ever_told_apart() -> None:
    assert sum(promoted(judged(seed)) for seed in range(200)) <= 15


def test_a_gain_of_three_percent_is_mostly_seen() -> None:
    seen = [judged(seed, gain=0.03) for seed in range(100)]
    assert sum(map(promoted, seen)) >= 60
    assert 0.02 < np.median([one.detectable_gain for one in seen]) < 0.05


def test_a_segment_that_is_hurt_is_heard() -> None:
    heard = 0
    for seed in range(100):
        seen = judged(seed, gain=0.05, hurt=0.15)
        heard += any(veto.segment == "new build: new build" for veto in seen.vetoes)
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

    def turned(at: np.ndarray) -> Paired:
        return judge_pairs(
            *(a[at], b[at], price[at], labels[at].tolist(), {"some": inside[at]}),
            alpha=0.05,
            margin=0.02,
            min_segment_sales=20,
        )

    assert turned(np.arange(90)) == turned(random.permutation(90))


def test_a_segment_in_few_blocks_is_no_surer_than_its_sales() -> None:
    """An area has one block a month: of three of them, two may agree by luck."""
    pairs = replay(1)
    segments = {"one area": np.array([label.endswith("|3") for label in pairs.labels])}
    seen = judge_pairs(
        pairs.candidate.value,
        pairs.champion.value,
        pairs.price,
        pairs.labels,
        segments,
        alpha=0.05,
        margin=0.02,
        min_segment_sales=30,
    ).segments["one area"]
    inside = segments["one area"]
    off = np.abs(np.log(pairs.champion.value / pairs.price))[inside]
    change = np.abs(np.log(pairs.candidate.value / pairs.price))[inside] - off
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(off), (4000, len(off)))
    by_sales = np.std(change[drawn].sum(axis=1) / off[drawn].sum(axis=1))
    assert seen.error > 0.95 * by_sales


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
