"""What sold around a home in the last 90, 180 and 365 days: how many, for what, how fast.

As known when the month of the row's information began: a sale counts if it closed within the days
before that and was known strictly before it. Areas are H3 cells and the postal code; a cell with
fewer than MIN_SALES values has null, and the coarser cell's column beside it stands in.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from realty_assets.features.areas import UNKNOWN
from realty_assets.features.feature import Feature

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WINDOW_DAYS = (90, 180, 365)
WINDOW_AREAS = ("h3_8", "h3_7", "h3_6", "postal_code")
MIN_SALES = 5
# Median of what: name, unit, source columns, words.
MEDIANS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "ln_price": ("ln usd", ("close_price",), "log price"),
    "ln_price_sqft": ("ln usd per sqft", ("close_price", "living_area"), "log price per sqft"),
    "days_on_market": ("days", ("days_on_market",), "days on market"),
    "sale_to_list": ("ratio", ("close_price", "list_price"), "close price over list price"),
}


class Ranked:
    """Values (n,) with each one's place in ascending order; NaN has none."""

    def __init__(self, values: Array) -> None:
        known = np.flatnonzero(~np.isnan(values))
        order = known[np.argsort(values[known], kind="stable")]
        self.ordered = values[order]
        self.place = np.full(len(values), -1, dtype=np.int64)
        self.place[order] = np.arange(len(order))


def median_by_area(
    ranked: Ranked, rows: Ints, area: Ints, asked: Ints, min_sales: int = MIN_SALES
) -> Array:
    """Median (k,) of the values at `rows` whose area is each of `asked`; NaN below `min_sales`.

    One sort of whole numbers, area and place in one: nothing is summed, so no order matters.
    """
    n = max(len(ranked.ordered), 1)
    keys = np.sort((area * n + ranked.place[rows])[(area >= 0) & (ranked.place[rows] >= 0)])
    low, high = np.searchsorted(keys, asked * n), np.searchsorted(keys, (asked + 1) * n)
    count = high - low
    out = np.full(len(asked), np.nan)
    some = (count >= max(min_sales, 1)) & (asked >= 0)
    first = keys[(low + (count - 1) // 2)[some]] - asked[some] * n
    second = keys[(low + count // 2)[some]] - asked[some] * n
    out[some] = (ranked.ordered[first] + ranked.ordered[second]) / 2.0
    return out


def window_columns(
    day: int,
    known: slice,
    close_day: Ints,
    areas: Mapping[str, Ints],
    values: Mapping[str, Ranked],
    asked: Mapping[str, Ints],
) -> dict[str, Array]:
    """Window features (n,) of subjects whose information ends in the month that begins on `day`.

    `known` are the sales known before `day` that may have closed in the longest window; `areas` and
    `values` those of all sales, `asked` the subjects' areas.
    """
    out: dict[str, Array] = {}
    at = np.arange(known.start, known.stop)
    recent = {
        days: at[(close_day[known] >= day - days) & (close_day[known] < day)]
        for days in WINDOW_DAYS
    }
    for area in WINDOW_AREAS:
        codes, back = np.unique(asked[area], return_inverse=True)
        for days, rows in recent.items():
            name, there = f"window_{area}_{days}d", areas[area][rows]
            held = np.bincount(there[there >= 0], minlength=int(codes.max(initial=0)) + 1)
            count = np.where(codes >= 0, held[np.maximum(codes, 0)], 0).astype(np.float64)
            out[f"{name}_sales"] = np.where(codes == UNKNOWN, np.nan, count)[back]
            for what, ranked in values.items():
                out[f"{name}_{what}"] = median_by_area(ranked, rows, there, codes)[back]
    return out


def window_specs() -> list[Feature]:
    """Specs of the columns of `window_columns`."""
    out = []
    for area in WINDOW_AREAS:
        place = ("postal_code",) if area == "postal_code" else ("latitude", "longitude")
        for days in WINDOW_DAYS:
            about = f"of sales of the same {area} that closed in the {days} days before the month"
            window = f"{days} days before the month"
            out.append(
                Feature(
                    f"window_{area}_{days}d_sales",
                    "windows",
                    "count",
                    ("close_date", *place),
                    f"Number {about}.",
                    window=window,
                    default_input=False,
                )
            )
            out += [
                Feature(
                    f"window_{area}_{days}d_{what}",
                    "windows",
                    unit,
                    (*sources, "close_date", *place),
                    f"Median {words} {about}.",
                    null_policy=f"null below {MIN_SALES} sales; the coarser area stands beside it",
                    window=window,
                    default_input=False,
                )
                for what, (unit, sources, words) in MEDIANS.items()
            ]
    return out
