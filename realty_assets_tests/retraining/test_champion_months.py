"""When the newest months of a champion count as out of line, and which months are asked."""

from __future__ import annotations

from datetime import date
from math import sqrt

import numpy as np
import polars as pl
import pytest

from realty_assets.retraining import champion_months as cm
from realty_assets.retraining.policy import PerformanceRule

RULE = PerformanceRule()


def months(
    rng: np.random.Generator,
    *,
    n: int = 120,
    bias: float = 0.0,
    scale: float = 0.1,
    covered: float = 0.9,
    wobble: float = 0.0,
) -> pl.DataFrame:
    """Six months of the reference, and two since that differ by what is said; the level of each
    month wobbles."""
    rows = []
    for i in range(8):
        since = i >= 6
        level = rng.normal(0.0, wobble) + (bias if since else 0.0)
        off = rng.normal(level, scale if since else 0.1, n)
        share = covered if since else 0.9
        rows.append(
            {
                "track": "off_market",
                "champion_version": "c",
                "month": date(2025, 1 + i, 1),
                "in_reference": not since,
                "n_sales": n,
                "mean_abs_log": float(np.mean(np.abs(off))),
                "sd_abs_log": float(np.std(np.abs(off), ddof=1)),
                "mean_log": float(np.mean(off)),
                "sd_log": float(np.std(off, ddof=1)),
                "mdape": 0.07,
                "n_covered": int(rng.binomial(n, share)),
            }
        )
    return pl.DataFrame(rows, schema=cm.SCHEMA)


def breaches(seed: int, **how: float) -> tuple[str, ...]:
    seen = cm.standing(months(np.random.default_rng(seed), **how), RULE)  # type: ignore[arg-type]
    assert seen is not None
    assert set(seen.breaches) <= set(seen.doubts)
    return seen.breaches


def test_calm_months_hardly_ever_count_as_out_of_line() -> None:
    calm = [breaches(seed) for seed in range(200)]
    assert sum(map(bool, calm)) <= 6
    # A recipe whose level wobbles from month to month does so in the reference, too.
    wobbling = [breaches(seed, wobble=0.03) for seed in range(200)]
    assert sum(map(bool, wobbling)) <= 24


@pytest.mark.parametrize(
    ("name", "how"),
    [("bias", {"bias": 0.05}), ("error", {"scale": 0.15}), ("coverage", {"covered": 0.75})],
)
def test_what_has_moved_is_named(name: str, how: dict[str, float]) -> None:
    found = [name in breaches(seed, **how) for seed in range(50)]
    assert sum(found) >= 45


def test_few_sales_say_nothing() -> None:
    few = months(np.random.default_rng(1), n=20)
    assert cm.standing(few, RULE) is None
    assert cm.standing(pl.DataFrame(schema=cm.SCHEMA), RULE) is None


def test_what_months_differ_by_is_told_from_what_their_sales_do() -> None:
    rows = months(np.random.default_rng(2), n=4000, wobble=0.05).filter("in_reference").to_dicts()
    assert 0.015 <= sqrt(cm.between(rows, "log")) <= 0.1
    calm = months(np.random.default_rng(2), n=4000).filter("in_reference").to_dicts()
    assert sqrt(cm.between(calm, "log")) < 0.005
    assert cm.between(rows[:2], "log") == 0.0


@pytest.mark.parametrize(
    ("cutoff", "today", "first", "n"),
    [
        (date(2025, 3, 2), date(2025, 3, 2), None, 0),
        (date(2025, 3, 2), date(2025, 4, 1), date(2025, 4, 1), 1),
        (date(2025, 3, 1), date(2025, 4, 20), date(2025, 3, 1), 2),
        (date(2024, 1, 1), date(2025, 4, 20), date(2024, 11, 1), 6),
    ],
)
def test_months_since_a_cutoff(cutoff: date, today: date, first: date | None, n: int) -> None:
    found = cm.months_since(cutoff, today)
    assert len(found) == n
    assert (found[0].cutoff if found else None) == first
