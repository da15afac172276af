"""Promise 2: what is known at or after T leaves everything before T bit-identical."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from realty_assets.features.matrix import EVIDENCE_COLUMNS, FeatureSettings, build_matrix
from realty_assets.features.registry import features
from realty_assets.features.sales import Sales, effective_known_at
from realty_assets.features.subjects import sale_subjects
from realty_assets.features.vintages import make_vintages
from realty_assets_tests.features.towns import START, town

SETTINGS = FeatureSettings()
SPECS = features(SETTINGS.comps)
FEATURES = [spec.name for spec in SPECS]
# Families that are made of other homes' sales, or of the home's own earlier ones.
OF_SALES = ["location_residual", "comparables", "neighbourhood", "group_residual", "market"]
OF_SALES += ["windows", "encodings", "previous_sale"]
OF_THE_ROW = {"structure", "location", "seasonality"}
SEEN = ["listing_key", *FEATURES, *EVIDENCE_COLUMNS]


def matrix_of(sales: pl.DataFrame, **how) -> pl.DataFrame:
    return build_matrix(sale_subjects(sales), Sales(sales), SETTINGS, **how)


def known_from(moment: date) -> pl.Expr:
    return effective_known_at() >= pl.lit(moment).cast(pl.Datetime("us"))


def changed(sales: pl.DataFrame, moment: date, seed: int) -> pl.DataFrame:
    """Everything that became known at or after `moment`, with other prices, places and sizes."""
    random = np.random.default_rng(seed)
    late = sales.select(known_from(moment)).to_series()
    swap = pl.Series(random.permutation(len(sales)))
    return sales.with_columns(
        pl.when(late).then(pl.col(name).gather(swap)).otherwise(pl.col(name)).alias(name)
        for name in (
            *("close_price", "latitude", "longitude", "living_area", "year_built"),
            *("postal_code", "subdivision_name", "lot_size_square_feet", "excluded_by"),
            *("property_key", "list_price", "days_on_market"),
        )
    )


MOMENTS = [START + timedelta(days=int(d)) for d in np.random.default_rng(20).integers(45, 350, 10)]


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town()


@pytest.fixture(scope="module")
def full(sales) -> pl.DataFrame:
    return matrix_of(sales)


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_deleting_the_future_changes_nothing_before(sales, full, moment) -> None:
    left = sales.filter(~known_from(moment))
    got = matrix_of(left)
    mine = full.filter(pl.col("listing_key").is_in(left["listing_key"].implode()))
    assert_frame_equal(got.select(SEEN), mine.select(SEEN), check_exact=True)
    # Also the rows whose sale is not known yet, but whose as_of has come: valuations of that day.
    waiting = sale_subjects(sales).filter(pl.col("as_of") <= moment)
    asked = build_matrix(waiting, Sales(left), SETTINGS)
    same = full.filter(pl.col("as_of") <= moment)
    assert_frame_equal(asked.select(SEEN), same.select(SEEN), check_exact=True)
    assert len(same) > 0


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_changing_the_future_changes_nothing_before(sales, full, moment) -> None:
    other = changed(sales, moment, seed=moment.toordinal())
    kept = sales.filter(~known_from(moment) & pl.col("excluded_by").is_null())
    got = matrix_of(other).filter(pl.col("listing_key").is_in(kept["listing_key"].implode()))
    mine = full.filter(pl.col("listing_key").is_in(kept["listing_key"].implode()))
    assert_frame_equal(got.select(SEEN), mine.select(SEEN), check_exact=True)


@pytest.mark.parametrize("moment", MOMENTS[:4], ids=str)
def test_a_vintage_is_made_of_what_was_known(sales, moment) -> None:
    now = make_vintages(Sales(sales), moment, SETTINGS.index, extra=[moment])
    then = make_vintages(
        Sales(sales.filter(~known_from(moment))), moment, SETTINGS.index, extra=[moment]
    )
    assert now.keys() == then.keys()
    for day, vintage in now.items():
        assert np.array_equal(vintage.level, then[day].level)
        assert np.array_equal(vintage.hedonic.coef, then[day].hedonic.coef)
        assert vintage.lag_days == then[day].lag_days


def test_a_cutoff_caps_what_a_row_may_know(sales, full) -> None:
    cutoff = date(2021, 9, 1)
    late = sale_subjects(sales).filter(pl.col("close_date") >= date(2021, 10, 1))
    capped = build_matrix(late, Sales(sales), SETTINGS, cutoff=cutoff)
    blind = build_matrix(late, Sales(sales.filter(~known_from(cutoff))), SETTINGS, cutoff=cutoff)
    assert_frame_equal(capped, blind, check_exact=True)
    assert capped["latest_comp_known_at"].max() < pl.Series([cutoff]).cast(pl.Datetime("us"))[0]
    assert (capped["info_on"] <= cutoff).all()


def test_neither_row_order_nor_threads_nor_company_change_a_bit(sales, full) -> None:
    shuffled = sales.sample(fraction=1.0, shuffle=True, seed=3)
    assert_frame_equal(matrix_of(shuffled, n_threads=2), full, check_exact=True)
    few = sale_subjects(sales).gather_every(17)
    alone = build_matrix(few, Sales(sales), SETTINGS)
    mine = full.filter(pl.col("listing_key").is_in(few["listing_key"].implode()))
    assert_frame_equal(alone, mine, check_exact=True)
    one = build_matrix(few.slice(9, 1), Sales(sales), SETTINGS)
    assert_frame_equal(one, alone.slice(9, 1), check_exact=True)


def test_a_sale_never_feeds_its_own_row(sales) -> None:
    """Even where the source's clock says that it was known long before it closed."""
    early = sales.with_columns(known_at=pl.lit(START).cast(pl.Datetime("us")))
    plain = matrix_of(early)
    key = plain["listing_key"][600]
    other = early.with_columns(
        close_price=pl.when(pl.col("listing_key") == key).then(9e6).otherwise("close_price")
    )
    at = pl.col("listing_key") == key
    assert_frame_equal(
        matrix_of(other).filter(at).select(SEEN), plain.filter(at).select(SEEN), check_exact=True
    )


