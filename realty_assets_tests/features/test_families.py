"""Each family against a slow and plain count of the same thing."""

from __future__ import annotations

from datetime import date, timedelta

import h3
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.features.encodings import PARENTS, encode
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.previous_sale import PreviousSales
from realty_assets.features.sales import Sales, effective_known_at, epoch_day
from realty_assets.features.seasonality import season_columns
from realty_assets.features.subjects import sale_subjects
from realty_assets.features.windows import MIN_SALES, Ranked, median_by_area
from realty_assets_tests.features.towns import town


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town()


@pytest.fixture(scope="module")
def matrix(sales) -> pl.DataFrame:
    return build_matrix(sale_subjects(sales), Sales(sales), FeatureSettings(), n_threads=2)


def known(sales: pl.DataFrame, before: date) -> pl.DataFrame:
    midnight = pl.lit(before).cast(pl.Datetime("us"))
    return sales.filter(pl.col("excluded_by").is_null(), effective_known_at() < midnight)


def cell(row: dict, resolution: int) -> str | None:
    place = row["latitude"], row["longitude"]
    if None in place:
        return None
    return h3.cell_to_parent(h3.latlng_to_cell(*place, 9), resolution)


@pytest.mark.parametrize("at", range(5, 900, 97))
def test_windows_count_what_closed_around_the_home_and_was_known_by_the_month(
    sales, matrix, at
) -> None:
    home = matrix.row(at, named=True)
    month = home["as_of"].replace(day=1)
    subject = sales.filter(pl.col("listing_key") == home["listing_key"]).row(0, named=True)
    past = known(sales, month)
    for days in (90, 180, 365):
        recent = past.filter(pl.col("close_date") >= month - timedelta(days=days)).to_dicts()
        for resolution in (6, 7, 8):
            own = cell(subject, resolution)
            name = f"window_h3_{resolution}_{days}d"
            if own is None:
                assert home[f"{name}_sales"] is None
                continue
            near = pl.DataFrame(
                [row for row in recent if cell(row, resolution) == own], schema=sales.schema
            )
            assert home[f"{name}_sales"] == len(near)
            medians = near.select(
                ln_price=pl.col("close_price").log(),
                ln_price_sqft=(pl.col("close_price") / pl.col("living_area")).log(),
                days_on_market=pl.col("days_on_market").cast(pl.Float64),
                sale_to_list=pl.col("close_price") / pl.col("list_price"),
            )
            for what in medians.columns:
                values = medians[what].drop_nulls()
                expected = values.median() if len(values) >= MIN_SALES else None
                assert home[f"{name}_{what}"] == (expected and pytest.approx(expected))


def test_windows_of_a_home_without_a_place_are_those_of_its_postal_code(matrix) -> None:
    lost = matrix.filter(pl.col("latitude").is_null(), pl.col("as_of") > date(2021, 6, 1))
    assert lost["window_h3_6_365d_sales"].null_count() == len(lost) > 0
    assert lost["window_postal_code_365d_ln_price"].null_count() < len(lost)


@given(
    st.lists(st.tuples(st.integers(-2, 4), st.floats(-5, 5) | st.just(float("nan"))), max_size=40),
    st.integers(1, 4),
)
def test_medians_by_area_are_medians(rows, least) -> None:
    area = np.array([a for a, _ in rows], dtype=np.int64)
    values = np.array([v for _, v in rows], dtype=np.float64)
    asked = np.arange(-2, 7)
    got = median_by_area(Ranked(values), np.arange(len(rows)), area, asked, least)
    for code, median in zip(asked, got, strict=True):
        own = [v for a, v in rows if a == code >= 0 and not np.isnan(v)]
        if len(own) >= least:
            assert median == pytest.approx(np.median(own))
        else:
            assert np.isnan(median)


