"""Block bootstrap in bulk: equal to the slow way, blind to order, and quick."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.evaluation import metrics
from realty_assets.evaluation import ratio_study as rs
from realty_assets.evaluation.resampling import (
    FIGURES,
    MIN_BLOCKS,
    Resamples,
    block_codes,
    figure_intervals,
    month_area,
    percentile_interval,
    resampled_by,
)


def market(n: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray, list[str]]:
    luck = np.random.default_rng(seed)
    price = np.exp(luck.normal(12.5, 0.5, n))
    prediction = price * np.exp(luck.normal(0.01, 0.12, n))
    labels = month_area(luck.integers(0, 3, n).tolist(), luck.integers(0, 15, n).tolist())
    return prediction, price, labels


@given(st.integers(0, 1000), st.integers(2, 60), st.integers(1, 12))
@settings(deadline=None, max_examples=30)
def test_means_and_medians_of_draws_are_those_of_rows_written_out(seed, n, n_blocks) -> None:
    luck = np.random.default_rng(seed)
    blocks = block_codes(luck.integers(0, n_blocks, n).tolist())
    value = luck.normal(0, 1, n)
    resamples = Resamples(blocks, n_draws=25, seed=seed)
    means, medians = resamples.means(value[:, None])[:, 0], resamples.medians(value)
    counts = np.concatenate(list(resamples.counts()))
    assert (counts.sum(axis=1) == resamples.n_blocks).all()
    for d in range(25):
        written_out = np.repeat(value, counts[d][blocks])
        assert means[d] == pytest.approx(written_out.mean())
        assert medians[d] == pytest.approx(np.median(written_out), abs=1e-12)


@pytest.mark.parametrize("name", FIGURES)
def test_an_interval_is_that_of_the_figure_on_rows_written_out(name: str) -> None:
    prediction, price, labels = market()
    codes = block_codes(labels)
    counts = np.concatenate(list(Resamples(codes, 200, 5).counts()))
    of_figure = {
        "mdape": metrics.mdape,
        "ppe10": lambda p, s: metrics.ppe(p, s, 0.10),
        "r2": metrics.r_squared,
        "median_ratio": rs.median_ratio,
        "cod": rs.cod,
        "prd": rs.prd,
        "prb": rs.prb,
    }[name]
    slow = []
    for count in counts:
        rows = np.repeat(np.arange(len(price)), count[codes])
        slow.append(of_figure(prediction[rows], price[rows]))
    quick = figure_intervals(prediction, price, labels=labels, seed=5, n_draws=200)[name]
    assert quick == pytest.approx(percentile_interval(np.array(slow)), rel=1e-9)


@given(st.integers(0, 1000))
@settings(deadline=None, max_examples=15)
def test_neither_order_of_rows_nor_names_that_sort_alike_matter(seed) -> None:
    prediction, price, labels = market(120, seed)
    order = np.random.default_rng(seed).permutation(120)
    plain = figure_intervals(prediction, price, labels=labels, n_draws=50)
    shuffled = figure_intervals(
        prediction[order], price[order], labels=[labels[i] for i in order], n_draws=50
    )
    assert shuffled == plain


def test_blocks_that_share_their_luck_widen_the_interval() -> None:
    luck = np.random.default_rng(3)
    block = np.repeat(np.arange(40), 25)
    price = np.exp(luck.normal(12.5, 0.4, 1000))
    prediction = price * np.exp(luck.normal(0, 0.1, 40)[block] + luck.normal(0, 0.02, 1000))
    of_blocks = figure_intervals(prediction, price, labels=block.tolist(), n_draws=300)
    of_sales = figure_intervals(prediction, price, n_draws=300)
    width = {name: of_blocks[name][1] - of_blocks[name][0] for name in FIGURES}
    assert width["median_ratio"] > 2 * (of_sales["median_ratio"][1] - of_sales["median_ratio"][0])


def test_too_few_blocks_fall_back_to_single_sales() -> None:
    prediction, price, _ = market()
    few = [f"{i % (MIN_BLOCKS - 1)}" for i in range(len(price))]
    assert resampled_by(few) == resampled_by(None) == "sales"
    assert resampled_by([str(i) for i in range(MIN_BLOCKS)]) == "blocks"
    with_few = figure_intervals(prediction, price, labels=few, n_draws=50)
    assert with_few == figure_intervals(prediction, price, n_draws=50)


def test_only_the_figures_asked_for_come_back() -> None:
    prediction, price, labels = market()
    some = figure_intervals(prediction, price, labels=labels, figures=("cod",), n_draws=50)
    all_of_them = figure_intervals(prediction, price, labels=labels, n_draws=50)
    assert some == {"cod": all_of_them["cod"]}


def test_a_king_county_of_rows_takes_seconds() -> None:
    prediction, price, _ = market(4752)
    labels = month_area(
        np.random.default_rng(1).integers(0, 3, 4752).tolist(),
        np.random.default_rng(2).integers(0, 70, 4752).tolist(),
    )
    began = time.process_time()
    figure_intervals(prediction, price, labels=labels, n_draws=2000)
    assert time.process_time() - began < 6.0


def test_what_cannot_be_resampled_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to resample"):
        Resamples(np.zeros(0, dtype=np.int64))
    with pytest.raises(ValueError, match="level"):
        percentile_interval(np.arange(5.0), 1.0)
