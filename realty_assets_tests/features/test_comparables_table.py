"""The comparables kept as evidence are those that the features are made of."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from realty_assets.features.comparables_table import comparables_frame, evidence_subjects
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales, effective_known_at
from realty_assets.features.subjects import sale_subjects
from realty_assets_tests.features.towns import town

SETTINGS = FeatureSettings()


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town()


@pytest.fixture(scope="module")
def table(sales) -> pl.DataFrame:
    return comparables_frame(sale_subjects(sales), Sales(sales), SETTINGS, n_threads=2)


def test_adjusted_prices_and_weights_give_the_features_back(sales, table) -> None:
    matrix = build_matrix(sale_subjects(sales), Sales(sales), SETTINGS)
    by_home = table.group_by("listing_key").agg(
        n=pl.len(),
        ranks=pl.col("rank").sort(),
        weight=pl.col("weight").sum(),
        estimate=(pl.col("comp_adjusted_price").log() * pl.col("weight")).sum(),
        distance=pl.col("distance_km").mean(),
    )
    both = matrix.join(by_home, on="listing_key")
    assert len(both) == matrix["comps_residual"].count() > 500
    value = both["hedonic_log_value"] + both["comps_residual"] + both["index_log"]
    assert np.allclose(both["estimate"], value)
    assert np.allclose(both["weight"], 1.0)
    assert np.allclose(both["distance"], both["comps_distance_km"])
    assert both["n"].max() == SETTINGS.comps.n_alike
    assert all(r.to_list() == list(range(1, len(r) + 1)) for r in both["ranks"])


def test_no_comparable_is_later_than_its_subject(sales, table) -> None:
    known = sales.select(comp_listing_key="listing_key", at=effective_known_at())
    late = table.join(known, on="comp_listing_key").filter(
        pl.col("at") >= pl.col("as_of").cast(pl.Datetime("us"))
    )
    assert late.is_empty()
    assert table.filter(pl.col("listing_key") == pl.col("comp_listing_key")).is_empty()


def test_evidence_is_kept_for_todays_values_and_the_latest_sales(sales, table) -> None:
    rows = sale_subjects(sales)
    today = rows.head(3).with_columns(role=pl.lit("active"))
    kept = evidence_subjects(pl.concat([rows, today]), n_recent=50)
    assert kept["role"].value_counts().sort("role").rows() == [("active", 3), ("sale", 50)]
    oldest = kept.filter(pl.col("role") == "sale")["close_date"].min()
    assert rows.filter(pl.col("close_date") > oldest).height <= 50
    few = comparables_frame(kept, Sales(sales), SETTINGS)
    mine = table.filter(
        pl.col("listing_key").is_in(kept.filter(pl.col("role") == "sale")["listing_key"].implode())
    )
    assert_frame_equal(few.filter(pl.col("role") == "sale"), mine, check_exact=True)


def test_a_market_without_sales_has_no_comparables(sales) -> None:
    got = comparables_frame(sale_subjects(sales), Sales(sales.head(0)), SETTINGS)
    assert got.is_empty()
    assert {"comp_adjusted_price", "weight", "rank"} <= set(got.columns)