def test_the_previous_sale_is_the_last_that_was_known(sales, matrix) -> None:
    again = matrix.filter(pl.col("previous_sales") > 0)
    assert len(again) >= 10
    for home in again.to_dicts():
        before = known(sales, home["as_of"]).filter(pl.col("property_key") == home["property_key"])
        last = before.sort("close_date").row(-1, named=True)
        assert home["previous_sales"] == len(before)
        years = (home["as_of"] - last["close_date"]).days / 365.25
        assert home["previous_sale_years"] == pytest.approx(years)
        if home["previous_sale_log_value"] is None:
            assert home["hedonic_log_value"] is None
            continue
        moved = home["previous_sale_log_value"] + home["index_log"]
        assert home["previous_sale_log_price_now"] == pytest.approx(moved)
        assert abs(moved - np.log(last["close_price"])) < 0.2
    rest = matrix.filter(pl.col("previous_sales") == 0)
    assert rest["previous_sale_years"].null_count() == len(rest)


@given(
    st.lists(st.tuples(st.integers(-2, 3), st.integers(0, 30)), max_size=30),
    st.integers(-2, 5),
    st.integers(0, 30),
)
def test_a_home_s_last_close_among_those_known(sales, home, n_known) -> None:
    homes = np.array([h for h, _ in sales], dtype=np.int64)
    closed = np.array([c for _, c in sales], dtype=np.int64)
    n_known = min(n_known, len(sales))
    at, count = PreviousSales(homes, closed).find(np.array([home]), np.array([n_known]))
    mine = [i for i in range(n_known) if homes[i] == home >= 0]
    assert count[0] == len(mine)
    assert at[0] == (max(mine, key=lambda i: (closed[i], i)) if mine else -1)


def test_encodings_keep_what_their_sales_bear_out_and_take_the_rest_from_above() -> None:
    nobody = np.full(4, -2)
    pool = dict.fromkeys(PARENTS, nobody)
    pool |= {"postal_code": np.array([0, 0, 0, 1]), "subdivision_name": np.array([0, 0, 1, 2])}
    residual = np.array([0.2, 0.4, 0.0, -0.2])
    # In the first subdivision; in one without a sale; in none; nowhere at all.
    asked = dict.fromkeys(PARENTS, nobody)
    asked |= {"postal_code": np.array([0, 0, 0, -2]), "subdivision_name": np.array([0, -1, -2, -2])}
    got = encode(residual, pool, asked, prior=2.0)
    everything = 0.4 / 6
    postal = (0.6 + 2 * everything) / 5
    assert got["postal_code_residual"][:3] == pytest.approx([postal] * 3)
    first = (0.6 + 2 * postal) / 4
    assert got["subdivision_name_residual"][:2] == pytest.approx([first, postal])
    assert np.isnan(got["subdivision_name_residual"][2:]).all()
    assert np.isnan(got["postal_code_residual"][3])
    assert got["subdivision_name_sales"][:2].tolist() == [2, 0]
    assert np.isnan(got["subdivision_name_sales"][2:]).all()


@given(st.integers(1, 400), st.floats(-1, 1), st.floats(-1, 1))
def test_an_encoding_lies_between_the_group_and_its_parent(n, own, others) -> None:
    residual = np.concatenate([np.full(n, own), np.full(50, others)])
    nobody = np.full(len(residual), -2)
    pool = dict.fromkeys(PARENTS, nobody)
    pool |= {"postal_code": np.zeros(len(residual), dtype=int), "h3_7": np.repeat([0, 1], [n, 50])}
    asked = {level: np.array([-2]) for level in PARENTS}
    asked |= {"postal_code": np.array([0]), "h3_7": np.array([0])}
    got = encode(residual, pool, asked, prior=4.0)
    parent, value = got["postal_code_residual"][0], got["h3_7_residual"][0]
    assert min(parent, own) - 1e-9 <= value <= max(parent, own) + 1e-9
    assert abs(value - own) <= abs(parent - own) * 4.0 / (n + 4.0) + 1e-9


def test_december_is_next_to_january() -> None:
    days = [epoch_day(date(2020, month, 15)) for month in (12, 1, 6, 7)]
    got = season_columns(np.array(days))
    points = np.column_stack([got["month_sin"], got["month_cos"]])
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(
        np.linalg.norm(points[2] - points[3])
    )
    assert got["quarter_sin"][2] != pytest.approx(got["quarter_sin"][3])
