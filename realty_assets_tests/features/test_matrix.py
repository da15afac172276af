"""The matrix: which day a row stands on, who gets a row, what falls away without data."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from realty_assets.features import audit, registry
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.registry import barred, features, registry_frame
from realty_assets.features.sales import Sales
from realty_assets.features.statistics import statistics
from realty_assets.features.structure import structure_features, with_inputs
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets_tests.features.towns import town

SETTINGS = FeatureSettings()


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town()


@pytest.fixture(scope="module")
def matrix(sales) -> pl.DataFrame:
    return build_matrix(sale_subjects(sales), Sales(sales), SETTINGS, n_threads=2)


def test_as_of_is_the_day_before_the_listing_or_else_the_close(sales) -> None:
    rows = sales.head(3).with_columns(
        close_date=pl.Series([date(2021, 5, 10)] * 3),
        listing_contract_date=pl.Series([date(2021, 4, 1), None, date(2021, 6, 1)]),
    )
    got = sale_subjects(rows).sort("listing_key")["as_of"].to_list()
    assert got == [date(2021, 3, 31), date(2021, 5, 9), date(2021, 5, 9)]


def test_every_sale_has_its_row_and_comparables_explain_prices(sales, matrix) -> None:
    assert matrix["listing_key"].sort().to_list() == sales["listing_key"].sort().to_list()
    known = matrix.filter(
        pl.col("hedonic_log_value").is_not_null(), pl.col("excluded_by").is_null()
    )
    truth = np.log(known["close_price"].to_numpy())
    level = known["index_log"].to_numpy()
    plain = truth - known["hedonic_log_value"].to_numpy() - level
    near = truth - known["comps_log_value"].to_numpy() - level
    assert np.median(np.abs(near)) < 0.5 * np.median(np.abs(plain))
    assert np.median(np.abs(near)) < 0.11


def test_a_home_without_a_place_is_compared_by_its_groups(matrix) -> None:
    lost = matrix.filter(pl.col("latitude").is_null(), pl.col("hedonic_log_value").is_not_null())
    assert len(lost) > 0
    assert (lost["comps_count"] == 0).all()
    assert lost["location_residual_1000m"].null_count() == len(lost)
    assert lost["comps_log_value"].null_count() == 0


def test_active_listings_ask_for_a_value_and_else_every_property(sales) -> None:
    today = date(2022, 2, 1)
    listings = sales.head(4).with_columns(
        standard_status=pl.Series(["Active", "Pending", "Active", "Closed"])
    )
    homes = sales.unique("property_key").with_columns(first_known_at=pl.col("known_at"))
    got = today_subjects(listings, homes, today)
    assert got["role"].to_list() == ["active", "active"]
    assert set(got["as_of"]) == {today}
    quiet = today_subjects(listings.filter(pl.lit(False)), homes, today)
    assert quiet["property_key"].sort().to_list() == homes["property_key"].sort().to_list()
    assert quiet["listing_key"].null_count() == len(quiet)
    # A second source, without active listings, still gets its homes valued.
    other = homes.head(3).with_columns(
        property_key=pl.lit("X") + pl.col("property_key"), source=pl.lit("b")
    )
    both = today_subjects(
        listings,
        pl.concat([homes, other]),
        today,
    )
    assert both.filter(pl.col("role") == "property").height == 3
    valued = build_matrix(got, Sales(sales), SETTINGS)
    assert valued["comps_log_value"].null_count() == 0
    assert valued["close_price"].null_count() == len(valued)


def test_families_without_data_fall_away_and_the_registry_says_so(sales) -> None:
    bare = sales.with_columns(
        latitude=pl.lit(None, dtype=pl.Float64), longitude=pl.lit(None, dtype=pl.Float64)
    ).drop("bedrooms_total", "subdivision_name", "postal_code")
    bare = bare.with_columns(postal_code=pl.lit(None, dtype=pl.String))
    got = build_matrix(sale_subjects(bare), Sales(bare), SETTINGS)
    specs = features(SETTINGS.comps)
    table = registry_frame(specs, statistics(got, specs))
    gone = set(table.filter(~pl.col("family_present"))["family"])
    assert {"location", "location_residual"} <= gone
    assert "structure" not in gone
    assert got["hedonic_log_value"].null_count() < len(got) / 3


def test_a_market_without_a_single_sale_has_empty_market_features(sales) -> None:
    got = build_matrix(sale_subjects(sales).head(3), Sales(sales.head(0)), SETTINGS)
    assert got["comps_log_value"].null_count() == 3
    assert got["latest_comp_known_at"].null_count() == 3
    assert audit.late_rows(got).is_empty()
    empty = build_matrix(sale_subjects(sales).head(0), Sales(sales), SETTINGS)
    assert (len(empty), empty.columns) == (0, got.columns)


def test_structure_is_row_by_row_and_knows_what_it_does_not_know() -> None:
    rows = with_inputs(
        pl.DataFrame(
            {
                "living_area": [2000.0, 0.0, None],
                "year_built": [2000, 2921, None],
                "year_renovated": [2015, None, None],
                "as_of": [date(2020, 6, 1)] * 3,
            }
        )
    )
    got = structure_features(rows, pl.col("as_of").dt.year())
    assert got["age_years"][0] == 20
    assert got["since_work_years"][0] == 5
    assert got["renovated_yn"][0] == 1
    assert np.isnan(got["ln_living_area"][1:]).all()
    assert np.isnan(got["age_years"][1:]).all()
    for name, values in structure_features(rows.head(1), pl.col("as_of").dt.year()).items():
        assert np.array_equal(values, got[name][:1], equal_nan=True)


def test_the_registry_names_exactly_the_columns_of_the_matrix(matrix) -> None:
    specs = features(SETTINGS.comps)
    assert audit.unexplained_columns(matrix.columns, specs, "off_market") == []
    assert {spec.name for spec in specs} <= set(matrix.columns)
    assert len({spec.name for spec in specs}) == len(specs)
    assert all(spec.description and spec.unit and spec.source_columns for spec in specs)
    listing_words = ("list_price", "days_on_market", "status", "photos", "remarks")
    for spec in specs:
        # What other homes, sold before, were listed for is no news of this home's listing.
        assert spec.family == "windows" or not any(
            word in c for c in (spec.name, *spec.source_columns) for word in listing_words
        )


def test_what_a_track_may_not_know_is_barred() -> None:
    late = registry.Feature("list_price", "x", "usd", ("list_price",), "x", "on_market")
    specs = (*features(), late)
    assert barred(["list_price", "age_years", "mystery"], specs, "off_market") == [
        "list_price",
        "mystery",
    ]
    assert barred(["list_price"], specs, "on_market") == []
    with pytest.raises(ValueError, match="unknown track"):
        barred([], specs, "offmarket")


def test_the_registry_hash_notices_a_change() -> None:
    specs = features()
    assert registry.registry_hash(specs) == registry.registry_hash(features())
    assert registry.registry_hash(specs) != registry.registry_hash(specs[::-1])


def test_the_audit_catches_what_is_late_or_unproven(matrix) -> None:
    assert audit.late_rows(matrix).is_empty()
    assert audit.n_repeated(matrix) == 0
    fed = matrix.filter(pl.col("hedonic_log_value").is_not_null()).head(5)
    midnight = pl.col("as_of").cast(pl.Datetime("us"))
    assert len(audit.late_rows(fed.with_columns(latest_comp_known_at=midnight))) == 5
    unproven = fed.with_columns(latest_comp_known_at=pl.lit(None, dtype=pl.Datetime("us")))
    assert len(audit.late_rows(unproven)) == 5
    young = matrix.filter(
        pl.col("hedonic_log_value").is_null(), pl.col("window_h3_6_90d_sales") > 0
    ).head(5)
    unproven = young.with_columns(latest_comp_known_at=pl.lit(None, dtype=pl.Datetime("us")))
    assert len(audit.late_rows(unproven)) == len(young) == 5
    assert (
        len(audit.late_rows(fed.with_columns(info_on=pl.col("as_of") + pl.duration(days=1)))) == 5
    )
    assert audit.n_repeated(pl.concat([fed, fed.head(2)])) == 2
