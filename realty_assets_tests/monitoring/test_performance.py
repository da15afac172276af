"""Figures of closed sales are those of evaluation/; sales that are awaited are guessed right."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from realty_assets.evaluation.metrics import mdape
from realty_assets.evaluation.ratio_study import median_ratio
from realty_assets.features.sales import epoch_day
from realty_assets.monitoring.maturity import MIN_SALES, expected_sales
from realty_assets.monitoring.performance import kept_months, performance
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse
from realty_assets_tests.monitoring.conftest import TODAY

NO_SALES = pl.DataFrame(schema={"close_date": pl.Date, "known_at": pl.Datetime("us")})


def predictions(n: int = 40, month: date = date(2023, 1, 1)) -> pl.DataFrame:
    rng = np.random.default_rng(n)
    price = rng.lognormal(12.5, 0.4, n)
    value = price * rng.lognormal(0.02, 0.1, n)
    return pl.DataFrame(
        {
            "backtest_id": "one",
            "track": "off_market",
            "cutoff": month,
            "listing_key": [f"{at}" for at in range(n)],
            "close_date": month,
            "close_price": price,
            "prediction": value,
            "lower_90": value * 0.85,
            "upper_90": value * 1.18,
            "excluded_by": ["a rule"] + [None] * (n - 1),
            "postal_code": "77008",
        }
    )


def test_figures_are_those_of_evaluation() -> None:
    rows = predictions()
    told = performance(rows, NO_SALES, TODAY, seed=7)
    found = {(row["slice"], row["metric"]): row for row in told.to_dicts()}
    p, s = rows["prediction"].to_numpy(), rows["close_price"].to_numpy()
    assert found["all", "mdape"]["value"] == mdape(p, s)
    assert found["valid", "mdape"]["value"] == mdape(p[1:], s[1:])
    assert found["valid", "mdape"]["n"] == 39
    assert found["all", "median_ratio"]["value"] == median_ratio(p, s)
    inside = (
        (rows["lower_90"] <= rows["close_price"]) & (rows["close_price"] <= rows["upper_90"])
    ).mean()
    assert found["all", "coverage_90"]["value"] == pytest.approx(inside)
    for row in found.values():
        if row["value"] is not None:
            assert row["low"] <= row["value"] <= row["high"]
    quarters = [row for (name, _), row in found.items() if name.startswith("predicted price")]
    assert {(row["n"], row["value"], row["note"]) for row in quarters} == {
        (10, None, "n too small")
    }
    assert told["maturity_share"].null_count() == len(told)
    assert performance(rows.reverse(), NO_SALES, TODAY, seed=7).equals(told)


def test_a_month_that_no_backtest_tells_of_any_more_stays() -> None:
    old = performance(predictions(month=date(2022, 12, 1)), NO_SALES, TODAY, seed=7)
    new = performance(predictions(), NO_SALES, TODAY, seed=7)
    both = kept_months(old, new)
    assert both["month"].unique().sort().to_list() == [date(2022, 12, 1), date(2023, 1, 1)]
    assert kept_months(both, new).equals(both)
    assert kept_months(None, new).equals(new)


def test_one_backtest_speaks_for_a_month(watched: Warehouse) -> None:
    headline = watched.read("modeling.predictions")
    asked = headline.with_columns(is_headline=pl.lit(False), backtest_id=pl.lit("a window"))
    early = asked.with_columns(cutoff=pl.lit(date(2022, 10, 1)))
    watched.replace("modeling.predictions", pl.concat([headline, asked, early]))
    judged = watched.read(sql("monitoring/judged.sql").bind(today=TODAY))
    assert len(judged) == len(headline) + len(early)
    assert set(judged.filter("is_headline")["cutoff"]) == set(headline["cutoff"])
    assert set(judged.filter(~pl.col("is_headline"))["cutoff"]) == {date(2022, 10, 1)}


@pytest.mark.parametrize("seed", range(5))
def test_the_sales_that_are_awaited_are_guessed_within_a_tenth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, today = 12_000, epoch_day(date(2024, 1, 10))
    close = rng.integers(today - 600, today, n)
    known = close + 1 + rng.geometric(1 / 20, n)
    month = (epoch_day(date(2023, 12, 1)), epoch_day(date(2024, 1, 1)))
    inside = (close >= month[0]) & (close < month[1])
    so_far = int((inside & (known < today)).sum())
    expected = expected_sales(close, known, today, month)
    assert expected is not None
    assert so_far < 0.75 * inside.sum()
    assert expected == pytest.approx(inside.sum(), rel=0.1)


def test_without_settled_sales_nothing_is_guessed() -> None:
    day = epoch_day(TODAY)
    close = np.full(MIN_SALES, day - 40, dtype=np.int64)
    assert expected_sales(close, close + 1, day, (day - 50, day - 20)) is None
    old = np.full(MIN_SALES, day - 400, dtype=np.int64)
    assert expected_sales(old, old + 1, day, (day - 50, day - 20)) is None


def test_what_becomes_known_later_changes_nothing_that_was_expected() -> None:
    rng = np.random.default_rng(0)
    today = epoch_day(TODAY)
    close = rng.integers(today - 500, today, 4000)
    known = close + rng.integers(1, 60, 4000)
    month = (today - 40, today - 10)
    there = known < today
    told = expected_sales(close, known, today, month)
    assert told == expected_sales(close[there], known[there], today, month)


def test_the_share_that_is_known_is_told_of_every_month(watched: Warehouse) -> None:
    judged = watched.read(sql("monitoring/judged.sql").bind(today=TODAY))
    told = performance(judged, watched.read(sql("monitoring/sale_lags.sql")), TODAY, seed=7)
    shares = told.select("month", "maturity_share").unique().sort("month")
    assert shares["maturity_share"].null_count() == 0
    assert shares["maturity_share"].is_between(0.9, 1.0).all()
    late = watched.read(sql("monitoring/sale_lags.sql")).with_columns(
        pl.col("known_at") + timedelta(days=10)
    )
    fewer = performance(judged, late, TODAY, seed=7).select("month", "maturity_share").unique()
    newest = fewer.sort("month")["maturity_share"][-1]
    assert newest is not None
    assert newest <= 1.0
