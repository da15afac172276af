"""The registry: every family's specs, statistics of every column, and what fell away."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.registry import features, registry_frame
from realty_assets.features.sales import Sales
from realty_assets.features.statistics import QUANTILES, statistics
from realty_assets.features.subjects import sale_subjects
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.modeling.points import input_names
from realty_assets_tests.features.towns import town

SETTINGS = FeatureSettings()
SPECS = features(SETTINGS.comps)


def matrix_of(sales: pl.DataFrame) -> pl.DataFrame:
    return build_matrix(sale_subjects(sales), Sales(sales), SETTINGS, n_threads=2)


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town()


@pytest.fixture(scope="module")
def matrix(sales) -> pl.DataFrame:
    return matrix_of(sales)


def test_statistics_are_those_of_the_column(matrix) -> None:
    table = registry_frame(SPECS, statistics(matrix, SPECS))
    for row in table.sample(25, seed=2).to_dicts():
        values = matrix[row["name"]].drop_nulls()
        assert row["n"] == len(values)
        assert row["filled_share"] == pytest.approx(len(values) / len(matrix))
        if not len(values):
            assert row["mean"] is row["reference_quantiles"] is None
            continue
        assert row["mean"] == pytest.approx(values.mean())
        assert row["sd"] == pytest.approx(values.std(ddof=0))
        assert (row["min"], row["max"]) == (values.min(), values.max())
        assert row["n_distinct"] == values.n_unique()
        quantiles = [values.quantile(q, "linear") for q in QUANTILES]
        assert row["reference_quantiles"] == pytest.approx(quantiles)


def test_statistics_do_not_depend_on_the_order_of_rows(matrix) -> None:
    shuffled = matrix.sample(fraction=1.0, shuffle=True, seed=5)
    assert_frame_equal(
        registry_frame(SPECS, statistics(shuffled, SPECS)),
        registry_frame(SPECS, statistics(matrix, SPECS)),
        check_exact=True,
    )


def test_a_registry_of_an_empty_matrix_has_the_same_columns(matrix) -> None:
    empty = registry_frame(SPECS, statistics(matrix.head(0), SPECS))
    full = registry_frame(SPECS, statistics(matrix, SPECS))
    assert empty.schema == full.schema
    assert not empty["family_present"].any()


def test_boosters_see_the_default_inputs_only(matrix) -> None:
    hidden = {spec.name for spec in SPECS if not spec.default_input}
    assert hidden
    assert not hidden & set(input_names(SETTINGS, OFF_MARKET))
    assert hidden < set(matrix.columns)
    assert {"age_years", "comps_residual"} <= set(input_names(SETTINGS, OFF_MARKET))


OF_PLACES = {"location", "encodings", "location_residual", "neighbourhood", "comparables"}
WITHOUT: dict[str, tuple[list[str], set[str]]] = {
    "coordinates": (["latitude", "longitude"], OF_PLACES),
    "bedrooms": (["bedrooms_total", "bathrooms_total"], set()),
    "list data": (["list_price", "days_on_market", "listing_contract_date"], set()),
    "groups": (["postal_code", "subdivision_name"], {"group_residual"}),
    "everything": (
        [
            *("latitude", "longitude", "bedrooms_total", "bathrooms_total", "list_price"),
            *("days_on_market", "postal_code", "subdivision_name", "lot_size_square_feet"),
            *("year_built", "waterfront_yn", "listing_contract_date"),
        ],
        OF_PLACES | {"group_residual", "windows"},
    ),
}


@pytest.mark.parametrize("what", WITHOUT)
@pytest.mark.parametrize("nulls", [False, True], ids=["no column", "all null"])
def test_a_source_that_lacks_columns_builds_its_matrix_from_what_it_has(sales, what, nulls) -> None:
    names, gone = WITHOUT[what]
    kept = "listing_contract_date"  # clean.sales always has it, if only empty
    poor = sales.with_columns(pl.lit(None, dtype=sales.schema[n]).alias(n) for n in names)
    poor = poor if nulls else poor.drop(n for n in names if n != kept)
    got = matrix_of(poor)
    assert len(got) == len(sales)
    table = registry_frame(SPECS, statistics(got, SPECS))
    fallen = set(table.filter(~pl.col("family_present"))["family"])
    assert fallen == gone
    known = got.filter(pl.col("hedonic_log_value").is_not_null())
    assert len(known) > 600
    assert known["comps_log_value"].null_count() == 0
    error = known["comps_log_value"] + known["index_log"] - known["close_price"].log()
    assert np.median(np.abs(error)) < 0.35


def test_sales_dated_to_the_month_only_still_have_a_market(sales) -> None:
    monthly = sales.with_columns(
        pl.col("close_date").dt.month_start(), listing_contract_date=pl.lit(None, dtype=pl.Date)
    ).with_columns(known_at=pl.col("close_date").dt.offset_by("1mo").cast(pl.Datetime("us")))
    got = matrix_of(monthly)
    known = got.filter(pl.col("hedonic_log_value").is_not_null())
    assert len(known) > 500
    assert known["window_h3_6_365d_sales"].sum() > 0
