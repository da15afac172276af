"""Rows of full months against those of the reference's months."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from realty_assets.monitoring.judging import judge
from realty_assets.monitoring.row_counts import row_counts
from realty_assets_tests.monitoring.samples import policy

UNTIL = date(2023, 7, 1)


def months(*sizes: int) -> pl.Series:
    names = [date(2023, at, 1) for at in range(1, len(sizes) + 1)]
    return pl.Series("month", [m for m, n in zip(names, sizes, strict=True) for _ in range(n)])


def test_full_months_are_held_against_the_usual_one() -> None:
    found = row_counts(
        months(90, 100, 110, 100, 95, 105, 50, 20), "sales", date(2023, 8, 15), UNTIL
    )
    assert found["in_reference"].to_list() == [True] * 6 + [False]
    assert found["value"][-1] == pytest.approx(np.log(0.5))
    assert found["n"].to_list() == [90, 100, 110, 100, 95, 105, 50]


def test_a_feed_that_has_stopped_is_critical_though_there_is_nothing_to_count() -> None:
    sizes = (190, 200, 210, 200, 195, 205)
    found = row_counts(months(*sizes), "listings", date(2023, 9, 1), UNTIL)
    assert found["n"].to_list() == [*sizes, 0, 0]
    about = found.with_columns(track=pl.lit("all"), slice=pl.lit("all"))
    judged = judge(about, policy()).filter(~pl.col("in_reference"))
    assert judged["severity"].to_list() == ["critical", "critical"]
    assert judged["n_consecutive"].to_list() == [1, 2]


def test_without_a_full_month_of_the_reference_nothing_is_told() -> None:
    assert row_counts(months(50), "sales", date(2023, 1, 20), UNTIL).is_empty()
    assert row_counts(months(50, 50), "sales", date(2023, 4, 1), None).is_empty()
    assert row_counts(months(), "sales", date(2023, 4, 1), UNTIL).is_empty()
