"""An invented market of any size, for the benchmarks of features and models.

Towns of 5,000 sales each on a plain that grows with their number, so that a larger market is not a
denser one, as it would be if the same streets sold more often.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl

FIRST = date(2014, 1, 1)
SALES_PER_TOWN, SPOTS_PER_TOWN = 5_000, 12


def invented(n: int, years: int = 10, seed: int = 1) -> pl.DataFrame:
    """clean.sales of `n` sales over `years` from FIRST, with the columns that features read."""
    random = np.random.default_rng(seed)
    towns = max(n // SALES_PER_TOWN, 1)
    spots = towns * SPOTS_PER_TOWN
    homes = max(int(0.8 * n), 1)
    spot = random.integers(0, spots, homes)
    side = 0.25 * np.sqrt(towns)  # degrees
    centre = np.repeat(random.uniform(-side / 2, side / 2, (towns, 2)), SPOTS_PER_TOWN, axis=0)
    centre = centre + random.normal(0, 0.03, (spots, 2))
    place = centre[spot] + random.normal(0, 0.01, (homes, 2))
    living = np.round(np.exp(random.normal(7.6, 0.35, homes)))
    lot = np.round(living * np.exp(random.normal(1.4, 0.5, homes)))
    built = random.integers(1940, 2014, homes)
    grade = np.clip(np.round(random.normal(7, 1.2, homes)), 3, 12)
    worth = random.normal(0, 0.25, spots)[spot] + 3.0 * (place[:, 0] + 0.5 * place[:, 1]) / side
    base = 6.0 + 0.7 * np.log(living) + 0.08 * grade + 0.06 * np.log(lot) - 0.002 * (2014 - built)
    home = random.integers(0, homes, n)
    day = np.sort(random.integers(0, 365 * years, n))
    level = 0.05 * day / 365 + 0.03 * np.sin(2 * np.pi * day / 2000)
    log_price = (base + 0.15 * worth)[home] + level + random.normal(0, 0.08, n)
    wait = random.integers(15, 110, n)
    start = np.datetime64(FIRST, "D")
    close = start + day
    known = close.astype("datetime64[us]") + random.integers(25, 150, n).astype("timedelta64[h]")
    price = np.round(np.exp(log_price), -2)
    town = spot // SPOTS_PER_TOWN
    columns: dict[str, Any] = {
        "listing_key": [f"L{i:07d}" for i in range(n)],
        "property_key": [f"H{h:07d}" for h in home.tolist()],
        "parcel_number": [f"P{h:07d}" for h in home.tolist()],
        "source": "invented",
        "known_at": known,
        "listing_contract_date": close - wait,
        "purchase_contract_date": close - np.minimum(wait - 5, 35),
        "close_date": close,
        "close_price": price,
        "list_price": np.round(price * np.exp(random.normal(0.01, 0.02, n)), -2),
        "days_on_market": (wait - np.minimum(wait - 5, 35)).astype(np.float64),
        "postal_code": [f"7{s // 4:04d}" for s in spot[home].tolist()],
        "mls_area_minor": [f"Area {t}" for t in town[home].tolist()],
        "subdivision_name": [f"Sub {s}" for s in spot[home].tolist()],
        "latitude": 30.0 + place[home, 0],
        "longitude": -96.0 + place[home, 1],
        "living_area": living[home],
        "lot_size_square_feet": lot[home],
        "year_built": built[home],
        "grade_score": grade[home],
        "bedrooms_total": np.clip(living[home] // 600, 1, 7),
        "bathrooms_total": np.clip(np.round(living[home] / 800 * 2) / 2, 1, 6),
        "stories_total": random.integers(1, 3, homes)[home].astype(np.float64),
        "garage_spaces": random.integers(0, 4, homes)[home].astype(np.float64),
        "pool_private_yn": random.random(homes)[home] < 0.15,
    }
    excluded = pl.lit(None, dtype=pl.String).alias("excluded_by")
    return pl.DataFrame(columns).with_columns(excluded)
