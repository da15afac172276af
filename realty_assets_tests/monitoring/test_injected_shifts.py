"""Shifts at known months are found within two; quiet years have next to nothing that is critical.

On drawn markets: fields, features and errors of sales as they come month by month, 20 seeds with
REALTY_TORTURE=full.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.alerting.breaches import breaches_of
from realty_assets.monitoring.alerting.policy import read_policy as alert_policy
from realty_assets.monitoring.judging import judge
from realty_assets.monitoring.populations import Reference
from realty_assets.monitoring.signals.common import with_usual
from realty_assets.monitoring.signals.domain import domain_drift
from realty_assets.monitoring.signals.exchangeability import SCHEMA, extended, martingale_drift
from realty_assets.monitoring.signals.making import MEASURED
from realty_assets_tests.monitoring.samples import FIRST, emptied, measured, policy, rows, words

SEEDS = range(20) if os.environ.get("REALTY_TORTURE") == "full" else range(1)
N_REFERENCE, PER_MONTH, N_SHIFTED = 12, 200, 3
UNTIL = next_month(FIRST, N_REFERENCE)
Draw = Callable[[np.random.Generator, int], Any]


def about(low: float, sd: float) -> Draw:
    return lambda rng, n: rng.normal(low, sd, n)


AREAS = (9, 7, 6, 5, 4, 3, 2)
CALM: dict[str, Draw] = {
    "living_area": lambda rng, n: rng.lognormal(7.6, 0.35, n),
    "lot_size": lambda rng, n: rng.lognormal(9.0, 0.5, n),
    "year_built": about(1985, 18),
    "bedrooms": lambda rng, n: rng.choice([2, 3, 4, 5], n, p=[0.15, 0.45, 0.3, 0.1]),
    "garage": emptied(about(1.6, 0.6), 0.1),
    "photos_count": lambda rng, n: rng.poisson(18, n),
    "area": words(*AREAS),
}
# What changes, and the error of sales in units of its width.
SHIFTS: dict[str, tuple[dict[str, Draw], float]] = {
    "price turn": ({}, 1.0),
    "new subdivision": ({"area": words(*AREAS, 15)}, 0.0),
    "broken feed column": ({"garage": emptied(about(1.6, 0.6), 0.9)}, 0.0),
    "photos missing": ({"photos_count": lambda rng, n: np.zeros(n, dtype=int)}, 0.0),
}


def alerts_by_month(
    later: dict[str, Draw], error: float, n_later: int, seed: int
) -> dict[date, list[Any]]:
    """The alerts that a run at the end of each month after the reference would hold."""
    frame = rows(
        CALM,
        seed=seed,
        n_reference=N_REFERENCE,
        n_later=n_later,
        per_month=PER_MONTH,
        later=later,
    )
    rng = np.random.default_rng(1000 + seed)
    keyed = frame.with_columns(basis=pl.Series(rng.permutation(len(frame))).cast(pl.String))
    months = frame.select("month", "in_reference").unique()
    apart = domain_drift(keyed, list(CALM), months, 200, seed=7)
    bets = martingale_drift(_bets(rng, n_later, error))
    named = [
        part.with_columns(track=pl.lit("off_market"), slice=pl.lit("all")) for part in (apart, bets)
    ]
    told = pl.concat([measured(frame), *named], how="diagonal_relaxed")
    drift = judge(with_usual(told, MEASURED), policy()).filter("judged")
    found = {}
    for at in range(n_later):
        month = next_month(UNTIL, at)
        standing = drift.filter(pl.col("breached"), pl.col("month") == month).to_dicts()
        facts = {"open": standing, "performance": [], "sources": []}
        found[month] = breaches_of(facts, alert_policy())
    return found


def _bets(rng: np.random.Generator, n_later: int, error: float) -> pl.DataFrame:
    parts = []
    for at in range(N_REFERENCE + n_later):
        moved = error if at >= N_REFERENCE else 0.0
        day = next_month(FIRST, at) + timedelta(days=10)
        parts.append(
            pl.DataFrame(
                {
                    "listing_key": [f"{at}-{k}" for k in range(PER_MONTH // 2)],
                    "score": rng.standard_t(5, PER_MONTH // 2) + moved,
                }
            ).with_columns(close_date=pl.lit(day), ready_on=pl.lit(day))
        )
    reference = Reference("off_market", "model", UNTIL)
    end = next_month(UNTIL, n_later)
    return extended(pl.concat(parts), pl.DataFrame(schema=SCHEMA), reference, end)


@pytest.mark.torture
@pytest.mark.parametrize("shift", SHIFTS)
def test_a_shift_is_told_of_within_two_months(shift: str) -> None:
    later, error = SHIFTS[shift]
    for seed in SEEDS:
        found = alerts_by_month(later, error, N_SHIFTED, seed)
        first_two = [found[next_month(UNTIL, at)] for at in (0, 1)]
        assert any(first_two), (shift, seed)
        what = {alert.feature for alerts in first_two for alert in alerts}
        assert what & ({*later} or {"(errors)"}), (shift, seed, what)


@pytest.mark.torture
def test_quiet_years_have_at_most_one_critical_alert_in_24_months() -> None:
    n_months = 24
    critical = 0
    for seed in SEEDS:
        found = alerts_by_month({}, 0.0, n_months, seed)
        critical += len(
            {alert.key for alerts in found.values() for alert in alerts if alert.severity != "warn"}
        )
    assert critical <= len(SEEDS)
