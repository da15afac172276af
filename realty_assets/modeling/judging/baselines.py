"""Baselines that a model must beat: what anybody could do with the same past sales.

Each is a pure function of past sales and of the homes asked for, (n,) dollars, NaN where it has
nothing to go by; none sees a sale that was not known before the home's own information ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from realty_assets.features.neighbours import nearest_known
from realty_assets.features.sales import DAY_US, month_start
from realty_assets.modeling.judging.index_table import IndexTable
from realty_assets.modeling.judging.past import NO_AREA, Asked, Past
from realty_assets.modeling.judging.ridge import fit_ridge

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

N_COMPS = 10
RECENT_DAYS = 365
# A recent median of fewer sales than this looks at all that is known of the area instead.
MIN_AREA_SALES = 5
LIST_DAYS = 180
MIN_LIST_SALES = 10
HEDONIC_DAYS = 3 * 365
MIN_HEDONIC_SALES = 50


def comps(past: Past, asked: Asked, middle: Callable[..., Array]) -> Array:
    """Price per square foot of the N_COMPS nearest sales of the last year, times living area.

    `middle` is np.mean or np.median. Needs coordinates and living area.
    """
    out = np.full(len(asked), np.nan)
    rate = past.per_sqft
    for day, rows in _by_month(asked):
        first = past.n_known(day - RECENT_DAYS)
        pool = np.arange(first, past.n_known(int(asked.info_day[rows].max())))
        pool = pool[np.isfinite(rate[pool])]
        at, distance = nearest_known(
            asked.homes.points[rows],
            asked.info_day[rows] * DAY_US,
            past.homes.points[pool],
            past.known_at[pool],
            day * DAY_US,
            N_COMPS,
        )
        full = np.isfinite(distance).all(axis=1)
        nearest = rate[pool[at[full]]]
        out[rows[full]] = middle(nearest, axis=1) * asked.homes.living[rows[full]]
    return out


def previous_sale(past: Past, asked: Asked, index: IndexTable) -> Array:
    """The home's own last known price, moved by the index as known at that time."""
    out = np.full(len(asked), np.nan)
    of_home = _groups(past.homes.property_key)
    for day, rows in _by_month(asked):
        target = asked.as_of_day[rows] + usual_wait(past, day)
        now = index.level(day, target)
        for row, level in zip(rows.tolist(), now.tolist(), strict=True):
            mine = of_home.get(asked.homes.property_key[row])
            n_before = 0 if mine is None else _known(past, mine, int(asked.info_day[row]))
            if mine is not None and n_before:
                last = int(mine[n_before - 1])
                then = index.level(day, past.close_day[[last]])[0]
                out[row] = past.price[last] * np.exp(level - then)
    return out


def area_rate(past: Past, asked: Asked) -> Array:
    """Median price per square foot of the area's last year, times living area."""
    return area_median(past, asked, past.per_sqft) * asked.homes.living


def area_median(past: Past, asked: Asked, value: Array) -> Array:
    """Median of `value` (one per past sale) over the area's sales of the last year, (n,)."""
    groups = _groups(past.homes.area, np.isfinite(value))
    groups.pop(NO_AREA, None)
    return _medians(past, asked, value, [groups.get(name) for name in asked.homes.area])


def market_median(past: Past, asked: Asked, value: Array) -> Array:
    """Median of `value` over all sales of the last year, (n,)."""
    usable = np.flatnonzero(np.isfinite(value))
    return _medians(past, asked, value, [usable] * len(asked))


def ridge_hedonic(past: Past, asked: Asked) -> Array:
    """Ridge regression of log price on attributes, area dummies and time, fitted anew each month
    on the last three years' sales."""
    out = np.full(len(asked), np.nan)
    for day, rows in _by_month(asked):
        known = np.arange(past.n_known(day - HEDONIC_DAYS), past.n_known(day))
        if len(known) < MIN_HEDONIC_SALES:
            continue
        model = fit_ridge(
            {name: x[known] for name, x in past.homes.terms.items()},
            past.homes.area[known],
            past.close_day[known] - day,
            np.log(past.price[known]),
        )
        target = asked.as_of_day[rows] + usual_wait(past, day) - day
        terms = {name: x[rows] for name, x in asked.homes.terms.items()}
        out[rows] = np.exp(model.predict(terms, asked.homes.area[rows], target))
    return out


