"""Two predictions of the same sales: what a comparison may and may not find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.evaluation.paired import MIN_DRAWS, compare
from realty_assets.evaluation.resampling import month_area


def market(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    luck = np.random.default_rng(seed)
    price = np.exp(luck.normal(12.5, 0.5, n))
    labels = month_area(luck.integers(0, 3, n).tolist(), luck.integers(0, 12, n).tolist())
    shared = luck.normal(0, 0.08, n)
    a = price * np.exp(shared + luck.normal(0, 0.05, n))
    b = price * np.exp(shared + luck.normal(0, 0.05, n))
    return a, b, price, labels


def test_a_worked_example() -> None:
    price = np.full(4, 100.0)
    a, b = np.array([110.0, 90.0, 100.0, 100.0]), np.array([120.0, 80.0, 110.0, 100.0])
    got = compare(a, b, price, ["x", "x", "y", "y"])
    mean_a = (np.log(1.1) - np.log(0.9)) / 4
    mean_b = (np.log(1.2) - np.log(0.8) + np.log(1.1)) / 4
    assert got.error_a == pytest.approx(mean_a)
    assert got.error_b == pytest.approx(mean_b)
    assert got.error_difference == pytest.approx(mean_a - mean_b)
    assert (got.mdape_a, got.mdape_b) == (pytest.approx(0.05), pytest.approx(0.15))
    assert "fewer than" in got.note


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=15)
def test_a_model_against_itself_shows_no_difference(seed) -> None:
    a, _, price, labels = market(seed, 80)
    got = compare(a, a, price, labels)
    assert got.error_difference == got.mdape_difference == 0.0
    assert got.error_difference_low == got.error_difference_high == 0.0
    assert got.verdict == "no difference shown"


def test_two_models_of_equal_error_are_told_apart_no_more_often_than_stated() -> None:
    told = sum(
        compare(*market(seed, 200), level=0.9).verdict != "no difference shown"
        for seed in range(60)
    )
    # 10% by chance; 60 trials give 1 to 13 with 99.5%.
    assert told <= 13


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=10)
def test_the_order_of_rows_does_not_matter(seed) -> None:
    a, b, price, labels = market(seed, 90)
    order = np.random.default_rng(seed + 1).permutation(90)
    shuffled = compare(a[order], b[order], price[order], [labels[i] for i in order])
    assert shuffled == compare(a, b, price, labels)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=10)
def test_changing_sides_changes_signs(seed) -> None:
    a, b, price, labels = market(seed, 90)
    one, other = compare(a, b, price, labels), compare(b, a, price, labels)
    assert one.error_difference == pytest.approx(-other.error_difference)
    assert one.error_difference_low == pytest.approx(-other.error_difference_high, abs=1e-3)


def test_a_clearly_better_model_is_found_and_one_sided_bounds_lie_inside() -> None:
    a, b, price, labels = market(5, 1500)
    worse = price * (b / price) ** 1.3
    got = compare(a, worse, price, labels)
    assert got.verdict == "better"
    assert got.error_difference_low < got.error_difference_below < got.error_difference
    assert got.error_difference < got.error_difference_above < got.error_difference_high < 0
    assert compare(worse, a, price, labels).verdict == "worse"
    assert got.n_draws >= MIN_DRAWS
    assert got.n_blocks == len(set(labels))


def test_what_cannot_be_compared_is_refused() -> None:
    a, b, price, labels = market(1, 40)
    with pytest.raises(ValueError, match="at least 2000 draws"):
        compare(a, b, price, labels, n_draws=100)
    with pytest.raises(ValueError, match="labels for"):
        compare(a, b, price, labels[:-1])
    with pytest.raises(ValueError, match="shape"):
        compare(a[:-1], b, price, labels)
