"""The interval: right on average, wide where errors are, and shrunk where a bin is small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from realty_assets.modeling.conformal import ERROR_INPUTS, calibrate, level_shift
from realty_assets.modeling.settings import ModelSettings, NotEnoughSales

SETTINGS = ModelSettings()


def sample(n: int, seed: int, skew: float = 0.0):
    """Rows whose errors grow with comps_spread; `skew` makes the upper tail longer."""
    random = np.random.default_rng(seed)
    spread = random.uniform(0.05, 0.4, n)
    value = random.normal(12.5, 0.5, n)
    noise = random.normal(0, 1, n)
    noise = np.where(noise > 0, noise * (1 + skew), noise)
    rows = pl.DataFrame({name: np.full(n, np.nan) for name in ERROR_INPUTS}).with_columns(
        comps_spread=spread, comps_log_value=value, index_log=pl.lit(0.0)
    )
    return rows, value, np.zeros(n), value + noise * spread


def fitted(n: int = 3000, seed: int = 1, skew: float = 0.0, **settings):
    rows, value, spread, price = sample(n, seed, skew)
    chosen = replace(SETTINGS, **settings)
    return calibrate(rows, value, spread, price, 0.0, np.arange(n), chosen)


def test_new_sales_fall_inside_nine_times_in_ten() -> None:
    model = fitted()
    rows, value, spread, price = sample(6000, 2)
    _, low, high = model.interval(rows, value, spread)
    inside = (low <= price) & (price <= high)
    assert inside.mean() == pytest.approx(0.90, abs=0.02)
    quartile = np.argsort(np.argsort(value)) * 4 // 6000
    for q in range(4):
        assert inside[quartile == q].mean() == pytest.approx(0.90, abs=0.04)


def test_it_is_wide_where_errors_are() -> None:
    rows, value, spread, _ = sample(4000, 3)
    _, low, high = fitted().interval(rows, value, spread)
    calm = rows["comps_spread"].to_numpy() < 0.1
    wild = rows["comps_spread"].to_numpy() > 0.35
    assert np.median((high - low)[wild]) > 2.5 * np.median((high - low)[calm])


def test_each_tail_has_its_own_length() -> None:
    rows, value, spread, price = sample(6000, 4, skew=1.0)
    at, low, high = fitted(skew=1.0).interval(rows, value, spread)
    assert (high - at).mean() > 1.4 * (at - low).mean()
    assert (price < low).mean() == pytest.approx(0.05, abs=0.015)
    assert (price > high).mean() == pytest.approx(0.05, abs=0.015)


def test_a_nominal_level_is_kept_for_other_alphas() -> None:
    rows, value, spread, price = sample(6000, 5)
    _, low, high = fitted(alpha=0.32).interval(rows, value, spread)
    assert ((low <= price) & (price <= high)).mean() == pytest.approx(0.68, abs=0.03)


def test_small_bins_lean_on_the_whole() -> None:
    alone = fitted(400, bin_prior_sales=0.0, sales_per_price_bin=80)
    together = fitted(400, bin_prior_sales=1e9, sales_per_price_bin=80)
    assert len(alone.low) == len(together.low) == 5
    assert np.ptp(together.high) < 1e-6 < np.ptp(alone.high)
    assert len(fitted(200).low) == 1


def test_the_same_errors_give_the_same_bytes() -> None:
    assert fitted().sha256() == fitted().sha256()
    assert fitted().sha256() != fitted(seed=2).sha256()


def test_too_few_errors_are_said_so() -> None:
    with pytest.raises(NotEnoughSales, match="100 are needed, there are 99"):
        fitted(99)


def test_the_level_moves_by_the_recent_median_less_for_few() -> None:
    assert level_shift(np.zeros(0), SETTINGS) == 0.0
    many, few = np.full(30_000, 0.02), np.full(30, 0.02)
    assert level_shift(many, SETTINGS) == pytest.approx(0.02, rel=0.02)
    assert 0 < level_shift(few, SETTINGS) < 0.003
    outlier = np.append(np.full(999, 0.01), 9.0)
    assert level_shift(outlier, SETTINGS) < 0.0101
