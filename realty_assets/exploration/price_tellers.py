"""Fields, products and ratios of two fields that give the price away.

Price per square foot times size is the price itself: a model that sees both has seen the answer. A
form determines the price when price over form is the same number in nearly every sale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

TARGET = "close_price"
# The row's own numbers and place are no measures of a home.
NOT_MEASURES = ("record_number", "line_number", "latitude", "longitude")
MIN_SALES = 30
# A form must be filled in this share of the sales to count.
MIN_FILLED = 0.2
# Rounding to a dollar per square foot moves a product by up to half a percent.
WITHIN = 0.01
DETERMINED = 0.95
# A single field that comes this near, this often, all but tells the price.
NEAR, OFTEN = 0.05, 0.5
# Forms are tried on so many sales, and those that fit are counted on all.
N_TRIED = 2_000


@dataclass(frozen=True)
class Teller:
    """A form of one or two fields, and in how many of `n_rows` sales it gives the price.

    `within` is how near counts, as a ratio; `factor` the usual price over form.
    """

    fields: tuple[str, ...]
    form: str
    n_rows: int
    n_told: int
    within: float
    factor: float

    @property
    def determines(self) -> bool:
        return self.n_told >= DETERMINED * self.n_rows and self.within <= WITHIN


def price_tellers(sales: pl.DataFrame) -> list[Teller]:
    """What gives `close_price` away among the numeric columns of `sales` (one row per sale).

    Fields that determine the price alone are not looked at again in pairs. Empty for fewer than
    MIN_SALES sales, or when the price is nearly the same in half of them.
    """
    price, columns = _columns(sales)
    if price.size < MIN_SALES or _told(price, WITHIN)[0] >= price.size / 2:
        return []
    least = max(MIN_SALES, MIN_FILLED * price.size)
    usable = {name: x for name, x in columns.items() if np.isfinite(x).sum() >= least}
    found = [teller for name in usable if (teller := _alone(name, usable[name], price))]
    alone = {teller.fields[0] for teller in found if teller.determines}
    rest = {name: x for name, x in usable.items() if name not in alone}
    return found + list(_pairs(rest, price, least))


def _columns(sales: pl.DataFrame) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(prices, measures by name) in the order of the keys; what is not positive is nan."""
    kept = sales.filter(pl.col(TARGET) > 0).sort("listing_key", "known_at")
    names = [
        name
        for name, kind in kept.schema.items()
        if kind.is_numeric() and name != TARGET and name not in NOT_MEASURES
    ]
    price = kept[TARGET].cast(pl.Float64).to_numpy()
    columns = {}
    for name in names:
        x = kept[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        columns[name] = np.where(x > 0, x, np.nan)
    return price, columns


def _told(ratio: np.ndarray, within: float) -> tuple[int, float]:
    """(how many ratios lie within a share of the middle one, the middle one)."""
    middle = float(np.median(ratio))
    return int((np.abs(ratio / middle - 1) <= within).sum()), middle


def _alone(name: str, x: np.ndarray, price: np.ndarray) -> Teller | None:
    filled = np.isfinite(x)
    ratio = price[filled] / x[filled]
    for within, share in ((WITHIN, DETERMINED), (NEAR, OFTEN)):
        n_told, factor = _told(ratio, within)
        if n_told >= share * ratio.size:
            return Teller((name,), name, ratio.size, n_told, within, factor)
    return None


def _pairs(columns: dict[str, np.ndarray], price: np.ndarray, least: float) -> Iterator[Teller]:
    for a, b in combinations(columns, 2):
        x, y = columns[a], columns[b]
        both = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if both.size < least:
            continue
        tried = both[:: max(both.size // N_TRIED, 1)]
        for fields, form, ratio in (
            ((a, b), f"{a} × {b}", lambda at, x=x, y=y: price[at] / (x[at] * y[at])),
            ((a, b), f"{a} / {b}", lambda at, x=x, y=y: price[at] / x[at] * y[at]),
            ((b, a), f"{b} / {a}", lambda at, x=x, y=y: price[at] / y[at] * x[at]),
        ):
            if _told(ratio(tried), WITHIN)[0] < 0.9 * DETERMINED * tried.size:
                continue
            n_told, factor = _told(ratio(both), WITHIN)
            teller = Teller(fields, form, both.size, n_told, WITHIN, factor)
            if teller.determines:
                yield teller
