"""One home on one day has one row of features, whoever asks, with whom, and in which role."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from realty_assets.features import matrix as matrix_module
from realty_assets.features.matrix import EVIDENCE_COLUMNS, FeatureSettings, build_matrix
from realty_assets.features.registry import features
from realty_assets.features.sales import Sales
from realty_assets.features.structure import structure_features, with_inputs
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.features.vintages import make_vintages
from realty_assets_tests.features.towns import town

SETTINGS = FeatureSettings()
SEEN = [*(spec.name for spec in features(SETTINGS.comps)), *EVIDENCE_COLUMNS]
PROPERTY = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return town()


@pytest.fixture(scope="module")
def trained_on(sales) -> pl.DataFrame:
    """The rows that models learn from, all made together."""
    return build_matrix(sale_subjects(sales), Sales(sales), SETTINGS, n_threads=2)


@given(at=st.integers(0, 899), company=st.integers(0, 6), listed=st.booleans())
@PROPERTY
def test_a_batch_of_values_sees_what_training_saw(sales, trained_on, at, company, listed) -> None:
    """The home asked for as a listing or a property of that day, alone or in company."""
    row = trained_on.row(at, named=True)
    today = row["as_of"]
    home = sales.filter(pl.col("listing_key") == row["listing_key"])
    others = sales.slice((at * 7) % 850, company)
    asked = pl.concat([home, others]).unique("listing_key", maintain_order=True)
    none = sales.head(0).with_columns(standard_status=pl.lit("Active"))
    if listed:
        wanted = today_subjects(asked.with_columns(standard_status=pl.lit("Active")), none, today)
    else:
        wanted = today_subjects(none, asked, today)
    got = build_matrix(wanted, Sales(sales), SETTINGS)
    own = got.filter(pl.col("property_key") == row["property_key"]).head(1)
    mine = trained_on.slice(at, 1)
    assert_frame_equal(own.select(SEEN), mine.select(SEEN), check_exact=True)


@given(at=st.integers(300, 899), months=st.integers(1, 5))
@PROPERTY
def test_a_backtest_sees_what_training_saw(sales, trained_on, at, months) -> None:
    """Whoever has an as_of not after the cutoff has the same row under any cutoff."""
    row = trained_on.row(at, named=True)
    cutoff = date(2022, months, 1)
    vintages = make_vintages(Sales(sales), cutoff, SETTINGS.index)
    subject = sale_subjects(sales.filter(pl.col("listing_key") == row["listing_key"]))
    got = build_matrix(subject, Sales(sales), SETTINGS, cutoff=cutoff, vintages=vintages)
    assert_frame_equal(got, trained_on.slice(at, 1), check_exact=True)


def test_a_long_month_in_parts_is_the_same_month(sales, trained_on, monkeypatch) -> None:
    monkeypatch.setattr(matrix_module, "CHUNK", 7)
    got = build_matrix(sale_subjects(sales), Sales(sales), SETTINGS, n_threads=2)
    assert_frame_equal(got, trained_on, check_exact=True)


def test_a_neighbour_that_is_like_it_changes_no_bit_of_a_home(sales) -> None:
    """Polars holds a column of one value as such, and divides by it in another way."""
    alike = sales.filter(pl.col("bedrooms_total") == 4)
    year = pl.col("close_date").dt.year()
    together = structure_features(with_inputs(alike), year)
    for at in range(0, len(alike) - 1, 7):
        two = pl.concat([alike.slice(at, 1), alike.slice(at + 1, 1)])
        found = structure_features(with_inputs(two), year)
        for name, column in together.items():
            assert np.array_equal(found[name], column[at : at + 2], equal_nan=True), name
