"""The same home's last sale that was known in time, its price moved to the row's day."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from realty_assets.features.feature import RESIDUAL, Feature

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAYS_PER_YEAR = 365.25


class PreviousSales:
    """Finds a home's last sale among those known in time, for many homes at once."""

    def __init__(self, home: Ints, close_day: Ints) -> None:
        """Both (n,) in the order in which sales became known; `home` < 0 where it is unknown."""
        n = len(home)
        self.base = n + 1
        order = np.argsort(home, kind="stable")
        order = order[home[order] >= 0]
        self.keys = home[order] * self.base + order
        # Known last need not be closed last: each place holds the newest close so far of its home.
        by_close = np.lexsort((np.arange(n), close_day))
        place = np.empty(n, dtype=np.int64)
        place[by_close] = np.arange(n)
        newest = np.maximum.accumulate(home[order] * self.base + place[order])
        self.at = by_close[newest - home[order] * self.base] if len(order) else order
        self.order = order

    def newest(self, home: Ints, n_known: Ints) -> Ints:
        """Index (m,) of the sale of each home that became known last; any where it has none."""
        end = np.searchsorted(self.keys, home * self.base + n_known, side="left")
        return self.order[np.maximum(end - 1, 0)] if len(self.order) else np.zeros_like(home)

    def find(self, home: Ints, n_known: Ints) -> tuple[Ints, Ints]:
        """(index of the last sale or -1, number of sales) (m,) of each home.

        `n_known` is how many of all sales were known in time to each of those who ask.
        """
        asked = home * self.base
        end = np.searchsorted(self.keys, asked + n_known, side="left")
        count = np.where(home >= 0, end - np.searchsorted(self.keys, asked, side="left"), 0)
        if not len(self.at):
            return np.full(len(home), -1), np.zeros(len(home), dtype=np.int64)
        return np.where(count > 0, self.at[np.maximum(end - 1, 0)], -1), count


def previous_columns(
    at: Ints,
    count: Ints,
    info_day: Ints,
    close_day: Ints,
    log_price: Array,
    level_then: Callable[[Ints], Array] | None,
    level_now: Array,
    beyond: Callable[[Ints], Array] | None,
) -> dict[str, Array]:
    """Previous-sale features (n,) from what `PreviousSales.find` gave.

    `close_day` and `log_price` are those of all sales. `level_then` gives the market's log level on
    days, `level_now` (n,) that of the subject's own day, `beyond` the hedonic residual of sales by
    index: all of the vintage known in time. Without a vintage the prices are NaN.
    """
    has = at >= 0
    sale = np.maximum(at, 0)
    nothing = np.full(len(at), np.nan)
    years, value, moved, residual = (nothing.copy() for _ in range(4))
    rows = np.flatnonzero(has)
    if len(rows):
        closed = close_day[sale[rows]]
        years[rows] = (info_day[rows] - closed) / DAYS_PER_YEAR
        if level_then is not None and beyond is not None:
            value[rows] = log_price[sale[rows]] - level_then(closed)
            moved[rows] = value[rows] + level_now[rows]
            residual[rows] = beyond(sale[rows])
    return {
        "previous_sales": count.astype(np.float64),
        "previous_sale_years": years,
        "previous_sale_log_value": value,
        "previous_sale_log_price_now": moved,
        "previous_sale_residual": residual,
    }


def previous_specs() -> list[Feature]:
    """Specs of the columns of `previous_columns`."""
    sources = ("property_key", "close_price", "close_date")
    rows = [
        ("previous_sales", "count", "Sales of the same home known in time."),
        ("previous_sale_years", "years", "Years since the last of them closed."),
        ("previous_sale_log_value", "ln usd", "Its price, market level of its day off."),
        (
            "previous_sale_log_price_now",
            "ln usd",
            "Its price moved to the row's day by the index vintage known in time.",
        ),
        (
            "previous_sale_residual",
            RESIDUAL,
            "What it fetched beyond attributes and market.",
        ),
    ]
    return [
        Feature(
            name,
            "previous_sale",
            unit,
            sources,
            text,
            null_policy="null without a previous sale",
            window="everything known",
            # With the market's level on it would fight the target, which has the level off.
            default_input=name != "previous_sale_log_price_now",
        )
        for name, unit, text in rows
    ]
