"""The index: it finds a known level, its ends follow a trend, its forecast is damped."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from realty_assets.features.market_index import IndexSettings, smooth_level
from realty_assets.features.sales import Sales, epoch_day
from realty_assets.features.vintages import index_frame, latest_vintage, make_vintages
from realty_assets_tests.features.towns import town

SETTINGS = IndexSettings()


@pytest.mark.parametrize("drift", [0.0, 0.01, -0.02])
def test_it_finds_the_level_that_was_put_in(drift) -> None:
    sales = Sales(town(1500, drift=drift))
    until = date(2022, 1, 10)
    vintage = make_vintages(sales, until, SETTINGS)[epoch_day(date(2022, 1, 1))]
    days = np.array([epoch_day(date(2021, 2, 1)), epoch_day(date(2021, 12, 1))])
    start, end = vintage.index(days)
    assert end - start == pytest.approx(drift * (days[1] - days[0]) / 30, abs=0.03)


def test_it_does_not_follow_the_mix_of_homes() -> None:
    """Ever larger homes sell; the market stands still."""
    sales = town(1500, drift=0.0).sort("living_area")
    days = town(1500, drift=0.0)["close_date"].sort()
    sales = sales.with_columns(
        close_date=days,
        known_at=days.cast(pl.Datetime("us")) + pl.duration(days=1),
        listing_contract_date=pl.lit(None, dtype=pl.Date),
    )
    vintage = make_vintages(Sales(sales), date(2022, 1, 1), SETTINGS)[epoch_day(date(2022, 1, 1))]
    assert np.ptp(vintage.level) < 0.06
    assert sales.sort("close_date")["close_price"].tail(200).median() > 1.5 * (
        sales.sort("close_date")["close_price"].head(200).median()
    )


def test_the_ends_of_a_straight_line_stay_straight() -> None:
    day = np.repeat(np.arange(200), 3)
    first, level, slope = smooth_level(day, 0.001 * day, np.ones(len(day)), 30.0)
    assert first == 0
    assert level == pytest.approx(0.001 * np.arange(200), abs=2e-4)
    assert slope == pytest.approx(0.001, rel=0.02)


def test_beyond_its_data_the_slope_dies_out() -> None:
    vintage = make_vintages(Sales(town(drift=0.02)), date(2021, 12, 1), SETTINGS)[
        epoch_day(date(2021, 12, 1))
    ]
    ahead = vintage.index(vintage.last_day + np.array([0, 30, 60, 10_000]))
    assert ahead[0] < ahead[1] < ahead[2]
    assert ahead[2] - ahead[1] < ahead[1] - ahead[0]
    assert ahead[3] - ahead[0] <= vintage.slope * SETTINGS.damping_days * 1.001


def test_vintages_share_a_base() -> None:
    vintages = make_vintages(Sales(town(1500)), date(2022, 1, 1), SETTINGS)
    days = np.arange(epoch_day(date(2021, 2, 1)), epoch_day(date(2021, 5, 1)))
    levels = [v.index(days).mean() for d, v in vintages.items() if d > days[-1]]
    assert np.ptp(levels) < 0.02


def test_there_is_no_vintage_before_there_are_sales_enough() -> None:
    sales = Sales(town())
    vintages = make_vintages(sales, date(2021, 12, 1), SETTINGS)
    first = min(vintages)
    assert sales.n_known(first) >= SETTINGS.min_sales
    assert latest_vintage(vintages, first - 1) is None
    assert latest_vintage(vintages, first + 40).day <= first + 40


def test_the_table_says_what_is_forecast() -> None:
    sales = Sales(town())
    table = index_frame(make_vintages(sales, date(2021, 12, 1), SETTINGS), sales)
    last = table.filter(pl.col("vintage") == date(2021, 12, 1))
    assert last["month"].is_sorted()
    assert last.filter(pl.col("n_sales") == 0)["forecast"].all()
    assert last.filter(pl.col("forecast"))["month"].min() >= date(2021, 12, 1)
    assert last["n_sales"].sum() == sales.n_known(epoch_day(date(2021, 12, 1)))
    assert table.select("vintage", "month").is_duplicated().sum() == 0
