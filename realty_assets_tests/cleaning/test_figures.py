"""The room's figures against the answer key of a sample market, as it came and made harder.

One way of making it harder runs with every test run; ten with `make torture` (REALTY_TORTURE=full).
"""

from __future__ import annotations

import os

import pytest

from realty_assets_tests.cleaning import scoring, slips
from realty_assets_tests.cleaning.conftest import Town
from realty_assets_tests.cleaning.rooms import Room

pytestmark = pytest.mark.slow
FULL = os.environ.get("REALTY_TORTURE") == "full"


def check(town: Town, told: slips.Told, n_pairs: int) -> None:
    """The figures of the release."""
    room = Room(told.staged)
    links = scoring.linking(room["listings"], told.truth)
    assert links.n_true > n_pairs
    assert links.precision >= 0.995
    assert links.recall >= 0.98
    n_sales, n_exact = scoring.sales_told_once(room["sale_listings"], told.truth)
    assert n_sales > 1800
    assert n_exact >= 0.995 * n_sales
    invalid = scoring.invalid_sales(room["sales"], town.truth, town.faults)
    assert invalid.n_true >= 15
    assert invalid.recall >= 0.8
    assert invalid.precision >= 0.9


def test_homes_sales_and_invalid_sales_of_the_sample_market_are_found(town: Town) -> None:
    true = slips.truth_of(town.staged, town.truth, town.faults)
    check(town, slips.Told(town.staged, true), n_pairs=400)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(4, 14) if FULL else [4])
def test_homes_and_sales_are_found_through_copies_and_slips(town: Town, seed: int) -> None:
    true = slips.truth_of(town.staged, town.truth, town.faults)
    check(town, slips.with_slips(town.staged, true, seed), n_pairs=600)


def test_the_scores_see_what_is_wrong(town: Town) -> None:
    """A home for every listing, or one for all, must not score well."""
    true = slips.truth_of(town.staged, town.truth, town.faults)
    listings = true.select("source", "listing_key")
    apart = listings.with_columns(property_key="listing_key")
    assert scoring.linking(apart, true).recall == 0
    together = listings.with_columns(property_key="source")
    assert scoring.linking(together, true).precision < 0.01
