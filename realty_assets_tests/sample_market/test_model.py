"""The constants of the generative model, measured back from the answer key."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.sample_market import constants as k
from realty_assets.sample_market.answer_key import clean_sales, irreducible_off_market_mdape
from realty_assets.sample_market.market import market_index, simulate
from realty_assets.sample_market.timeline import build_states, lay_out
from realty_assets_tests.sample_market.conftest import Sample


def test_the_constants_are_those_decided() -> None:
    assert (k.SALE_NOISE_SD, k.CONDITION_SD, k.LIST_NOISE_SD) == (0.07, 0.06, 0.03)
    assert k.INDEX_TURN_MONTHS <= 6
    assert 1 - np.exp(-k.INDEX_TURN_DROP) >= 0.08


def test_noise_is_of_the_stated_size(sample: Sample) -> None:
    sales = clean_sales(sample.truth, sample.faults)
    n = len(sales)
    gap = np.log(sales["close_price"].to_numpy()) - sales["log_value"].to_numpy()
    assert gap.std() == pytest.approx(k.SALE_NOISE_SD, rel=4 / np.sqrt(2 * n))
    assert abs(gap.mean()) < 4 * k.SALE_NOISE_SD / np.sqrt(n)
    listed = np.log((sales["last_list_price"] / sales["close_price"]).to_numpy())
    assert listed.std() == pytest.approx(k.LIST_NOISE_SD, rel=4 / np.sqrt(2 * n))
    assert listed.mean() == pytest.approx(k.LIST_MARKUP, abs=4 * k.LIST_NOISE_SD / np.sqrt(n))
    homes = sample.truth.unique("property_id", keep="first", maintain_order=True)
    assert homes["condition"].std() == pytest.approx(k.CONDITION_SD, rel=0.06)
    assert sales["condition"].std() == pytest.approx(k.CONDITION_SD, rel=0.08)


def test_condition_is_independent_of_what_a_listing_shows(sample: Sample) -> None:
    for column in ("location", "edge", "structure", "sale_noise"):
        r = np.corrcoef(sample.truth["condition"], sample.truth[column])[0, 1]
        assert abs(r) < 0.08, column


def test_the_parts_add_up(sample: Sample) -> None:
    parts = ("location", "edge", "structure", "condition", "index", "season")
    total = sample.truth.select(pl.sum_horizontal(*parts)).to_series()
    assert np.allclose(total, sample.truth["log_value"], atol=1e-9)


def test_what_off_market_cannot_see(sample: Sample) -> None:
    expected = 0.6745 * np.hypot(k.SALE_NOISE_SD, k.CONDITION_SD)
    got = irreducible_off_market_mdape(clean_sales(sample.truth, sample.faults))
    assert got == pytest.approx(expected, rel=0.08)


@given(months=st.integers(10, 60))
@settings(max_examples=20, deadline=None)
def test_the_index_turns_by_eight_percent_within_six_months(months: int) -> None:
    level = np.exp(market_index(months))
    drops = [1 - level[i : i + 7].min() / level[i] for i in range(months)]
    assert max(drops) >= 0.08


def test_family_transfers_sell_far_below_value(sample: Sample) -> None:
    family = sample.faults.filter(pl.col("kind") == "not at arm's length")["listing_key"]
    low = sample.truth.filter(pl.col("listing_key").is_in(family.to_list()))
    assert len(low) >= 3
    assert not low["arms_length"].any()
    share = low["close_price"] / low["log_value"].exp()
    assert share.is_between(0.44, 0.81).all()


def test_borders_are_sharp(sample: Sample) -> None:
    """The smooth part hardly changes over half a kilometre; the edge part jumps."""
    t = sample.truth.filter(pl.col("listing_of_home") == 1)
    lat, lon = t["latitude"].to_numpy(), t["longitude"].to_numpy()
    km = np.hypot((lat[:, None] - lat) * 110.85, (lon[:, None] - lon) * 96.6)
    i, j = np.nonzero((km < 0.5) & (km > 0))
    smooth, edge = t["location"].to_numpy(), t["edge"].to_numpy()
    assert np.median(np.abs(smooth[i] - smooth[j])) < 0.02
    jump = np.abs(edge[i] - edge[j])
    assert np.median(jump) == 0
    assert (jump > 0.05).mean() > 0.02


@given(n=st.integers(20, 300), months=st.integers(6, 36), seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_any_market_has_the_listings_asked_for_and_lives_in_order(
    n: int, months: int, seed: int
) -> None:
    market = simulate(n, months, seed)
    assert len(market.mls_number) == n
    assert len(np.unique(market.mls_number)) == n
    li = market.listings
    later = li.previous >= 0
    assert (li.home[later] == li.home[li.previous[later]]).all()
    assert (li.end_day[li.previous[later]] < li.list_day[later]).all()
    states = build_states(market)
    assert (states.second < market.end * 86_400).all()
    same = states.listing[1:] == states.listing[:-1]
    assert (np.diff(states.second)[same] > 0).all()
    rows = lay_out(states, market, seed)
    assert (np.diff(rows.file) >= 0).all()
    changed = rows.state[rows.event != "unchanged repeat"]
    assert len(np.unique(changed)) == len(changed)
    assert set(states.listing[changed]) == set(states.listing)
