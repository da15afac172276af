"""Rolling origin: months, borders, and what a month is."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realty_assets.evaluation.splits import (
    grouped_folds,
    last_full_months,
    next_month,
    parse_month,
    rolling_origin,
)

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def test_a_window_has_a_fold_for_each_month_both_included() -> None:
    folds = list(rolling_origin(date(2014, 12, 1), date(2015, 2, 28)))
    assert [f.name for f in folds] == ["2014-12", "2015-01", "2015-02"]
    assert folds[0].until == folds[1].cutoff == date(2015, 1, 1)


@given(DAYS, st.integers(-30, 30))
def test_months_count_up_and_down(day, by) -> None:
    assert next_month(next_month(day, by), -by) == day.replace(day=1)


@given(DAYS, st.integers(0, 20))
def test_folds_cover_the_window_once(first, n) -> None:
    folds = list(rolling_origin(first, next_month(first, n)))
    assert len(folds) == n + 1
    assert all(a.until == b.cutoff for a, b in pairwise(folds))


def test_the_running_month_is_not_full() -> None:
    assert last_full_months(date(2015, 5, 29), 3) == (date(2015, 2, 1), date(2015, 4, 1))
    assert last_full_months(date(2015, 6, 1), 3) == (date(2015, 3, 1), date(2015, 5, 1))


@pytest.mark.parametrize("text", ["2015", "2015-13", "15-03", "2015-3", "march", ""])
def test_what_is_no_month_is_refused(text) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        parse_month(text)
    assert parse_month(" 2015-03 ") == date(2015, 3, 1)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        list(rolling_origin(date(2015, 3, 1), date(2015, 2, 1)))


KEYS = st.lists(st.text("abcdef", min_size=1, max_size=2), min_size=5, max_size=80).filter(
    lambda keys: len(set(keys)) >= 5
)


@given(KEYS, st.integers(2, 5), st.integers(0, 9), st.randoms())
def test_a_property_is_never_on_both_sides(keys, n_folds, seed, random) -> None:
    fold = grouped_folds(keys, n_folds, seed)
    of_key: dict[str, set[int]] = {}
    for key, at in zip(keys, fold.tolist(), strict=True):
        of_key.setdefault(key, set()).add(at)
    assert all(len(folds) == 1 for folds in of_key.values())
    sizes = np.bincount([folds.pop() for folds in of_key.values()], minlength=n_folds)
    assert sizes.max() - sizes.min() <= 1
    order = list(range(len(keys)))
    random.shuffle(order)
    assert grouped_folds([keys[i] for i in order], n_folds, seed).tolist() == fold[order].tolist()


def test_another_seed_deals_the_properties_out_anew() -> None:
    keys = [f"H{i}" for i in range(200)]
    assert grouped_folds(keys, 5, 1).tolist() == grouped_folds(keys, 5, 1).tolist()
    assert grouped_folds(keys, 5, 1).tolist() != grouped_folds(keys, 5, 2).tolist()


@pytest.mark.parametrize(
    ("keys", "n_folds", "what"),
    [(["a", None], 2, "without a property"), (["a", "b"], 1, "two folds"), (["a"], 2, "dealt")],
)
def test_a_grouped_split_that_cannot_be_is_refused(keys, n_folds, what) -> None:
    with pytest.raises(ValueError, match=what):
        grouped_folds(keys, n_folds, 0)
