"""Whether as many rows come in a month as usual."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.measures import SCHEMA

ROW_COUNT, ROWS = "row_count", "(rows)"


def row_counts(months: pl.Series, population: str, today: date, until: date | None) -> pl.DataFrame:
    """One row (measures.SCHEMA) per full month of `months` (n,), one entry per row of the table.

    The value is ln(rows / median rows of the reference's months): -0.69 is half as many. A month
    between the first and today without a row counts 1 in the place of 0. Months over before `until`
    are the reference; no rows without one of those.
    """
    counted = dict(months.drop_nulls().value_counts().iter_rows())
    told: list[tuple[date, int]] = []
    month = min(counted, default=today)
    while next_month(month) <= today:
        told.append((month, counted.get(month, 0)))
        month = next_month(month)
    first = [until is not None and next_month(month) <= until for month, _ in told]
    usual = sorted(n for (_, n), inside in zip(told, first, strict=True) if inside)
    if not usual:
        return pl.DataFrame(schema=SCHEMA)
    middle = max(float(np.median(usual)), 1.0)
    sizes = np.abs(np.log(np.maximum(usual, 1) / middle))
    shared: dict[str, Any] = {
        "population": population,
        "feature": ROWS,
        "method": ROW_COUNT,
        "p_value": None,
        "n_reference": sum(usual),
        "usual_mean": float(sizes.mean()),
        "usual_sd": float(sizes.std(ddof=1)) if len(sizes) > 1 else None,
        "n_usual": len(sizes),
    }
    rows = [
        {
            "month": month,
            "in_reference": inside,
            "value": float(np.log(max(n, 1) / middle)),
            "n": n,
            **shared,
        }
        for (month, n), inside in zip(told, first, strict=True)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)
