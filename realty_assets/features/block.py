"""One month of the matrix: what was known when it began, and what became known within it.

Hedonic and index are of the month start's vintage, residuals of groups and windows of sales known
before it; comparables and the home's previous sale may be as new as each row's own information.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.comparables import (
    CompsSettings,
    comps_features,
    make_up,
    metres,
    unlikeness,
)
from realty_assets.features.encodings import PARENTS, encode
from realty_assets.features.hedonic import design
from realty_assets.features.neighbours import nearest_known
from realty_assets.features.on_market import (
    AREAS,
    WINDOW_MONTHS,
    listing_columns,
    priced_columns,
    sale_to_list,
)
from realty_assets.features.previous_sale import previous_columns
from realty_assets.features.sales import (
    DAY_US,
    HOME,
    Sales,
    day_numbers,
    level_names,
    months_before,
)
from realty_assets.features.structure import unit_vectors_km
from realty_assets.features.vintages import Vintages, latest_vintage
from realty_assets.features.windows import WINDOW_DAYS, window_columns

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Query:
    """Subjects as arrays (n, ...): structure, hedonic terms, numbers of groups, cells and home,
    points in km, days since 1970, and on the on_market track the listing's own facts."""

    columns: Mapping[str, Array]
    terms: Mapping[str, Array]
    levels: Mapping[str, Ints]
    points: Array
    info_day: Ints
    as_of_day: Ints
    listing: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pl.DataFrame, columns: Mapping[str, Array], sales: Sales) -> Query:
        """`frame` has as_of, info_on and the groups; `columns` its structure."""
        names = level_names(frame, columns)
        return cls(
            columns=columns,
            terms=design(columns),
            levels={name: known.lookup(names[name]) for name, known in sales.levels.items()},
            points=unit_vectors_km(columns["latitude"], columns["longitude"]),
            info_day=day_numbers(frame["info_on"]),
            as_of_day=day_numbers(frame["as_of"]),
            listing=listing_columns(frame) if "list_price" in frame.columns else {},
        )

    def take(self, rows: Ints) -> Query:
        return Query(
            {name: x[rows] for name, x in self.columns.items()},
            {name: x[rows] for name, x in self.terms.items()},
            {name: x[rows] for name, x in self.levels.items()},
            self.points[rows],
            self.info_day[rows],
            self.as_of_day[rows],
            {name: x[rows] for name, x in self.listing.items()},
        )


@dataclass(frozen=True)
class Near:
    """The nearest sales (n, k) of each subject: index into all sales, km (inf where there is
    none), log residual and days since the close (0 there)."""

    at: Ints
    distance: Array
    residual: Array
    age_days: Array


