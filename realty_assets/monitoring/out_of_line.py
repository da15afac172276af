"""Figures of closed sales that are out of line, and since when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from realty_assets.evaluation.acceptable import ACCEPTABLE, within

Row = dict[str, Any]
NOMINAL = 0.90
# A figure, what it means when it is out of line, and when it is.
WRONG: tuple[tuple[str, str, Callable[[Mapping[str, Any]], bool]], ...] = (
    (
        "coverage_90",
        "Intervals hold fewer sales than they promise.",
        lambda row: row["high"] < NOMINAL,
    ),
    (
        "median_ratio",
        "Values lie too high or too low as a whole.",
        lambda row: within("median_ratio", row["value"]) is False,
    ),
)


def out_of_line(rows: Sequence[Row]) -> list[Row]:
    """Figures of each track's newest month that are out of line: coverage whose interval lies below
    nominal, a median ratio that is not acceptable. Two months in a row are critical.

    `rows` of sql/monitoring/performance_shown.sql; each comes with severity, cause, since,
    n_consecutive and threshold.
    """
    told = []
    for newest in newest_figures(rows):
        for metric, cause, wrong in WRONG:
            own = [r for r in rows if (r["track"], r["metric"]) == (newest["track"], metric)]
            run = list(takewhile(wrong, sorted(own, key=lambda r: r["month"], reverse=True)))
            if run:
                told.append(
                    {
                        **run[0],
                        "severity": "critical" if len(run) > 1 else "warn",
                        "cause": cause,
                        "since": run[-1]["month"],
                        "n_consecutive": len(run),
                        "threshold": _threshold(run[0]),
                    }
                )
    return told


def _threshold(row: Row) -> float:
    if row["metric"] not in ACCEPTABLE:
        return NOMINAL
    low, high = ACCEPTABLE[row["metric"]]
    return low if row["value"] < low else high


def newest_figures(rows: Sequence[Row]) -> list[Row]:
    """The newest month of each track that has any: month, n, maturity_share, figures by name."""
    found = []
    for track in sorted({row["track"] for row in rows}):
        own = [row for row in rows if row["track"] == track and row["value"] is not None]
        if own:
            month = max(row["month"] for row in own)
            last = [row for row in own if row["month"] == month]
            found.append(
                {
                    "track": track,
                    "month": month,
                    "n": last[0]["n"],
                    "n_expected": last[0]["n_expected"],
                    "maturity_share": last[0]["maturity_share"],
                    "figures": {row["metric"]: row for row in last},
                }
            )
    return found
