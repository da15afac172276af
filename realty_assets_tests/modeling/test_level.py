"""The level correction: it follows the market on, is not carried away, and doubts small numbers."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from realty_assets.evaluation.splits import next_month
from realty_assets.features.tracks import ON_MARKET
from realty_assets.modeling.backtest import calibration_at
from realty_assets.modeling.conformal import ERROR_INPUTS
from realty_assets.modeling.level import level_shift, middle
from realty_assets.modeling.settings import ModelSettings

SETTINGS = ModelSettings()
NONE = np.zeros(0)


def test_the_level_moves_by_the_newest_errors_less_for_few() -> None:
    assert level_shift(NONE, NONE, SETTINGS) == level_shift(NONE, np.ones(9), SETTINGS) == 0.0
    many, few = np.full(30_000, 0.02), np.full(10, 0.02)
    assert level_shift(many, NONE, SETTINGS) == pytest.approx(0.02, rel=0.01)
    assert 0 < level_shift(few, NONE, SETTINGS) < 0.006
    outlier = np.append(np.full(999, 0.01), 9.0)
    assert level_shift(outlier, NONE, SETTINGS) < 0.0101


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_the_level_follows_where_the_errors_are_going(side: float) -> None:
    then, now = np.full(30_000, side * 0.01), np.full(30_000, side * 0.03)
    expected = side * (0.03 + 0.02 - SETTINGS.level_calm)
    assert level_shift(now, then, SETTINGS) == pytest.approx(expected, rel=0.01)
    # Between two months of which one is small, little can be said.
    assert side * level_shift(now, then[:5], SETTINGS) < 0.032
    # What errors move by in a calm market, too, is no turn.
    calm = now - side * 0.9 * SETTINGS.level_calm
    assert level_shift(now, calm, SETTINGS) == level_shift(now, NONE, SETTINGS)


def test_a_list_price_has_no_drift() -> None:
    listed = SETTINGS.for_track(ON_MARKET)
    then, now = np.full(3_000, -0.01), np.full(3_000, 0.03)
    assert level_shift(now, then, listed) == level_shift(now, NONE, listed)


def test_the_middle_is_as_robust_as_a_median_and_surer() -> None:
    assert middle(np.append(np.full(999, 0.01), 9.0)) < 0.0101
    random = np.random.default_rng(1)
    drawn = random.normal(0.0, 0.1, (800, 100))
    spread = np.std([middle(row) for row in drawn])
    assert spread < 0.9 * np.std(np.median(drawn, axis=1))
    assert middle(-drawn[0]) == pytest.approx(-middle(drawn[0]), abs=1e-12)


@pytest.mark.parametrize("falls", [0.0, 0.02])
def test_a_cutoff_takes_the_errors_of_the_two_months_before_it(falls: float) -> None:
    """Months of 200 sales each; every month's prices lie `falls` lower under their predictions."""
    cutoff, n = date(2023, 8, 1), 200
    random = np.random.default_rng(2)
    parts = []
    for back in (4, 3, 2, 1):
        month = next_month(cutoff, -back)
        error = random.permutation(np.linspace(-0.1, 0.1, n)) - falls * (4 - back)
        parts.append(
            pl.DataFrame({name: np.full(n, np.nan) for name in ERROR_INPUTS}).with_columns(
                cutoff=pl.lit(month),
                known_at=pl.lit(datetime(month.year, month.month, 20)),
                listing_key=pl.Series([f"{month} {i:03}" for i in range(n)]),
                property_key=pl.lit("p"),
                excluded_by=pl.lit(None, dtype=pl.String),
                postal_code=pl.lit("77001"),
                latitude=pl.lit(29.7),
                longitude=pl.lit(-95.4),
                log_value=pl.lit(12.0),
                comps_log_value=pl.lit(12.0),
                index_log=pl.lit(0.0),
                spread=pl.lit(0.01),
                close_price=pl.Series(np.exp(12.0 + error)),
            )
        )
    walked = pl.concat(parts)
    kept = n / (n + SETTINGS.level_prior_sales)
    expected = -(3.0 * falls + max(falls - SETTINGS.level_calm, 0.0)) * kept
    shift = calibration_at(walked, cutoff, SETTINGS).level_shift
    assert shift == pytest.approx(expected, abs=1e-9)
    # A sale that was not known at the cutoff has no say.
    late = walked.with_columns(
        known_at=pl.when(pl.col("cutoff") == date(2023, 7, 1))
        .then(datetime(2023, 8, 2))
        .otherwise(pl.col("known_at"))
    )
    assert calibration_at(late, cutoff, SETTINGS).level_shift == 0.0