class Block:
    """What the month that begins on `day` (days since 1970) knows, for `query`'s subjects."""

    def __init__(
        self, sales: Sales, settings: CompsSettings, vintages: Vintages, day: int, query: Query
    ) -> None:
        self.sales, self.settings, self.day, self.query = sales, settings, day, query
        self.vintage = latest_vintage(vintages, day)
        self.n_before = sales.n_known(day)
        oldest = sales.n_known(months_before(day, settings.history_months))
        self.pool = slice(oldest, sales.n_known(int(query.info_day.max())))
        self.has_market = self.vintage is not None and self.pool.stop > self.pool.start
        self.residual = self.beyond(self.pool) if self.has_market else np.zeros(0)

    def beyond(self, rows: slice | Ints) -> Array:
        """What sales fetched beyond their attributes and the market's level, by the vintage."""
        assert self.vintage is not None
        terms = {name: x[rows] for name, x in self.sales.terms.items()}
        level = self.vintage.index(self.sales.close_day[rows])
        return self.sales.log_price[rows] - self.vintage.hedonic.predict(terms) - level

    def level_now(self) -> Array:
        """Log level (n,) on the day each subject is expected to close; NaN without a vintage."""
        if self.vintage is None:
            return np.full(len(self.query.as_of_day), np.nan)
        return self.vintage.index(self.query.as_of_day + self.vintage.lag_days)

    def near(self, k: int, thinned: bool = False) -> Near:
        """The `k` nearest sales known in time, of all of the pool or of the share drawn by key."""
        sales, first = self.sales, self.pool.start
        rows = np.arange(first, self.pool.stop)
        if thinned:
            rows = rows[sales.draw[self.pool] < 1.0 / self.settings.wide_share]
        at, distance = nearest_known(
            self.query.points,
            self.query.info_day * DAY_US,
            sales.points[rows],
            sales.known_at[rows],
            self.day * DAY_US,
            k,
        )
        there = at >= 0
        at = rows[np.where(there, at, 0)] if len(rows) else np.full_like(at, first)
        age_days = (self.query.info_day[:, None] - sales.close_day[at]).astype(np.float64)
        return Near(
            at,
            distance,
            np.where(there, self.residual[at - first], 0.0),
            np.where(there, age_days, 0.0),
        )

    def columns(self) -> dict[str, Array]:
        """Market features (n,) by name, and the evidence: `latest_known_us`, `vintage_day`."""
        out = self._windows() | self._previous()
        if self.has_market:
            for name, values in self._market().items():
                both = name == "latest_known_us" and name in out
                out[name] = np.maximum(out[name], values) if both else values
        else:
            out["comps_count"] = np.zeros(len(self.query.info_day))
        return out | self._listing(out) if self.query.listing else out

    def _listing(self, out: Mapping[str, Array]) -> dict[str, Array]:
        """The listing's own facts, and the list price set beside the market."""
        sales, asked = self.sales, self.query.levels
        known = slice(sales.n_known(months_before(self.day, WINDOW_MONTHS)), self.n_before)
        ratio = sale_to_list(
            sales.list_ratio_log[known],
            {name: sales.levels[name].codes[known] for name in AREAS},
            {name: asked[name] for name in AREAS},
        )
        nothing = np.full(len(ratio), np.nan)
        comps = out.get("comps_log_value", nothing)
        level = out.get("index_log", nothing)
        return {**self.query.listing, **priced_columns(self.query.listing, ratio, comps, level)}

    def _windows(self) -> dict[str, Array]:
        sales = self.sales
        known = slice(sales.n_known(self.day - max(WINDOW_DAYS)), self.n_before)
        areas = {name: level.codes for name, level in sales.levels.items()}
        asked = self.query.levels
        return window_columns(self.day, known, sales.close_day, areas, sales.ranked, asked)

    def _previous(self) -> dict[str, Array]:
        sales, query = self.sales, self.query
        n_known = np.searchsorted(sales.known_at, query.info_day * DAY_US, side="left")
        at, count = sales.previous.find(query.levels[HOME], n_known)
        out = previous_columns(
            at,
            count,
            query.info_day,
            sales.close_day,
            sales.log_price,
            self.vintage.index if self.vintage else None,
            self.level_now(),
            self.beyond if self.vintage else None,
        )
        fed = np.full(len(at), np.nan)
        if self.n_before:
            fed[:] = sales.known_at[self.n_before - 1]
        # All that the home's count is made of came no later than the last sale known in time.
        some = np.flatnonzero(count > 0)
        fed[some] = np.fmax(
            fed[some], sales.known_at[sales.previous.newest(query.levels[HOME], n_known)[some]]
        )
        return out | {"latest_known_us": fed}

    def _market(self) -> dict[str, Array]:
        sales, query, comps = self.sales, self.query, self.settings
        vintage, pool = self.vintage, self.pool
        assert vintage is not None
        near = self.near(comps.n_near)
        wide = self.near(comps.n_wide, thinned=True)
        there = np.isfinite(near.distance)
        out = comps_features(
            comps,
            near.distance,
            near.residual,
            near.age_days,
            unlikeness(query.columns, sales.columns, near.at),
            wide.distance,
            wide.residual,
            wide.age_days,
        )
        few = slice(0, comps.n_make_up)
        out |= make_up(query.columns, sales.columns, near.at[:, few], there[:, few])
        before = slice(pool.start, max(self.n_before, pool.start))
        out |= encode(
            self.residual[: before.stop - before.start],
            {name: sales.levels[name].codes[before] for name in PARENTS},
            {name: query.levels[name] for name in PARENTS},
            comps.group_prior_sales,
        )
        out["hedonic_log_value"] = vintage.hedonic.predict(query.terms)
        # Without a place there are no comparables; the finest group that is known stands in.
        beyond = out[f"alike_residual_{metres(comps.alike_scales_km[1])}"]
        for name in ("subdivision_name", "postal_code", "mls_area_minor"):
            beyond = np.where(np.isnan(beyond), out[f"{name}_residual"], beyond)
        out["comps_log_value"] = out["hedonic_log_value"] + np.where(np.isnan(beyond), 0.0, beyond)
        out["index_log"] = self.level_now()
        newest = np.where(there, sales.known_at[near.at], -1).max(axis=1)
        used_by_vintage = sales.known_at[sales.n_known(vintage.day) - 1]
        out["latest_known_us"] = np.maximum(newest, used_by_vintage).astype(np.float64)
        out["vintage_day"] = np.full(len(newest), float(vintage.day))
        return out
