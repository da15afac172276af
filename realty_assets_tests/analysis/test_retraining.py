"""Ablations and churn: what is left out is out, the window stays shut, chance is repeatable."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from realty_assets.analysis.ablations import (
    ALL,
    ablations,
    blocks,
    folds_before,
    inside_the_window,
    paired_interval,
    variants,
)
from realty_assets.analysis.contributions import log_values
from realty_assets.analysis.retraining import (
    START,
    Without,
    errors_without,
    months,
    resampled,
    retrained,
    train_without,
    training_at,
)
from realty_assets.analysis.stability import changes, churn_tables
from realty_assets.evaluation.splits import Fold
from realty_assets.modeling.points import train_member

FOLD = Fold(date(2021, 10, 1), date(2021, 11, 1))
# One month has some fifty sales, one booster luck of its own: too little to tell a family's worth.
FOLDS = [Fold(date(2021, 8, 1), date(2021, 9, 1)), Fold(date(2021, 9, 1), FOLD.cutoff), FOLD]


@pytest.fixture(scope="module")
def month(small):
    return months(small.market, [FOLD])[0]


@pytest.fixture(scope="module")
def table(small):
    return ablations(small.market, FOLDS, small.families, rounds=40, n_members=2, n_draws=300)


def test_the_whole_model_of_a_month_is_the_one_that_was_walked(small, month) -> None:
    settings = small.market.model
    model = train_without(month, Without(), settings.members, settings)
    error = errors_without(month, Without(), model)
    walked = small.walked.filter(pl.col("cutoff") == FOLD.cutoff)
    assert len(walked) == len(error) > 30
    ours = dict(zip(month.rows["listing_key"].to_list(), error.tolist(), strict=True))
    for key, value, price in walked.select("listing_key", "log_value", "close_price").iter_rows():
        assert ours[key] == pytest.approx(abs(value - np.log(price)), abs=1e-12)


def test_what_is_left_out_is_out(small, month) -> None:
    settings = replace(small.market.model, rounds=5)
    gone = frozenset({"ln_living_area", "age_years"})
    model = train_without(month, Without(gone), settings.members, settings)
    assert not gone & set(model.names)
    assert len(model.names) == len(month.data.names) - 2
    # Neither the comparables' estimate nor the index reaches a variant without them.
    without = Without(comps_start=True, index=True)
    model = train_without(month, without, settings.members[:1], settings)
    seen = errors_without(month, without, model)
    moved = replace(
        month, rows=month.rows.with_columns(pl.col(START) + 1.0, pl.col("index_log") + 1.0)
    )
    assert np.array_equal(errors_without(moved, without, model), seen)
    assert not np.array_equal(errors_without(moved, Without(), model), seen)


def test_level_and_hedonic_are_in_the_order_of_the_training_rows(small, month) -> None:
    price = small.matrix.filter(pl.col("role") == "sale")["close_price"]
    told = np.exp(month.data.target + month.level)
    assert np.isin(np.round(told, 2), np.round(price.to_numpy(), 2)).all()
    assert np.abs(month.level).max() > 0
    assert not np.array_equal(month.hedonic, month.data.start)
    assert len(month.hedonic) == len(month.data)


def test_the_table_says_what_each_family_is_worth(small, table) -> None:
    assert table["without"][0] == ALL
    assert set(table["without"]) == {ALL, *variants(small.families)}
    whole = table.row(0, named=True)
    assert (whole["difference"], whole["difference_low"], whole["difference_high"]) == (0, 0, 0)
    assert (whole["members"], whole["rounds"]) == (2, 40)
    for row in table.to_dicts():
        assert row["difference_low"] <= row["difference"] <= row["difference_high"]
        assert row["mean_abs_log_error"] - whole["mean_abs_log_error"] == pytest.approx(
            row["difference"]
        )
    by_name = {row["without"]: row for row in table.to_dicts()}
    # The town's prices differ by subdivision and ZIP code, which group encodings tell of.
    assert by_name["group encodings"]["difference_low"] > 0
    assert by_name["all comparables"]["n_features"] > 20
    assert by_name["the market index"]["n_features"] == 0


def test_the_table_is_repeatable_and_threads_do_not_matter(small, table) -> None:
    two = replace(small.market, n_threads=2)
    again = ablations(two, FOLDS, small.families, rounds=40, n_members=2, n_draws=300)
    assert again.equals(table)


def test_months_end_before_the_window(small, table) -> None:
    walked = [date(2021, m, 1) for m in (7, 8, 9, 10, 11)]
    assert folds_before(date(2021, 10, 1), walked, 2) == [
        Fold(date(2021, 8, 1), date(2021, 9, 1)),
        Fold(date(2021, 9, 1), date(2021, 10, 1)),
    ]
    assert folds_before(date(2021, 7, 1), walked, 2) == []
    assert ablations(small.market, [], small.families, rounds=5, n_members=1, n_draws=10).is_empty()
    after = pl.DataFrame(
        {"is_headline": [True, False], "cutoff": [date(2021, 11, 1), date(2021, 3, 1)]}
    )
    assert inside_the_window(table, after) == []
    on_it = after.with_columns(cutoff=pl.lit(date(2021, 10, 1)))
    assert inside_the_window(table, on_it) == table["without"].to_list()


def test_whole_blocks_are_resampled(month) -> None:
    block = blocks([month, replace(month, fold=Fold(date(2021, 9, 1), date(2021, 10, 1)))])
    areas = month.rows["postal_code"].fill_null("?").n_unique()
    assert len(np.unique(block)) == 2 * areas
    # All of the spread between blocks, none within: rows alone would give a far narrower interval.
    difference = np.repeat([1.0, -1.0, 1.0, -1.0], 100)
    four = np.repeat(np.arange(4), 100)
    low, high = paired_interval(difference, four, seed=1, n_draws=1000)
    assert (low, high) == (-1.0, 1.0)
    each = paired_interval(difference, np.arange(400), seed=1, n_draws=1000)
    assert each[1] - each[0] < 0.25


def test_the_same_seed_is_the_same_model_and_its_churn_is_nothing(small) -> None:
    data = training_at(small.market, small.valuer.cutoff)
    assert data.sha256() == small.valuer.training_hash
    same = retrained([(data, small.market.model)], 1)[0]
    assert same.sha256() == small.valuer.point.sha256()
    every = resampled(data, np.arange(len(data)))
    assert (
        train_member(every, small.market.model.members[0], small.market.model)
        == (small.valuer.point.boosters[0])
    )


def test_churn_of_seeds_and_samples(small) -> None:
    homes = small.matrix.tail(50)
    how = {"n_seeds": 2, "n_resamples": 2}
    churn, summary = churn_tables(small.market, small.valuer, homes, **how, n_draws=100)
    moved = changes(small.market, small.valuer, homes, 2, 2)
    assert np.allclose(churn["seed_churn_log"].to_numpy(), moved["seed"].mean(axis=0))
    assert np.array_equal(churn["bootstrap_most_log"].to_numpy(), moved["bootstrap"].max(axis=0))
    assert (moved["seed"] > 0).any()
    rows = {row["kind"]: row for row in summary.to_dicts()}
    assert rows["seed"]["median_churn_log"] == pytest.approx(
        float(np.median(churn["seed_churn_log"].to_numpy()))
    )
    assert rows["bootstrap"]["median_churn_log"] > rows["seed"]["median_churn_log"]
    for row in rows.values():
        assert row["median_churn_log_low"] <= row["median_churn_log"] <= row["p95_churn_log"]
    nobody = churn_tables(small.market, small.valuer, homes.head(0), **how, n_draws=10)
    assert [len(frame) for frame in nobody] == [0, 0]
    assert len(log_values(small.valuer, homes)) == 50
