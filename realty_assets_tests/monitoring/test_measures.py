"""What the measures are: against scipy, against themselves, and whatever the order of rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from realty_assets.exploration.drift_measures import ks_distance, psi
from realty_assets.monitoring.discoveries import adjusted
from realty_assets.monitoring.groups import Groups
from realty_assets.monitoring.measures import measure
from realty_assets.monitoring.profile import QUANTILES, profile
from realty_assets_tests.monitoring.samples import FIRST, emptied, measured, normal, rows, words

FLOATS = st.lists(
    st.floats(-1e6, 1e6, allow_nan=False) | st.integers(0, 3).map(float), min_size=1, max_size=60
)


@settings(max_examples=200, deadline=None)
@given(one=FLOATS, other=FLOATS)
def test_the_distance_is_that_of_scipy(one: list[float], other: list[float]) -> None:
    a, b = np.sort(np.array(one)), np.sort(np.array(other))
    assert ks_distance(a, b) == pytest.approx(ks_2samp(a, b).statistic, abs=1e-12)
    assert ks_distance(a, b) == ks_distance(b, a)


@settings(max_examples=100, deadline=None)
@given(counts=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1))
def test_psi_is_never_negative_and_nothing_for_the_same_sample(
    counts: list[tuple[int, int]],
) -> None:
    first, second = np.array(counts).T
    assert psi(first, second)[0] >= 0.0
    assert psi(first, first)[0] == pytest.approx(0.0, abs=1e-12)


def test_a_later_month_is_measured_as_scipy_measures_it() -> None:
    frame = rows({"x": normal}, later={"x": lambda rng, n: rng.normal(0.2, 1.3, n)}, n_later=1)
    found = measured(frame).filter(~pl.col("in_reference") & (pl.col("method") == "ks"))
    known, own = (frame.filter(pl.col("in_reference") == inside)["x"] for inside in (True, False))
    said = ks_2samp(known.to_numpy(), own.to_numpy(), method="asymp")
    assert found["value"][0] == pytest.approx(said.statistic, abs=1e-12)
    assert found["p_value"][0] == pytest.approx(said.pvalue, rel=0.05)


def test_a_month_of_the_reference_is_measured_against_the_rest_of_it() -> None:
    frame = rows({"x": normal, "w": words(5, 3, 2)}, n_reference=4, n_later=0)
    found = measured(frame).filter(pl.col("month") == FIRST)
    own, rest = (frame.filter((pl.col("month") == FIRST) == inside) for inside in (True, False))
    ks = found.filter(pl.col("feature") == "x", pl.col("method") == "ks")["value"][0]
    assert ks == pytest.approx(ks_2samp(own["x"].to_numpy(), rest["x"].to_numpy()).statistic)
    shares = [
        part["w"].value_counts(normalize=True).sort("w")["proportion"] for part in (own, rest)
    ]
    js = found.filter(pl.col("feature") == "w", pl.col("method") == "jensen_shannon")["value"][0]
    assert js == pytest.approx(jensenshannon(*shares, base=2))
    assert found["p_value"].null_count() == len(found)
    assert set(found["n_reference"]) == {1200}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_no_bit(seed: int) -> None:
    frame = rows(
        {"x": emptied(normal, 0.2), "w": emptied(words(5, 3, 2), 0.1)}, n_reference=3, per_month=90
    )
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    assert measured(mixed).equals(measured(frame))
    one, other = (profile(Groups.of(part), ["x", "w"]) for part in (mixed, frame))
    assert one.equals(other)


def test_a_profile_says_what_the_values_are() -> None:
    frame = rows({"x": emptied(normal, 0.25), "w": words(1, 1)}, n_reference=1, n_later=0)
    told = profile(Groups.of(frame), ["x", "w"])
    x, w = told.rows(named=True)
    filled = frame["x"].drop_nulls()
    assert (x["n"], x["n_filled"]) == (400, len(filled))
    assert x["null_share"] == pytest.approx(1 - len(filled) / 400)
    assert x["null_share_se"] == pytest.approx(
        (x["null_share"] * (1 - x["null_share"]) / 400) ** 0.5
    )
    assert x["mean"] == pytest.approx(filled.mean())
    assert x["mean_se"] == pytest.approx(filled.std() / len(filled) ** 0.5)
    assert [x[f"quantile_{round(100 * q):02d}"] for q in QUANTILES] == pytest.approx(
        np.quantile(filled.to_numpy(), QUANTILES).tolist()
    )
    assert (w["n_filled"], w["mean"]) == (400, None)


def test_words_that_were_never_seen_are_counted() -> None:
    frame = rows({"w": words(5, 3, 2)}, later={"w": words(5, 3, 1, 1)}, n_later=1)
    found = measured(frame).filter(~pl.col("in_reference") & (pl.col("method") == "unseen_share"))
    own = frame.filter(~pl.col("in_reference"))["w"]
    assert found["value"][0] == pytest.approx((own == "d").mean())
    assert found["p_value"][0] < 1e-9


def test_keys_and_days_are_asked_for_their_empty_cells_only() -> None:
    frame = rows({"x": normal}).with_row_index("key").with_columns(pl.col("key").cast(pl.String))
    frame = frame.with_columns(day=pl.col("month"))
    found = measured(frame).filter(pl.col("feature").is_in(["key", "day"]))
    assert set(found["method"]) == {"null_share"}


def test_a_column_without_a_value_is_measured_all_the_same() -> None:
    frame = rows({"x": lambda rng, n: np.full(n, None)}).with_columns(pl.col("x").cast(pl.Float64))
    found = measured(frame)
    assert found.filter(pl.col("method") == "ks")["value"].null_count() == 10
    assert found.filter(pl.col("method") == "psi")["value"].to_list() == [0.0] * 10
    assert found.filter(pl.col("method") == "null_share")["value"].to_list() == [0.0] * 10


def test_without_enough_of_a_reference_nothing_is_measured() -> None:
    frame = rows({"x": normal}, n_reference=1, per_month=150)
    assert measure(Groups.of(frame), ["x"], 200).is_empty()
    nothing = frame.clear()
    assert measure(Groups.of(nothing), ["x"], 200).is_empty()
    assert profile(Groups.of(nothing), ["x"]).is_empty()


def test_adjusted_p_values_of_a_worked_example() -> None:
    # Benjamini and Hochberg (1995), table of 15 p values: four are found at 5%.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    q = adjusted([*p, float("nan")])
    assert np.isnan(q[-1])
    assert int(np.sum(q <= 0.05)) == 4
    assert (np.diff(q[:-1]) >= 0).all()
    assert adjusted([]).size == 0


@pytest.mark.parametrize("shift", [0.05, 0.1, 0.15, 0.2])
def test_the_luck_of_a_distance_is_near_that_of_scipy(shift: float) -> None:
    frame = rows({"x": normal}, later={"x": lambda rng, n: rng.normal(shift, 1, n)}, per_month=200)
    found = measured(frame).filter(~pl.col("in_reference") & (pl.col("method") == "ks"))
    known = frame.filter("in_reference")["x"].to_numpy()
    for month, value in found.select("month", "p_value").iter_rows():
        own = frame.filter(~pl.col("in_reference") & (pl.col("month") == month))["x"].to_numpy()
        assert value == pytest.approx(ks_2samp(known, own, method="exact").pvalue, rel=0.1)


def test_a_distance_is_of_filled_values_only() -> None:
    frame = rows({"x": emptied(normal, 0.9)})
    found = measured(frame).filter(~pl.col("in_reference"))
    n = dict(found.group_by("method").agg(pl.col("n").first()).iter_rows())
    assert n["psi"] == n["null_share"] == 400
    assert n["ks"] < 80
