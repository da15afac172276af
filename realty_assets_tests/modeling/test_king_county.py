"""King County, March to May 2015: the figures of the release, on every sale, with no future."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sales(shared_data: Path) -> pl.DataFrame:
    """clean.sales of the file, the twin row left out, every day known at its local end."""
    rows = pl.read_csv(
        shared_data / "king_county" / "kc_house_data.csv",
        schema_overrides={"id": pl.String, "zipcode": pl.String, "price": pl.Float64},
    ).unique(maintain_order=True)
    col, day = pl.col, pl.col("date").str.slice(0, 8).str.to_date("%Y%m%d")
    some = {name: pl.when(col(name) > 0).then(col(name)) for name in ("sqft_lot", "sqft_lot15")}
    return rows.select(
        listing_key=col("id") + "-" + col("date").str.slice(0, 8),
        property_key=col("id"),
        parcel_number=col("id"),
        source=pl.lit("king_county"),
        known_at=day.dt.offset_by("1d").cast(pl.Datetime("us")) + pl.duration(hours=8),
        listing_contract_date=pl.lit(None, dtype=pl.Date),
        close_date=day,
        close_price=col("price"),
        postal_code=col("zipcode"),
        latitude=col("lat"),
        longitude=col("long"),
        living_area=col("sqft_living"),
        lot_size_square_feet=some["sqft_lot"],
        year_built=col("yr_built"),
        year_renovated=pl.when(col("yr_renovated") > 0).then(col("yr_renovated")),
        bedrooms_total=col("bedrooms"),
        bathrooms_total=col("bathrooms"),
        stories_total=col("floors").cast(pl.Float64),
        waterfront_yn=col("waterfront") == 1,
        view_score=col("view"),
        condition_score=col("condition"),
        grade_score=col("grade"),
        above_grade_finished_area=col("sqft_above"),
        below_grade_finished_area=col("sqft_basement"),
        neighbor_living_area=col("sqft_living15"),
        neighbor_lot_size=some["sqft_lot15"],
        excluded_by=pl.lit(None, dtype=pl.String),
    )


@pytest.fixture(scope="module")
def matrix(sales) -> pl.DataFrame:
    return build_matrix(sale_subjects(sales), Sales(sales), FeatureSettings(), n_threads=2)


def test_real_rows_do_not_see_the_future_either(sales, matrix) -> None:
    moment = date(2014, 9, 17)
    left = sales.filter(pl.col("close_date") < moment)
    early = sale_subjects(sales).filter(pl.col("as_of") <= moment)
    got = build_matrix(early, Sales(left), FeatureSettings(), n_threads=2)
    mine = matrix.filter(pl.col("as_of") <= moment)
    assert len(mine) > 8000
    assert_frame_equal(got, mine, check_exact=True)
