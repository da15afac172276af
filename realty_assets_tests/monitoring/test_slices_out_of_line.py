"""Segments of closed sales: what is told of matters and is no luck, however many are asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.alerting.breaches import breaches_of
from realty_assets.monitoring.alerting.policy import read_policy
from realty_assets.monitoring.slices_out_of_line import slices_out_of_line

FIRST, N_MONTHS = date(2023, 1, 1), 8


def months(
    slice_name: str, metric: str, values: list[float], n: int = 60, half: float = 0.02
) -> list[dict[str, Any]]:
    return [
        {
            "track": "off_market",
            "month": next_month(FIRST, at),
            "slice": slice_name,
            "metric": metric,
            "n": n,
            "value": value,
            "low": value * (1 - half),
            "high": value * (1 + half),
        }
        for at, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("metric", "usual", "moved", "severity"),
    [
        ("coverage_90", 0.9, 0.78, "critical"),
        ("coverage_90", 0.9, 0.80, "warn"),
        ("median_ratio", 1.0, 1.18, "critical"),
        ("median_ratio", 1.0, 0.85, "critical"),
        ("mdape", 0.08, 0.12, "warn"),
        ("mdape", 0.08, 0.16, "critical"),
    ],
)
def test_a_segment_that_is_far_out_is_told_of(
    metric: str, usual: float, moved: float, severity: str
) -> None:
    calm = [row for area in range(20) for row in months(f"area {area}", metric, [usual] * N_MONTHS)]
    out = months("area 77001", metric, [usual] * 5 + [moved] * 3)
    (told,) = slices_out_of_line(calm + out)
    assert (told["slice"], told["metric"], told["severity"]) == ("area 77001", metric, severity)
    assert (told["n"], told["n_consecutive"]) == (180, 3)
    facts = {"open": [], "performance": [], "slices": calm + out, "sources": []}
    (breach,) = breaches_of(facts, read_policy())
    assert breach.key == f"performance/off_market/area 77001/{metric}"
    assert "area 77001" in breach.sentence


def test_too_few_sales_and_no_past_tell_nothing() -> None:
    few = months("area 1", "coverage_90", [0.5] * N_MONTHS, n=30)
    fresh = months("area 2", "mdape", [0.3] * 3)
    assert slices_out_of_line(few + fresh) == []
    assert slices_out_of_line([]) == []


def test_many_calm_segments_are_hardly_ever_told_of() -> None:
    rng = np.random.default_rng(1)
    n_told = 0
    for _ in range(100):
        rows: list[dict[str, Any]] = []
        for area in range(30):
            covered = rng.binomial(60, 0.9, N_MONTHS) / 60
            level = np.exp(rng.normal(0.0, 0.015, N_MONTHS))
            error = 0.08 * np.exp(rng.normal(0.0, 0.12, N_MONTHS))
            rows += months(f"area {area}", "coverage_90", covered.tolist())
            rows += months(f"area {area}", "median_ratio", level.tolist(), half=0.03)
            rows += months(f"area {area}", "mdape", error.tolist(), half=0.24)
        told = slices_out_of_line(rows)
        n_told += bool(told)
        assert all(row["severity"] == "warn" for row in told)
    assert n_told <= 5
