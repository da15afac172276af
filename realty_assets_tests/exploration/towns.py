"""A made-up town of staged rows, clean unless a test spoils it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from realty_assets.exploration.findings import Finding, Report
from realty_assets.exploration.window import LISTINGS, Window, window_on
from realty_assets_tests.frames import staging

START = date(2023, 1, 1)
Row = dict[str, Any]


def town(
    n: int = 1200, months: int = 12, seed: int = 1, spoil: Callable[[Row], Row | None] = dict
) -> pl.DataFrame:
    """staging.listings of `n` listings, each seen when listed and, two of three, when it closed.

    `spoil` gets every row and gives it back changed, or None to leave it out.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        listed = START + timedelta(days=int(rng.integers(0, 30 * months - 45)))
        area = float(rng.integers(900, 4000))
        price = float(round(area * rng.lognormal(5.0, 0.3), -2))
        home = {
            "listing_key": f"{7000000 + number}",
            "property_type": "Residential",
            "property_sub_type": ["Single-Family", "Townhouse"][int(rng.random() < 0.2)],
            "listing_contract_date": listed,
            "list_price": price,
            "original_list_price": price if rng.random() < 0.7 else round(price * 1.03, -2),
            "living_area": area,
            "lot_size_square_feet": float(rng.integers(3000, 12000)),
            "year_built": int(rng.integers(1950, 2022)),
            "bedrooms_total": int(rng.integers(2, 6)),
            "bathrooms_full": int(rng.integers(1, 4)),
            "garage_spaces": float(rng.integers(0, 4)) if rng.random() < 0.9 else None,
            "pool_private_yn": bool(rng.random() < 0.2),
            "city": str(rng.choice(["Katy", "Spring", "Humble"])),
            "postal_code": str(77000 + int(rng.integers(0, 20))),
            "unparsed_address": f"{100 + number} Elm {number} Street",
            "latitude": 29.7 + float(rng.normal(0, 0.1)),
            "longitude": -95.4 + float(rng.normal(0, 0.1)),
        }
        seen = datetime(listed.year, listed.month, listed.day, 18)
        rows.append(
            home
            | {
                "standard_status": "Active",
                "known_at": seen,
                "row_hash": f"{number}a",
                "days_on_market": 0,
            }
        )
        if rng.random() < 0.67:
            closed = listed + timedelta(days=int(rng.integers(10, 45)))
            rows.append(
                home
                | {
                    "standard_status": "Closed",
                    "close_date": closed,
                    "close_price": round(price * float(rng.normal(0.98, 0.08)), -2),
                    "known_at": datetime(closed.year, closed.month, closed.day, 20),
                    "days_on_market": (closed - listed).days,
                    "row_hash": f"{number}b",
                }
            )
    return staging([kept for row in rows if (kept := spoil(row)) is not None])


def seen(
    frame: pl.DataFrame, threads: int | None = None, **more: pl.DataFrame
) -> AbstractContextManager[Window]:
    """A window on staging.listings and further tables of staging, by name."""
    tables: Mapping[str, pl.DataFrame] = {f"staging.{name}": table for name, table in more.items()}
    return window_on({LISTINGS: frame, **tables}, threads)


def warnings(report: Report, kind: str | None = None) -> list[Finding]:
    return [f for f in report.findings if f.severity == "warn" and kind in (None, f.kind)]
