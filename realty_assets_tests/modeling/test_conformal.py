"""The interval: right on average, wide where errors are, and shrunk where a bin is small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from realty_assets.modeling.conformal import ERROR_INPUTS, calibrate
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
        comps_spread=spread,
        comps_log_value=value,
        index_log=pl.lit(0.0),
        postal_code=pl.Series(random.choice(["77001", "77002"], n)),
        latitude=pl.lit(None, dtype=pl.Float64),
        longitude=pl.lit(None, dtype=pl.Float64),
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
    low, high = 0, 1
    assert len(alone.quantiles[low]) == len(together.quantiles[low]) == 5
    assert np.ptp(together.quantiles[high]) < 1e-6 < np.ptp(alone.quantiles[high])
    assert len(fitted(200).quantiles[low]) == 1


def test_an_area_where_errors_are_large_gets_wider_intervals_and_few_sales_get_less() -> None:
    rows, value, spread, price = sample(4000, 6)
    wild = rows["postal_code"].to_numpy() == "77002"
    price = np.where(wild, value + 1.6 * (price - value), price)
    model = calibrate(rows, value, spread, price, 0.0, np.arange(4000), SETTINGS)
    _, low, high = model.interval(rows, value, spread)
    assert np.median((high - low)[wild]) > 1.3 * np.median((high - low)[~wild])
    inside = (low <= price) & (price <= high)
    assert inside[wild].mean() == pytest.approx(0.90, abs=0.03)
    assert inside[~wild].mean() == pytest.approx(0.90, abs=0.03)
    shrunk = replace(SETTINGS, area_prior_sales=1e9)
    same = calibrate(rows, value, spread, price, 0.0, np.arange(4000), shrunk)
    assert max(abs(factor) for _, factor in same.areas) < 1e-4 < dict(model.areas)["77002"]


def test_the_lower_bound_and_the_fsd_hold_what_they_promise() -> None:
    model = fitted()
    rows, value, spread, price = sample(8000, 7)
    said = model.bounds(rows, value, spread)
    assert (price >= said.lower_bound).mean() == pytest.approx(0.90, abs=0.02)
    assert ((said.lower <= said.lower_bound) & (said.lower_bound <= said.value)).all()
    one_sd = np.abs(price - said.value) <= said.half_log
    assert one_sd.mean() == pytest.approx(0.6827, abs=0.03)
    # Half the width of the central 68.27% of prices over the value, by its definition.
    central = (np.exp(said.value + said.half_log) - np.exp(said.value - said.half_log)) / 2.0
    assert said.fsd() == pytest.approx(central / np.exp(said.value))


def test_the_same_errors_give_the_same_bytes() -> None:
    assert fitted().sha256() == fitted().sha256()
    assert fitted().sha256() != fitted(seed=2).sha256()


def test_too_few_errors_are_said_so() -> None:
    with pytest.raises(NotEnoughSales, match="100 are needed, there are 99"):
        fitted(99)