def list_price_ratio(past: Past, asked: Asked) -> Array:
    """List price times the area's recent median of sale price over list price (on_market only).

    Under MIN_LIST_SALES sales of the last LIST_DAYS days, the market's ratio stands for the area's;
    without any known ratio the list price stands alone.
    """
    ratio = past.price / past.homes.list_price
    groups = _groups(past.homes.area, np.isfinite(ratio))
    usable = np.flatnonzero(np.isfinite(ratio))
    of_area: list[Rows | None] = [groups.get(name) for name in asked.homes.area]
    of_market: list[Rows | None] = [usable] * len(asked)
    own, market = (
        _medians(past, asked, ratio, pools, days=LIST_DAYS, least=MIN_LIST_SALES, else_all=False)
        for pools in (of_area, of_market)
    )
    typical = np.where(np.isfinite(own), own, market)
    return asked.homes.list_price * np.where(np.isfinite(typical), typical, 1.0)


def plain_value(past: Past, asked: Asked) -> Array:
    """What stands in where a baseline has nothing to go by: the area's price per square foot, else
    the market's, else the median price. NaN only where no sale at all was known yet."""
    rate = past.per_sqft
    out = area_median(past, asked, rate) * asked.homes.living
    for value, times in (
        (market_median(past, asked, rate), asked.homes.living),
        (area_median(past, asked, past.price), 1.0),
        (market_median(past, asked, past.price), 1.0),
    ):
        out = np.where(np.isfinite(out), out, value * times)
    return out


def usual_wait(past: Past, day: int) -> int:
    """Median days from as_of to close among the last year's sales known before `day`."""
    known = slice(past.n_known(day - RECENT_DAYS), past.n_known(day))
    waits = past.lag_days[known]
    return int(np.median(waits)) if len(waits) else 0


def _by_month(asked: Asked) -> Iterator[tuple[int, Rows]]:
    """(first day of a month, rows whose information ends in it), in order of time."""
    months = month_start(asked.info_day)
    for day in sorted(set(months.tolist())):
        yield day, np.flatnonzero(months == day)


def _groups(
    names: npt.NDArray[np.object_], usable: npt.NDArray[np.bool_] | None = None
) -> dict[str, Rows]:
    """The `usable` rows of each name, ascending; None is no name."""
    found: dict[str, list[int]] = {}
    for row, name in enumerate(names.tolist()):
        if name is not None and (usable is None or usable[row]):
            found.setdefault(name, []).append(row)
    return {name: np.array(rows) for name, rows in found.items()}


def _known(past: Past, rows: Rows, day: int) -> int:
    """How many of `rows` (ascending) were known before 00:00 UTC of `day`."""
    return int(np.searchsorted(past.known_at[rows], day * DAY_US, side="left"))


def _medians(
    past: Past,
    asked: Asked,
    value: Array,
    pools: list[Rows | None],
    *,
    days: int = RECENT_DAYS,
    least: int = MIN_AREA_SALES,
    else_all: bool = True,
) -> Array:
    """Median of `value` over what each home's pool (rows of `past`) had known in the last `days`;
    with under `least` of them over all that was known, or nothing."""
    out = np.full(len(asked), np.nan)
    seen: dict[tuple[int, int], float] = {}
    for row, (pool, day) in enumerate(zip(pools, asked.info_day.tolist(), strict=True)):
        if pool is None:
            continue
        key = (id(pool), day)
        if key not in seen:
            until, since = _known(past, pool, day), _known(past, pool, day - days)
            if until - since < least:
                since = 0 if else_all else until
            seen[key] = float(np.median(value[pool[since:until]])) if until > since else np.nan
        out[row] = seen[key]
    return out
