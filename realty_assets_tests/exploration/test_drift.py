"""Drift that is planted is found; two halves of the same are not told apart."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.exploration.drift import drift, severity_of
from realty_assets.exploration.drift_measures import (
    Drift,
    binned,
    drift_of_numbers,
    drift_of_words,
    ks_distance,
    psi,
    reference_edges,
)
from realty_assets.exploration.findings import Report
from realty_assets_tests.exploration.towns import Row, seen, town, warnings

MONTHS = [date(2023, month, 1) for month in range(1, 13)]


def report_on(frame: pl.DataFrame) -> Report:
    with seen(frame) as opened:
        return drift(opened)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    per_month=st.integers(100, 900),
    kind=st.sampled_from(["normal", "lognormal", "counts", "half empty", "constant"]),
)
def test_months_of_the_same_kind_are_not_told_apart(seed: int, per_month: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n = per_month * len(MONTHS)
    values = {
        "normal": lambda: rng.normal(size=n),
        "lognormal": lambda: rng.lognormal(12, 0.5, n).round(-2),
        "counts": lambda: rng.integers(1, 6, n).astype(float),
        "half empty": lambda: np.where(rng.random(n) < 0.5, np.nan, rng.normal(size=n)),
        "constant": lambda: np.full(n, 3.0),
    }[kind]()
    month_of = np.repeat(np.arange(len(MONTHS)), per_month)
    found = drift_of_numbers("x", values, month_of, MONTHS, 4)
    assert len(found) == 8
    assert [entry for entry in found if severity_of(entry)] == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_words=st.integers(1, 60))
def test_months_of_the_same_words_are_not_told_apart(seed: int, n_words: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(n_words))
    counted = np.array([rng.multinomial(300, weights) for _ in MONTHS])
    counts: dict[str | None, np.ndarray] = {f"w{at}": counted[:, at] for at in range(n_words)}
    found = drift_of_words("city", counts, MONTHS, 4)
    assert [entry for entry in found if severity_of(entry)] == []


@pytest.mark.parametrize("seed", range(3))
def test_a_steady_town_does_not_drift(seed: int) -> None:
    report = report_on(town(n=3000, seed=seed))
    assert [f for f in report.findings if f.severity != "unjudged"] == []


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("living_area", lambda row: row["living_area"] * 1.5),
        ("garage_spaces", lambda row: None),
        ("city", lambda row: "Houston"),
        ("bedrooms_total", lambda row: row["bedrooms_total"] + 2),
    ],
)
def test_drift_that_is_planted_is_found_in_its_month(field: str, change) -> None:  # type: ignore[no-untyped-def]
    def spoil(row: Row) -> Row:
        return row | ({field: change(row)} if row["listing_contract_date"].month == 9 else {})

    found = warnings(report_on(town(n=3000, spoil=spoil)))
    assert [finding.field for finding in found] == [field]
    assert "(2023-09)" in found[0].sentence


def test_the_bins_are_those_of_the_reference_whatever_comes_later() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=500)
    later = [rng.normal(size=500), rng.normal(5, 9, 500)]
    month_of = np.repeat([0, 1], 500)
    both = [drift_of_numbers("x", np.append(first, x), month_of, MONTHS[:2], 1)[0] for x in later]
    assert [entry.m for entry in both] == [500, 500]
    counts = binned(first, reference_edges(first))
    assert counts.sum() == 500
    assert counts[:10].tolist() == [50] * 10
    assert both[1].psi > 0.5 > both[0].psi


def test_psi_and_ks_of_known_counts() -> None:
    value, n_bins = psi(np.array([99, 99, 0]), np.array([199, 99, 0]))
    p, q = np.array([99.5, 99.5]) / 199, np.array([199.5, 99.5]) / 299
    assert n_bins == 2
    assert value == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert ks_distance(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])) == 0.5


def test_a_value_that_the_reference_never_leaves_has_a_bin_of_its_own() -> None:
    counts = binned(np.array([2022.0, 2022, 2023, 2021]), reference_edges(np.full(300, 2022.0)))
    assert counts.tolist() == [1, 2, 1, 0]


def test_chance_allows_more_in_small_months() -> None:
    def noise(n: int) -> float:
        return Drift("x", MONTHS[0], n, 1000, 10, 0.0, None, math.inf).noise

    assert noise(100) > 2 * noise(400)


def test_small_months_are_not_judged() -> None:
    found = report_on(town(n=200)).findings
    assert {f.severity for f in found} == {"unjudged"}
