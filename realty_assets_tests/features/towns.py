"""A small invented town: clean.sales with known level, places and noise, for tests."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

START = date(2021, 1, 1)


def town(n: int = 900, months: int = 12, seed: int = 1, *, drift: float = 0.004) -> pl.DataFrame:
    """clean.sales of `n` sales over `months`; log level rises by `drift` a month.

    Has what real files have: shared coordinates, gaps, list dates on half of the rows (some after
    the close), excluded sales, and a home that sold twice.
    """
    random = np.random.default_rng(seed)
    home = np.arange(n)
    home[-20:] = home[:20]
    spot = random.integers(0, 40, n)[home]
    centre = random.normal(0, 0.05, (40, 2))
    exact = random.random(n)[home] < 0.2  # flats of one building: the very same place
    place = (
        centre[spot] + np.where(exact, 0.0, 1.0)[:, None] * random.normal(0, 0.006, (n, 2))[home]
    )
    living = np.round(np.exp(random.normal(7.5, 0.3, n)))[home]
    built = random.integers(1930, 2021, n)[home]
    day = np.sort(random.integers(0, months * 30, n))
    quality = random.normal(0, 0.25, 40)[spot]
    log_price = (
        7.0
        + 0.7 * np.log(living)
        - 0.003 * (2021 - built)
        + quality
        + drift * day / 30
        + random.normal(0, 0.07, n)
    )
    close = [START + timedelta(days=int(d)) for d in day]
    wait = random.integers(-5, 60, n)
    listed = [
        c - timedelta(days=int(w)) if i % 2 else None
        for i, (c, w) in enumerate(zip(close, wait, strict=True))
    ]
    hours = random.integers(1, 72, n)
    known = [
        pl.Series([c]).cast(pl.Datetime("us"))[0] + timedelta(hours=int(h))
        for c, h in zip(close, hours, strict=True)
    ]
    ask = np.round(np.exp(log_price + random.normal(0.02, 0.03, n)), -2)
    market_days = random.integers(0, 90, n)
    return pl.DataFrame(
        {
            "listing_key": [f"L{i:05d}" for i in range(n)],
            "property_key": [f"H{h:05d}" for h in home],
            "parcel_number": [f"P{h:05d}" for h in home],
            "source": "test",
            "known_at": pl.Series(known, dtype=pl.Datetime("us")),
            "listing_contract_date": pl.Series(listed, dtype=pl.Date),
            "close_date": close,
            "close_price": np.round(np.exp(log_price), -2),
            "postal_code": [f"770{s % 7:02d}" if s != 3 else None for s in spot],
            "subdivision_name": [f"Sub {s}" if s % 3 else None for s in spot],
            "latitude": pl.Series(29.7 + place[:, 0]).set(pl.Series(spot == 5), None),
            "longitude": -95.4 + place[:, 1],
            "living_area": living,
            "lot_size_square_feet": pl.Series(living * 4.0).set(pl.Series(home % 11 == 0), None),
            "year_built": built.astype(np.int32),
            "bedrooms_total": pl.Series((living // 600).astype(np.int32)),
            "bathrooms_total": np.round(living / 900 * 2) / 2,
            "waterfront_yn": spot % 13 == 0,
            "list_price": ask,
            "days_on_market": pl.Series(market_days).set(pl.Series(home % 9 == 0), None),
            "excluded_by": pl.Series(["sale.test" if i % 50 == 7 else None for i in range(n)]),
        }
    )
