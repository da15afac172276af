"""Interval measures: worked examples, exact bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.evaluation.bootstrap import bootstrap_intervals
from realty_assets.evaluation.intervals import binomial_interval, interval_quality, winkler


def test_a_worked_example() -> None:
    price = np.array([100.0, 100.0, 100.0, 100.0])
    prediction = np.array([100.0, 110.0, 90.0, 200.0])
    low, high = prediction * 0.9, prediction * 1.1
    got = interval_quality(prediction, low, high, price)
    assert got.coverage == 0.5  # 99 to 121 holds 100; 81 to 99 does not
    assert got.median_width_ratio == pytest.approx(0.2)
    scores = [20, 22, 18 + 20 * 1, 40 + 20 * 80]
    expected = np.mean(np.array(scores) / prediction)
    assert got.winkler_ratio == pytest.approx(expected)


def test_clopper_pearson_by_its_textbook_values() -> None:
    assert binomial_interval(0, 10) == (0.0, pytest.approx(0.3085, abs=1e-4))
    assert binomial_interval(10, 10) == (pytest.approx(0.6915, abs=1e-4), 1.0)
    low, high = binomial_interval(90, 100)
    assert (low, high) == (pytest.approx(0.8238, abs=1e-4), pytest.approx(0.9510, abs=1e-4))
    with pytest.raises(ValueError, match="11 hits of 10"):
        binomial_interval(11, 10)


@given(st.integers(1, 500), st.data())
def test_the_exact_interval_holds_the_share_and_mirrors(n, data) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = binomial_interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    other = binomial_interval(n - hits, n)
    assert (1 - other[1], 1 - other[0]) == (pytest.approx(low), pytest.approx(high))


@given(st.integers(0, 1000))
def test_no_other_interval_beats_the_true_quantiles_on_winkler(seed) -> None:
    draws = np.random.default_rng(seed).normal(300, 40, 4000)
    low, high = np.quantile(draws, [0.05, 0.95])
    best = winkler(np.full(4000, low), np.full(4000, high), draws).mean()
    for shift in (-15, 15):
        for stretch in (-15, 15):
            other = winkler(
                np.full(4000, low + shift - stretch), np.full(4000, high + shift + stretch), draws
            ).mean()
            assert best < other


def test_an_interval_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="lower end lies above"):
        interval_quality([1.0], [2.0], [1.0], [1.0])


def test_the_bootstrap_says_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="nothing to resample"):
        bootstrap_intervals(lambda rows: [np.zeros(len(rows))], 0, seed=1)
    with pytest.raises(ValueError, match="level"):
        bootstrap_intervals(lambda rows: [np.zeros(len(rows))], 3, seed=1, level=1.0)
    assert np.isnan(
        bootstrap_intervals(lambda rows: [np.full(len(rows), np.nan)], 3, seed=1, n_draws=5)[0][0]
    )
