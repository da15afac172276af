"""Two years of a market whose homes drift apart: what the managed model keeps, and what it costs.

The prices of larger homes rise and those of others fall, so that the market's level, which every
model is told afresh, says nothing of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.promotion.policy import read_policy as read_promotion
from realty_assets.retraining.policy import read_policy
from realty_assets.retraining.replay.play import Rules
from realty_assets.retraining.replay.run import Asked, replay
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import market_of

pytestmark = [pytest.mark.slow, pytest.mark.torture]
FULL = os.environ.get("REALTY_TORTURE") == "full"
FIRST, APART_A_MONTH = date(2022, 1, 1), 0.01
N_SALES, LAST = (12_600, date(2023, 12, 1)) if FULL else (5_250, date(2022, 3, 1))
MONTHS_OF_SALES = 12 + (LAST.year - FIRST.year) * 12 + LAST.month


def drifting_apart(seed: int) -> pl.DataFrame:
    """A town of 350 sales a month whose larger homes rise, and others fall, from FIRST on."""
    sales = town(N_SALES, months=MONTHS_OF_SALES, seed=seed)
    months = (pl.col("close_date") - pl.lit(FIRST)).dt.total_days().clip(0) / 30.4
    large = pl.col("living_area") > sales["living_area"].median()
    apart = pl.when(large).then(APART_A_MONTH * months).otherwise(-APART_A_MONTH * months)
    return sales.with_columns(close_price=(pl.col("close_price") * apart.exp()).round(0))


@pytest.mark.parametrize("seed", [1, 2] if FULL else [1])
def test_a_managed_model_keeps_up_with_a_drifting_market_and_retrains_seldom(
    tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    rules = Rules.of(read_policy(), read_promotion(), lambda day: 0.05)
    asked = Asked(FIRST, LAST, tmp_path, "data", pl.DataFrame())
    market = market_of(drifting_apart(seed), 2)
    told: dict[str, Any] = replay(market, lambda world: rules, asked, lambda month: None)
    assert told["n_months_300"] >= told["n_months"] - 2  # the ends of the town's sales are thin
    assert told["n_retrains"] <= told["n_retrains_monthly"] / 2
    if not FULL:
        return
    for name, kept in {
        "median error below the never retrained": "gain_over_never",
        "coverage of 90%": "managed_coverage",
        "coverage of 90%, worst month": "managed_coverage_worst_300",
        "retrains in 24 months": "n_retrains",
        "median error, managed": "managed_mdape",
        "median error, retrained monthly": "monthly_mdape",
    }.items():
        record_property(name, float(told[kept]))
    assert told["managed_coverage_worst_300"] >= 0.82
    assert 0.885 <= told["managed_coverage"] <= 0.915
    assert told["gain_over_never"] >= 0.10
