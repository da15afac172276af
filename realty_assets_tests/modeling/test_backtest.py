"""The rolling origin: honest about time, complete, deterministic, and never walked twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from realty_assets.features.sales import effective_known_at
from realty_assets.modeling import backtest as bt
from realty_assets.modeling import walk_forward as wf
from realty_assets.modeling.backtest import CSV_COLUMNS, metrics, to_csv
from realty_assets.modeling.settings import NotEnoughSales
from realty_assets.modeling.windows import default_window, months_to_walk, n_calibrating
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import QUICK, market_of

FROM, TO = date(2021, 10, 1), date(2021, 12, 1)
TODAY = date(2022, 1, 3)


def backtest(market: wf.Market, first: date, last: date, **how):
    return bt.backtest(market, first, last, n_draws=40, **how)


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town(1200)


@pytest.fixture(scope="module")
def market(sales) -> wf.Market:
    return market_of(sales)


@pytest.fixture(scope="module")
def result(market) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    return backtest(market, FROM, TO)


def test_every_sale_of_the_window_is_there_with_a_value(sales, result) -> None:
    predictions, figures, _ = result
    inside = sales.filter(pl.col("close_date").is_between(FROM, date(2021, 12, 31)))
    assert predictions["listing_key"].sort().to_list() == inside["listing_key"].sort().to_list()
    assert (
        predictions.select("prediction", "lower_90", "upper_90").null_count().sum_horizontal()[0]
        == 0
    )
    assert predictions["excluded_by"].null_count() < len(predictions)
    ordered = (pl.col("lower_90") <= pl.col("prediction")) & (
        pl.col("prediction") <= pl.col("upper_90")
    )
    assert predictions.select(ordered.all()).item()
    headline = figures.filter(pl.col("slice") == "all").row(0, named=True)
    assert headline["n"] == len(predictions)
    assert headline["n_excluded"] == inside["excluded_by"].count()
    assert (predictions["cutoff"] <= predictions["close_date"]).all()
    assert (predictions["as_of"] < predictions["close_date"]).all()


def test_it_comes_near_the_noise_and_covers(result) -> None:
    headline = result[1].filter(pl.col("slice") == "all").row(0, named=True)
    assert headline["mdape"] < 0.085  # the noise alone: 0.047
    accuracy = ("mae_usd", "mdape", "ppe5", "ppe10", "ppe20", "r2", "r2_log")
    ratios = ("median_ratio", "cod", "prd", "prb", "mki", "vei")
    intervals = ("coverage_90", "median_width_ratio", "mean_width_ratio", "winkler_ratio")
    for name in (*accuracy, *ratios, *intervals):
        assert headline[f"{name}_low"] < headline[name] < headline[f"{name}_high"], name
    assert 0.82 <= headline["coverage_90"] <= 0.97
    assert 0.97 <= headline["median_ratio"] <= 1.03


@pytest.mark.parametrize("moment", [date(2021, 11, 1), date(2021, 12, 1)], ids=str)
def test_predictions_before_t_do_not_see_what_came_after(sales, result, moment) -> None:
    """Training rows, boosters and intervals of cutoffs up to T, not only features."""
    random = np.random.default_rng(5)
    late = sales.select(effective_known_at() >= pl.lit(moment).cast(pl.Datetime("us"))).to_series()
    other = sales.with_columns(
        close_price=pl.when(late)
        .then(pl.col("close_price") * pl.Series(random.uniform(0.3, 3.0, len(sales))))
        .otherwise("close_price")
    )
    blind = pl.col("cutoff") <= moment
    keep = ["listing_key", "prediction", "lower_90", "upper_90", "model_version"]
    mine = result[0].filter(blind).select(keep)
    got = backtest(market_of(other), FROM, TO)[0].filter(blind).select(keep)
    assert_frame_equal(got, mine, check_exact=True)
    known = sales.filter(~late)
    left = pl.concat([known, sales.filter(late & (pl.col("close_date") < moment))])
    window = FROM, date(2021, moment.month - 1, 1)
    alone = backtest(market_of(left), *window)[0].select(keep)
    same = mine.filter(pl.col("listing_key").is_in(alone["listing_key"].implode()))
    assert_frame_equal(alone, same, check_exact=True)


def test_shuffled_rows_and_more_threads_give_the_same_bits(sales, result) -> None:
    shuffled = sales.sample(fraction=1.0, shuffle=True, seed=9)
    predictions, figures, _ = backtest(market_of(shuffled, n_threads=2), FROM, TO)
    assert_frame_equal(predictions, result[0], check_exact=True)
    assert_frame_equal(figures, result[1], check_exact=True)


def test_another_seed_is_another_model(sales, result) -> None:
    market = market_of(sales)
    other = replace(market, model=market.model.with_seed(8))
    assert not backtest(other, FROM, FROM)[0]["prediction"].equals(
        result[0].filter(pl.col("cutoff") == FROM)["prediction"]
    )


def test_a_month_once_walked_is_not_walked_again(market, result, monkeypatch) -> None:
    def never(*_: object) -> list:
        raise AssertionError("trained again")

    walked = result[2]
    real = wf.train_all
    monkeypatch.setattr(wf, "train_all", lambda sets, *rest: never() if sets else real(sets, *rest))
    predictions, _, rows = backtest(market, FROM, TO, walked=walked)
    assert_frame_equal(predictions, result[0], check_exact=True)
    assert_frame_equal(rows, walked, check_exact=True)


def test_months_walked_on_other_data_are_walked_again(sales, market, result) -> None:
    other = sales.with_columns(
        close_price=pl.when(pl.col("close_date") < date(2021, 3, 1))
        .then(pl.col("close_price") * 1.2)
        .otherwise("close_price")
    )
    fresh = backtest(market_of(other), FROM, FROM)
    reused = backtest(market_of(other), FROM, FROM, walked=result[2])
    assert_frame_equal(fresh[0], reused[0], check_exact=True)


def test_the_file_has_its_columns_and_rows(result, tmp_path) -> None:
    path = tmp_path / "out.csv"
    to_csv(result[0], path)
    got = pl.read_csv(path, try_parse_dates=True)
    assert tuple(got.columns) == CSV_COLUMNS
    assert len(got) == len(result[0])
    assert got["prediction"].to_list() == result[0]["prediction"].to_list()


def test_slices_under_thirty_sales_have_no_figures(result) -> None:
    few = metrics(result[0].head(40), n_draws=20)
    row = few.filter(pl.col("slice") == "predicted price quartile 1").row(0, named=True)
    assert (row["n"], row["note"], row["mdape"]) == (10, "n too small", None)


def test_a_month_without_enough_before_it_says_what_is_missing(market) -> None:
    with pytest.raises(NotEnoughSales, match=r"150 are needed, there are \d+") as told:
        backtest(market, date(2021, 3, 1), date(2021, 3, 1))
    assert told.value.needed == 150
    with pytest.raises(NotEnoughSales, match="that closed from 2023-01 to 2023-02"):
        backtest(market, date(2023, 1, 1), date(2023, 2, 1))


def test_the_default_window_is_what_the_data_can_carry(market, sales) -> None:
    assert default_window(market.matrix, TODAY, 3, QUICK) == (FROM, TO)
    early = default_window(market.matrix, date(2021, 9, 2), 6, QUICK)
    assert early[0] > date(2021, 3, 1)
    assert early[1] == date(2021, 8, 1)
    assert n_calibrating(market.matrix, early[0], QUICK) >= QUICK.min_calibration_sales
    with pytest.raises(NotEnoughSales, match="to train, calibrate and judge"):
        default_window(market_of(sales.head(100)).matrix, TODAY, 3, QUICK)
    folds = months_to_walk(TODAY, 3, QUICK)
    assert (folds[0].name, folds[-1].name) == ("2021-06", "2022-01")