def test_excluded_sales_are_judged_but_teach_nothing(sales, full) -> None:
    assert full["excluded_by"].null_count() < len(full) == len(sales)
    dear = sales.with_columns(
        close_price=pl.when(pl.col("excluded_by").is_not_null())
        .then(pl.col("close_price") * 50)
        .otherwise("close_price")
    )
    assert_frame_equal(matrix_of(dear).select(SEEN), full.select(SEEN), check_exact=True)


@given(day=st.integers(40, 355), seed=st.integers(0, 2**32 - 1), gone=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_family_sees_the_future_whatever_it_is(sales, full, day, seed, gone) -> None:
    moment = START + timedelta(days=day)
    other = sales.filter(~known_from(moment)) if gone else changed(sales, moment, seed)
    early = sale_subjects(sales).filter(pl.col("as_of") <= moment)
    got = build_matrix(early, Sales(other), SETTINGS)
    mine = full.filter(pl.col("as_of") <= moment)
    assert_frame_equal(got.select(SEEN), mine.select(SEEN), check_exact=True)


def test_every_family_of_sales_is_moved_by_what_is_in_time(sales, full) -> None:
    """Else the tests above could not fail for it."""
    other = matrix_of(changed(sales, date(2021, 6, 1), seed=4))
    families = {spec.family for spec in SPECS}
    assert families == {*OF_SALES, *OF_THE_ROW}
    for family in OF_SALES:
        names = [spec.name for spec in SPECS if spec.family == family]
        late = [m.filter(pl.col("as_of") > date(2021, 8, 1)).select(names) for m in (full, other)]
        assert not late[0].equals(late[1]), family
