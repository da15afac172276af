"""The feature matrix of the off_market track, every row knowing only what was known in time.

**Time.** A row's information ends at `info_at` = 00:00 UTC of min(as_of, cutoff). A sale feeds it
only if its known_at (never earlier than the end of its close day) is strictly before that. The
hedonic and index that adjust comparables are the vintage of the first of that month, made from
sales known before it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.comparables import (
    CompsSettings,
    comps_features,
    group_residual,
    make_up,
    unlikeness,
)
from realty_assets.features.hedonic import design
from realty_assets.features.market_index import IndexSettings, Vintage, chained, fit_vintage
from realty_assets.features.neighbours import jitter, nearest_known
from realty_assets.features.structure import (
    GROUPS,
    structure_features,
    unit_vectors_km,
    with_inputs,
)

Array = npt.NDArray[np.float64]
DAY_US = 86_400_000_000
TRACK = "off_market"


@dataclass(frozen=True)
class FeatureSettings:
    """Everything that the matrix depends on besides the sales themselves."""

    index: IndexSettings = field(default_factory=IndexSettings)
    comps: CompsSettings = field(default_factory=CompsSettings)
    expected_close_days: int = 0
    n_threads: int = 2


def _day_number(column: pl.Series) -> npt.NDArray[np.int64]:
    return column.cast(pl.Date).cast(pl.Int32).cast(pl.Int64).to_numpy().copy()


def effective_known_at() -> pl.Expr:
    """When a sale counts as known (UTC): its known_at, but never before its close day is over."""
    end_of_close_day = pl.col("close_date").cast(pl.Datetime("us")) + pl.duration(days=1)
    return pl.max_horizontal(pl.col("known_at").cast(pl.Datetime("us")), end_of_close_day)


class Sales:
    """Valid past sales, sorted by when they became known, as arrays ready for slicing."""

    def __init__(self, sales: pl.DataFrame) -> None:
        """`sales` has the columns of clean.sales; excluded ones are left out here."""
        usable = with_inputs(sales).filter(
            pl.col("excluded_by").is_null()
            & (pl.col("close_price") > 0)
            & pl.col("close_date").is_not_null()
        )
        usable = usable.with_columns(known_at=effective_known_at()).sort(
            "known_at", "listing_key", "close_date", "close_price"
        )
        self.listing_key = usable["listing_key"].to_numpy()
        self.known_at = usable["known_at"].cast(pl.Int64).to_numpy().copy()
        self.close_day = _day_number(usable["close_date"])
        self.log_price = np.log(usable["close_price"].cast(pl.Float64).to_numpy())
        self.columns = structure_features(usable, pl.col("close_date").dt.year())
        self.terms = design(self.columns)
        self.points = unit_vectors_km(
            self.columns["latitude"], self.columns["longitude"]
        ) + jitter(usable["listing_key"].to_list())
        self.groups = {name: usable[name].to_numpy() for name in GROUPS}
        self.area = _areas(usable)
        thin = np.frombuffer(
            b"".join(key.encode()[-1:] for key in []), dtype=np.uint8
        )
        del thin
        self.draw = jitter([f"thin {key}" for key in usable["listing_key"].to_list()])[:, 0]

    def __len__(self) -> int:
        return len(self.log_price)

    def n_known(self, at: int) -> int:
        """How many were known strictly before `at` (microseconds UTC)."""
        return int(np.searchsorted(self.known_at, at, side="left"))


def _areas(frame: pl.DataFrame) -> npt.NDArray[np.object_]:
    """A name of the area of each row: postal code, else market area, else a five-km grid cell."""
    cell = pl.format(
        "{}:{}",
        (pl.col("latitude") / 0.05).floor().cast(pl.Int64),
        (pl.col("longitude") / 0.05).floor().cast(pl.Int64),
    )
    named = pl.coalesce("postal_code", "mls_area_minor", cell, "subdivision_name", pl.lit("-"))
    return frame.select(area=named)["area"].to_numpy()


def month_starts(first_us: int, last_us: int) -> list[int]:
    """First days of the months (days since 1970) from that of first_us to that of last_us."""
    months = np.arange(
        np.datetime64(first_us // DAY_US, "D").astype("datetime64[M]"),
        np.datetime64(last_us // DAY_US, "D").astype("datetime64[M]") + 1,
    )
    return months.astype("datetime64[D]").astype(np.int64).tolist()


def make_vintages(
    sales: Sales, days: list[int], settings: FeatureSettings
) -> dict[int, Vintage]:
    """Vintages known at 00:00 UTC of each of `days` (ascending) that have sales enough."""

    def one(day: int) -> Vintage | None:
        n = sales.n_known(day * DAY_US)
        start = np.datetime64(day, "D").astype("datetime64[M]") - settings.index.history_months
        first = sales.n_known(int(start.astype("datetime64[D]").astype(np.int64)) * DAY_US)
        if n - first < settings.index.min_sales:
            return None
        known = slice(first, n)
        _, area = np.unique(sales.area[known].astype(str), return_inverse=True)
        terms = {name: x[known] for name, x in sales.terms.items()}
        return fit_vintage(
            day, terms, sales.log_price[known], sales.close_day[known], area, settings.index
        )

    with ThreadPoolExecutor(settings.n_threads) as threads:
        made = [v for v in threads.map(one, days) if v is not None]
    return {v.day: v for v in chained(made)}


def build_features(
    subjects: pl.DataFrame,
    sales: Sales,
    settings: FeatureSettings,
    cutoff: date | None = None,
    vintages: dict[int, Vintage] | None = None,
) -> pl.DataFrame:
    """`subjects` (columns of a matrix subject, `as_of` among them) with their features added.

    `cutoff` caps what any subject may know. Row order is kept.
    """
    frame = with_inputs(subjects)
    info = pl.col("as_of") if cutoff is None else pl.min_horizontal("as_of", pl.lit(cutoff))
    frame = frame.with_columns(info_on=info)
    info_day = _day_number(frame["info_on"])
    info_at = info_day * DAY_US
    columns = structure_features(frame, pl.col("as_of").dt.year())
    points = unit_vectors_km(columns["latitude"], columns["longitude"])
    groups = {name: frame[name].to_numpy() for name in GROUPS}
    month = info_day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]")
    block = month.astype(np.int64)
    days = sorted(set(block.tolist()))
    if vintages is None:
        first = int(sales.known_at[0]) if len(sales) else days[0] * DAY_US
        vintages = make_vintages(sales, month_starts(min(first, days[0] * DAY_US), days[-1] * DAY_US), settings)
    value_day = _day_number(frame["as_of"]) + settings.expected_close_days
    terms = design(columns)

    def one(day: int) -> tuple[npt.NDArray[np.int64], dict[str, Array]]:
        rows = np.flatnonzero(block == day)
        usable = [d for d in vintages if d <= day]
        vintage = vintages[max(usable)] if usable else None
        part = {name: x[rows] for name, x in columns.items()}
        part_terms = {name: x[rows] for name, x in terms.items()}
        part_groups = {name: x[rows] for name, x in groups.items()}
        return rows, _block_features(
            sales, settings, vintage, day, part, part_terms, part_groups,
            points[rows], info_at[rows], value_day[rows],
        )

    with ThreadPoolExecutor(settings.n_threads) as threads:
        parts = list(threads.map(one, days))
    merged: dict[str, Array] = {}
    for rows, values in parts:
        for name, value in values.items():
            merged.setdefault(name, np.full(len(frame), np.nan))[rows] = value
    latest = merged.pop("latest_comp_known_us")
    return frame.with_columns(
        [pl.Series(name, x) for name, x in columns.items() if name not in frame.columns or True]
        + [pl.Series(name, x) for name, x in merged.items()]
        + [
            pl.Series("latest_comp_known_at", np.where(np.isnan(latest), 0, latest).astype(np.int64))
            .cast(pl.Datetime("us"))
            .set(pl.Series(np.isnan(latest)), None)
        ]
    )


def _block_features(
    sales, settings, vintage, day, columns, terms, groups, points, info_at, value_day
):
    n = len(info_at)
    comps = settings.comps
    n_pool = sales.n_known(int(info_at.max()))
    out: dict[str, Array] = {}
    if vintage is None or n_pool == 0:
        return {"latest_comp_known_us": np.full(n, np.nan), "comps_count": np.zeros(n)}
    pool_columns = {name: x[:n_pool] for name, x in sales.columns.items()}
    pool_terms = {name: x[:n_pool] for name, x in sales.terms.items()}
    close_day = sales.close_day[:n_pool]
    residual = sales.log_price[:n_pool] - vintage.hedonic.predict(pool_terms) - vintage.index(close_day)
    known_at = sales.known_at[:n_pool]
    info_day = info_at // DAY_US

    def gather(pool_rows, k):
        at, distance = nearest_known(
            points, info_at, sales.points[pool_rows], known_at[pool_rows], day * DAY_US, k
        )
        there = at >= 0
        at = pool_rows[np.where(there, at, 0)]
        r = np.where(there, residual[at], 0.0)
        age = np.where(there, info_day[:, None] - close_day[at], 0).astype(np.float64)
        return at, there, distance, r, age

    at, there, distance, r, age = gather(np.arange(n_pool), comps.n_near)
    lo, hi = -0.5e-6, -0.5e-6 + 1e-6 / comps.wide_share
    thin = np.flatnonzero((sales.draw[:n_pool] >= lo) & (sales.draw[:n_pool] < hi))
    if len(thin) == 0:
        thin = np.arange(n_pool)
    _, _, wide_distance, wide_r, wide_age = gather(thin, comps.n_wide)
    unlike = unlikeness(columns, pool_columns, at)
    out |= comps_features(comps, distance, r, age, unlike, wide_distance, wide_r, wide_age)
    few = slice(0, comps.n_make_up)
    out |= make_up(columns, pool_columns, at[:, few], there[:, few])
    before = sales.n_known(day * DAY_US)
    for name in GROUPS:
        value, count = group_residual(
            residual[:before], sales.groups[name][:before], groups[name], comps.group_prior_sales
        )
        out[f"{name}_residual"], out[f"{name}_sales"] = value, count
    hedonic = vintage.hedonic.predict(terms)
    out["hedonic_log_value"] = hedonic
    out["index_log"] = vintage.index(value_day)
    latest = np.where(there, known_at[at], -1).max(axis=1, initial=-1)
    latest = np.maximum(latest, known_at[before - 1] if before else -1).astype(np.float64)
    out["latest_comp_known_us"] = np.where(latest < 0, np.nan, latest)
    return out
