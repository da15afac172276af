"""Point accuracy: worked examples, and what must not change it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from realty_assets.evaluation.metrics import mdape, point_accuracy, point_intervals, ppe, r_squared

PRICES = hnp.arrays(
    np.float64, st.integers(2, 60), elements=st.floats(10_000, 5_000_000, allow_nan=False)
)


def test_a_worked_example() -> None:
    price = np.array([100.0, 200.0, 300.0, 400.0])
    prediction = np.array([104.0, 180.0, 300.0, 500.0])  # off by 4%, 10%, 0%, 25%
    got = point_accuracy(prediction, price)
    assert got.n == 4
    assert got.mdape == pytest.approx(0.07)
    assert (got.ppe5, got.ppe10, got.ppe20) == (0.5, 0.75, 0.75)
    assert got.mae_usd == pytest.approx((4 + 20 + 0 + 100) / 4)
    assert got.r2 == pytest.approx(1 - (16 + 400 + 10_000) / 50_000)


def test_the_mean_price_explains_nothing() -> None:
    price = np.array([100.0, 200.0, 300.0])
    assert r_squared(np.full(3, 200.0), price) == pytest.approx(0.0)
    assert r_squared(price, price) == 1.0


@given(PRICES, st.floats(0.01, 100), st.randoms())
def test_neither_scale_nor_order_of_rows_matters(price, scale, shuffler) -> None:
    prediction = price * np.linspace(0.8, 1.3, len(price))
    order = list(range(len(price)))
    shuffler.shuffle(order)
    plain = point_accuracy(prediction, price)
    assert point_accuracy(prediction[order], price[order]) == plain
    scaled = point_accuracy(prediction * scale, price * scale)
    assert scaled.mdape == pytest.approx(plain.mdape)
    assert scaled.mae_usd == pytest.approx(plain.mae_usd * scale)
    if np.ptp(price) > 1.0:
        assert scaled.r2 == pytest.approx(plain.r2, abs=1e-6)


def test_intervals_hold_the_figure_narrow_with_more_sales_and_do_not_see_the_order_of_rows() -> (
    None
):
    luck = np.random.default_rng(1)
    price = np.exp(luck.normal(12.5, 0.4, 3_000))
    prediction = price * np.exp(luck.normal(0.01, 0.1, 3_000))
    figures = point_accuracy(prediction, price).as_dict()
    all_of_them = point_intervals(prediction, price, seed=7, n_draws=200)
    tenth = point_intervals(prediction[:300], price[:300], seed=7, n_draws=200)
    assert set(all_of_them) == set(figures) - {"n"}
    for name, (low, high) in all_of_them.items():
        assert low < figures[name] < high, name
        assert high - low < tenth[name][1] - tenth[name][0], name
    order = luck.permutation(3_000)
    again = point_intervals(prediction[order], price[order], seed=7, n_draws=200)
    assert again == all_of_them


@given(PRICES, st.floats(0.0, 0.5))
def test_ppe_and_mdape_agree(price, off) -> None:
    prediction = price * (1 + off)
    assert mdape(prediction, price) == pytest.approx(off, abs=1e-9)
    assert ppe(prediction, price, off + 1e-6) == 1.0


@pytest.mark.parametrize(
    ("prediction", "price", "says"),
    [
        ([], [], "no sales"),
        ([1.0], [1.0, 2.0], "shape"),
        ([np.nan], [1.0], "finite and positive"),
        ([1.0], [0.0], "finite and positive"),
    ],
)
def test_arrays_that_cannot_be_measured_are_refused(prediction, price, says) -> None:
    with pytest.raises(ValueError, match=says):
        point_accuracy(prediction, price)
