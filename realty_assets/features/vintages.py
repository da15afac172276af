"""Monthly vintages of hedonic and index, and the table that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from realty_assets.features.fits import Fits, fit_basis
from realty_assets.features.market_index import IndexSettings, Vintage, chained, fit_vintage
from realty_assets.features.sales import DAY_US, Sales, epoch_day, month_start, months_before

Vintages = dict[int, Vintage]


def vintage_days(sales: Sales, last_day: int) -> list[int]:
    """Days of the monthly vintages: month starts from that of the first known sale to `last_day`'s.

    The list begins with the data and never skips a month: each vintage takes its base from the one
    before it, so a vintage must have the same forerunners whoever asks for it.
    """
    first = int(sales.known_at[0] // DAY_US) if len(sales) else last_day
    return _months(min(first, last_day), last_day)


def _months(first: int, last: int) -> list[int]:
    """First days of the months from that of `first` to that of `last` (days since 1970)."""
    months = np.arange(
        np.datetime64(first, "D").astype("datetime64[M]"),
        np.datetime64(last, "D").astype("datetime64[M]") + 1,
    )
    return months.astype("datetime64[D]").astype(np.int64).tolist()


def make_vintages(
    sales: Sales,
    until: date,
    settings: IndexSettings,
    *,
    extra: Iterable[date] = (),
    n_threads: int = 1,
) -> Vintages:
    """Vintages by day (since 1970), for every month start up to `until` and for `extra` after it.

    A month with fewer than `settings.min_sales` known sales has none. What `sales.fits` holds is
    taken from there, bit for bit what it would be, and what is fitted joins them.
    """
    days = _days(sales, until, extra)
    with ThreadPoolExecutor(n_threads) as threads:
        made = threads.map(lambda day: _one(sales, day, settings), days)
        return {v.day: v for v in chained([v for v in made if v is not None])}


def fits_of(
    sales: Sales, until: date, settings: IndexSettings, *, extra: Iterable[date] = ()
) -> Fits:
    """Of `sales.fits`, those that `make_vintages` of the same arguments is made from."""
    days = _days(sales, until, extra)
    bases = [fit_basis(sales.known_hashes.before(day), day, settings) for day in days]
    return {basis: sales.fits[basis] for basis in bases if basis in sales.fits}


def _days(sales: Sales, until: date, extra: Iterable[date]) -> list[int]:
    monthly = vintage_days(sales, epoch_day(until))
    return monthly + sorted(day for day in map(epoch_day, set(extra)) if day > monthly[-1])


def latest_vintage(vintages: Vintages, day: int) -> Vintage | None:
    """The newest vintage whose data were all known before 00:00 UTC of `day`."""
    usable = [d for d in vintages if d <= day]
    return vintages[max(usable)] if usable else None


def _one(sales: Sales, day: int, settings: IndexSettings) -> Vintage | None:
    first = sales.n_known(months_before(day, settings.history_months))
    known = slice(first, sales.n_known(day))
    if known.stop - known.start < settings.min_sales:
        return None
    basis = fit_basis(sales.known_hashes.before(day), day, settings)
    fit = sales.fits.get(basis)
    if fit is None:
        _, area = np.unique(sales.area_code[known], return_inverse=True)
        fit = sales.fits[basis] = fit_vintage(
            day,
            {name: x[known] for name, x in sales.terms.items()},
            sales.log_price[known],
            sales.close_day[known],
            area.astype(np.int64),
            settings,
        )
    return replace(fit, lag_days=sales.median_lag(known))


def index_frame(vintages: Vintages, sales: Sales, months_ahead: int = 3) -> pl.DataFrame:
    """features.market_index: one row per vintage and month, log level in the middle of the month.

    n_sales counts the sales of that month that the vintage knew; months past its data are forecasts
    (n_sales 0).
    """
    rows = []
    for day, vintage in sorted(vintages.items()):
        known = slice(0, sales.n_known(day))
        sold, counts = np.unique(month_start(sales.close_day[known]), return_counts=True)
        n_by_month = dict(zip(sold.tolist(), counts.tolist(), strict=True))
        last = months_before(day, -months_ahead)
        months = _months(int(month_start(vintage.first_day)), last)
        middles = np.array(months, dtype=np.int64) + 14
        rows += [
            {
                "vintage": day,
                "month": month,
                "index_log": level,
                "n_sales": n_by_month.get(month, 0),
                "forecast": middle > vintage.last_day,
            }
            for month, middle, level in zip(
                months, middles.tolist(), vintage.index(middles).tolist(), strict=True
            )
        ]
    schema: dict[str, pl.DataType] = {
        "vintage": pl.Int32(),
        "month": pl.Int32(),
        "index_log": pl.Float64(),
        "n_sales": pl.Int64(),
        "forecast": pl.Boolean(),
    }
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("vintage", "month").cast(pl.Date))
