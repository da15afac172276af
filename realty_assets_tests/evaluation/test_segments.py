"""Segments: every sale in exactly one of each family, by nothing that its own price decides."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.evaluation import segments


def frame(n: int = 60, seed: int = 1) -> pl.DataFrame:
    luck = np.random.default_rng(seed)

    def gaps(values: list) -> list:
        return [None if luck.random() < 0.2 else value for value in values]

    return pl.DataFrame(
        {
            "listing_key": [f"L{i:03d}" for i in range(n)],
            "close_date": [date(2024, 1, 1)] * n,
            "close_price": luck.uniform(1e5, 9e5, n),
            "prediction": np.round(luck.uniform(1e5, 9e5, n), -5),
            "cutoff": [date(2024, int(m), 1) for m in luck.integers(1, 4, n)],
            "area": gaps(luck.choice(["77001", "77002", "77003"], n).tolist()),
            "property_type": ["Residential"] * n,
            "property_sub_type": gaps(luck.choice(["House", "Condo"], n).tolist()),
            "age_years": gaps(luck.integers(-1, 120, n).astype(float).tolist()),
            "n_area_sales": gaps(luck.integers(0, 60, n).astype(float).tolist()),
            "n_photos": gaps(luck.integers(0, 3, n).tolist()),
        },
        strict=False,
    )


@given(st.integers(0, 500), st.integers(1, 70))
@settings(deadline=None, max_examples=40)
def test_every_family_holds_every_sale_once(seed, n) -> None:
    for family, masks in segments.all_segments(frame(n, seed)).items():
        assert (np.sum(list(masks.values()), axis=0) == 1).all(), family


@given(st.integers(0, 500))
@settings(deadline=None, max_examples=40)
def test_no_segment_depends_on_the_price_that_the_sale_fetched(seed) -> None:
    one = frame(60, seed)
    other = one.with_columns(close_price=pl.col("close_price").reverse() * 7)
    again = segments.all_segments(other)
    for family, masks in segments.all_segments(one).items():
        for name, mask in masks.items():
            assert (again[family][name] == mask).all()


@given(st.integers(0, 500), st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_order_of_rows_does_not_matter(seed, shuffler) -> None:
    one = frame(40, seed)
    order = list(range(40))
    shuffler.shuffle(order)
    shuffled = segments.all_segments(one[order])
    for family, masks in segments.all_segments(one).items():
        for name, mask in masks.items():
            assert (shuffled[family][name] == mask[order]).all(), (family, name)


def test_quartiles_are_of_equal_number_even_where_predictions_tie() -> None:
    found = segments.by_price_quartile(frame(41))
    assert [int(mask.sum()) for mask in found.values()] == [11, 10, 10, 10]
    dear, cheap = found["4, highest"], found["1, lowest"]
    predicted = frame(41)["prediction"].to_numpy()
    assert predicted[dear].min() >= predicted[cheap].max()


@pytest.mark.parametrize(
    ("age", "band", "new"),
    [
        (-1.0, "up to 5 years", "new build"),
        (1.0, "up to 5 years", "new build"),
        (2.0, "up to 5 years", "older"),
        (5.0, "up to 5 years", "older"),
        (6.0, "6 to 20 years", "older"),
        (80.0, "41 to 80 years", "older"),
        (81.0, "over 80 years", "older"),
        (None, "not known", "not known"),
    ],
)
def test_bands_of_age(age, band, new) -> None:
    rows = pl.DataFrame({"age_years": [age, 10.0]}, schema={"age_years": pl.Float64})
    assert [name for name, mask in segments.by_age(rows).items() if mask[0]] == [band]
    assert [name for name, mask in segments.by_new_build(rows).items() if mask[0]] == [new]


def test_a_market_is_thin_below_thirty_sales_a_year() -> None:
    rows = pl.DataFrame({"n_area_sales": [29.0, 30.0, None]})
    thin, normal, unknown = segments.by_market(rows).values()
    assert thin.tolist() == [True, False, False]
    assert normal.tolist() == [False, True, False]
    assert unknown.tolist() == [False, False, True]


def test_a_family_without_its_columns_falls_away() -> None:
    rows = frame().select("listing_key", "prediction").with_columns(area=pl.lit(None, pl.String))
    assert set(segments.all_segments(rows)) == {"all", "predicted price quartile"}
