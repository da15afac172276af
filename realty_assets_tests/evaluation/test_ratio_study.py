"""The IAAO statistics: worked examples, known values, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.evaluation import ratio_study as rs
from realty_assets.evaluation.bootstrap import bootstrap_intervals

SEEDS = st.integers(0, 10_000)


def market(seed: int, n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    price = np.exp(random.normal(12.5, 0.5, n))
    return price * np.exp(random.normal(0, 0.1, n)), price


def test_worked_examples() -> None:
    price = np.array([100.0, 100.0, 100.0, 200.0, 200.0])
    prediction = np.array([80.0, 90.0, 100.0, 220.0, 240.0])
    assert rs.median_ratio(prediction, price) == pytest.approx(1.0)
    # mean abs deviation from 1.0 of .8 .9 1 1.1 1.2
    assert rs.cod(prediction, price) == pytest.approx(12.0)
    assert rs.prd(prediction, price) == pytest.approx(1.0 / (730 / 700))


def test_prb_is_the_change_of_the_ratio_when_value_doubles() -> None:
    value = 100_000.0 * 2.0 ** np.linspace(0, 3, 61)
    slope = 0.04
    ratio = 1.0 + slope * (np.log2(value) - np.log2(value).mean())
    # With s = v and p = r v the proxy is close to v for ratios close to 1.
    assert rs.prb(ratio * value, value) == pytest.approx(slope, abs=0.003)
    assert rs.prb(value, value) == pytest.approx(0.0)


def test_mki_is_one_when_values_follow_prices_and_less_when_they_are_flat() -> None:
    price = np.arange(1, 41) * 10_000.0
    assert rs.mki(price * 1.1, price) == pytest.approx(1.0)
    assert rs.mki(price**0.5, price) < 0.95
    assert rs.mki(price**1.5, price) > 1.05


def test_vei_is_negative_when_dear_homes_are_undervalued() -> None:
    price = np.linspace(100_000, 1_000_000, 200)
    regressive = price * np.linspace(1.1, 0.9, 200)
    assert rs.vei(regressive, price) < -10
    assert rs.vei(price * np.linspace(0.9, 1.1, 200), price) > 10
    assert np.isnan(rs.vei(price[:19], price[:19]))


def test_vei_compares_the_outer_groups_that_its_n_calls_for() -> None:
    price = np.arange(1, 41, dtype=float) * 1000  # n 40: two halves
    ratio = np.where(np.arange(40) < 20, 1.1, 0.9)
    got = rs.vei(price * ratio, price)
    assert got == pytest.approx(100 * (0.9 - 1.1) / 1.0)


@given(SEEDS, st.floats(0.1, 10))
def test_scale_of_money_does_not_matter(seed, scale) -> None:
    prediction, price = market(seed)
    for statistic in (rs.median_ratio, rs.cod, rs.prd, rs.prb, rs.mki, rs.vei):
        assert statistic(prediction * scale, price * scale) == pytest.approx(
            statistic(prediction, price), rel=1e-6, abs=1e-6
        )


@given(SEEDS)
def test_order_of_rows_does_not_matter_to_the_last_bit(seed) -> None:
    prediction, price = market(seed)
    price = np.maximum(np.round(price, -5), 50_000.0)  # ties
    order = np.random.default_rng(seed + 1).permutation(len(price))
    for statistic in (rs.median_ratio, rs.cod, rs.prd, rs.prb, rs.mki, rs.vei):
        assert statistic(prediction[order], price[order]) == statistic(prediction, price)


@given(SEEDS, st.floats(0.5, 2))
def test_uniformity_does_not_depend_on_the_level_of_values(seed, level) -> None:
    prediction, price = market(seed)
    for statistic in (rs.cod, rs.prd, rs.prb, rs.vei):
        assert statistic(prediction * level, price) == pytest.approx(
            statistic(prediction, price), rel=1e-6, abs=1e-6
        )


def test_under_thirty_sales_there_is_no_figure() -> None:
    prediction, price = market(1, 29)
    study = rs.ratio_study(prediction, price, n_draws=10)
    assert {s.note for s in study.values()} == {"n too small"}
    assert all(s.value is None and s.low is None for s in study.values())
    assert rs.ratio_study(*market(1, 30), n_draws=10)["cod"].value is not None


def test_intervals_are_seeded_and_hold_the_figure() -> None:
    prediction, price = market(3, 300)
    study = rs.ratio_study(prediction, price, n_draws=200)
    assert study == rs.ratio_study(prediction[::-1], price[::-1], n_draws=200)
    assert study != rs.ratio_study(prediction, price, n_draws=200, seed=8)
    for one in study.values():
        assert one.low < one.value < one.high


def test_an_interval_covers_about_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(60):
        prediction, price = market(seed, 100)
        ratio = prediction / price
        ((low, high),) = bootstrap_intervals(
            lambda rows, r=ratio: [np.median(r[rows], axis=-1)], 100, seed=1, n_draws=150, level=0.9
        )
        hits += low <= 1.0 <= high
    assert 45 <= hits <= 60


def test_trimming_leaves_out_what_lies_beyond_three_iqr() -> None:
    prediction, price = market(5, 200)
    prediction[:4] *= 20
    assert rs.untrimmed_rows(prediction, price).sum() == 196
    assert rs.ratio_study(prediction, price, trim=True, n_draws=20)["cod"].n == 196
