"""The feature matrix of the off_market track, every row knowing only what was known in time.

A row's information ends at 00:00 UTC of `info_on` = min(as_of, cutoff). A sale feeds it only if it
was known strictly before that (and never before its own close day was over). The hedonic and index
that adjust comparables are those of the latest month start not after `info_on`, made from sales
known before that month start; so are the residuals of groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.comparables import (
    CompsSettings,
    comps_features,
    group_residual,
    make_up,
    metres,
    unlikeness,
)
from realty_assets.features.hedonic import design
from realty_assets.features.market_index import IndexSettings
from realty_assets.features.neighbours import nearest_known
from realty_assets.features.registry import features
from realty_assets.features.sales import DAY_US, Sales, day_numbers, month_start, months_before
from realty_assets.features.structure import (
    GROUPS,
    structure_features,
    unit_vectors_km,
    with_inputs,
)
from realty_assets.features.subjects import IDENTITY
from realty_assets.features.vintages import Vintages, latest_vintage, make_vintages

Array = npt.NDArray[np.float64]

# Columns of the matrix that say which row it is, or are evidence; never shown to a model.
ROW_COLUMNS: tuple[str, ...] = (*IDENTITY, "postal_code")
EVIDENCE_COLUMNS: tuple[str, ...] = ("info_on", "vintage_on", "latest_comp_known_at")


@dataclass(frozen=True)
class FeatureSettings:
    """Everything that the matrix depends on besides the rows themselves."""

    index: IndexSettings = field(default_factory=IndexSettings)
    comps: CompsSettings = field(default_factory=CompsSettings)


def build_matrix(
    subjects: pl.DataFrame,
    sales: Sales,
    settings: FeatureSettings,
    *,
    cutoff: date | None = None,
    vintages: Vintages | None = None,
    n_threads: int = 1,
) -> pl.DataFrame:
    """One row per subject, in the order given: ROW_COLUMNS, features, EVIDENCE_COLUMNS.

    `subjects` come from `subjects.py`. `cutoff` caps what any of them may know, as a backtest
    does. `vintages` must cover the subjects' months; made here when not given. The result depends
    neither on `n_threads` nor on which subjects are asked for together.
    """
    frame = with_inputs(subjects)
    capped = pl.col("as_of") if cutoff is None else pl.min_horizontal("as_of", pl.lit(cutoff))
    frame = frame.with_columns(info_on=capped)
    columns = structure_features(frame, pl.col("as_of").dt.year())
    info_day = day_numbers(frame["info_on"])
    query = _Query(
        columns=columns,
        terms=design(columns),
        groups={name: frame[name].to_numpy() for name in GROUPS},
        points=unit_vectors_km(columns["latitude"], columns["longitude"]),
        info_day=info_day,
        as_of_day=day_numbers(frame["as_of"]),
    )
    block = month_start(info_day)
    days = sorted(set(block.tolist()))
    if vintages is None:
        last = frame["info_on"].max() if len(frame) else date(1970, 1, 1)
        assert isinstance(last, date)
        vintages = make_vintages(sales, last, settings.index, n_threads=n_threads)

    def one(day: int) -> tuple[npt.NDArray[np.int64], dict[str, Array]]:
        rows = np.flatnonzero(block == day)
        return rows, _block(sales, settings, vintages, day, query.take(rows))

    made: dict[str, Array] = {
        spec.name: np.full(len(frame), np.nan)
        for spec in features(settings.comps)
        if spec.name not in columns
    }
    evidence = {name: np.full(len(frame), np.nan) for name in ("vintage_day", "latest_known_us")}
    with ThreadPoolExecutor(n_threads) as threads:
        for rows, values in threads.map(one, days):
            for name, value in values.items():
                (made if name in made else evidence)[name][rows] = value
    numbers = pl.DataFrame(columns | made).fill_nan(None)
    out = frame.select(ROW_COLUMNS).hstack(
        numbers.select(spec.name for spec in features(settings.comps))
    )
    seen = pl.DataFrame(evidence).fill_nan(None)
    return out.hstack(
        [
            frame["info_on"],
            seen["vintage_day"].cast(pl.Int32).cast(pl.Date).alias("vintage_on"),
            seen["latest_known_us"]
            .cast(pl.Int64)
            .cast(pl.Datetime("us"))
            .alias("latest_comp_known_at"),
        ]
    )


@dataclass(frozen=True)
class _Query:
    """The subjects of one block, as arrays (n, ...)."""

    columns: Mapping[str, Array]
    terms: Mapping[str, Array]
    groups: Mapping[str, npt.NDArray[np.object_]]
    points: Array
    info_day: npt.NDArray[np.int64]
    as_of_day: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.int64]) -> _Query:
        return _Query(
            {name: x[rows] for name, x in self.columns.items()},
            {name: x[rows] for name, x in self.terms.items()},
            {name: x[rows] for name, x in self.groups.items()},
            self.points[rows],
            self.info_day[rows],
            self.as_of_day[rows],
        )


def _block(
    sales: Sales, settings: FeatureSettings, vintages: Vintages, day: int, query: _Query
) -> dict[str, Array]:
    """Market features of the subjects whose information ends in the month that begins on `day`."""
    vintage = latest_vintage(vintages, day)
    n_known = sales.n_known(int(query.info_day.max()))
    comps = settings.comps
    oldest = sales.n_known(months_before(day, comps.history_months))
    if vintage is None or n_known == oldest:
        return {"comps_count": np.zeros(len(query.info_day))}
    pool = slice(oldest, n_known)
    pool_columns = {name: x[pool] for name, x in sales.columns.items()}
    pool_terms = {name: x[pool] for name, x in sales.terms.items()}
    close_day, known_at = sales.close_day[pool], sales.known_at[pool]
    residual = (
        sales.log_price[pool] - vintage.hedonic.predict(pool_terms) - vintage.index(close_day)
    )
    query_at = query.info_day * DAY_US

    def near(rows: npt.NDArray[np.int64], k: int) -> tuple[npt.NDArray, Array, Array, Array]:
        at, distance = nearest_known(
            query.points, query_at, sales.points[pool][rows], known_at[rows], day * DAY_US, k
        )
        there = at >= 0
        at = rows[np.where(there, at, 0)] if len(rows) else np.zeros_like(at)
        age_days = (query.info_day[:, None] - close_day[at]).astype(np.float64)
        return at, distance, np.where(there, residual[at], 0.0), np.where(there, age_days, 0.0)

    at, distance, near_residual, near_age = near(np.arange(len(residual)), comps.n_near)
    thinned = np.flatnonzero(sales.draw[pool] < 1.0 / comps.wide_share)
    _, wide_distance, wide_residual, wide_age = near(thinned, comps.n_wide)
    there = np.isfinite(distance)
    out = comps_features(
        comps,
        distance,
        near_residual,
        near_age,
        unlikeness(query.columns, pool_columns, at),
        wide_distance,
        wide_residual,
        wide_age,
    )
    few = slice(0, comps.n_make_up)
    out |= make_up(query.columns, pool_columns, at[:, few], there[:, few])
    n_before = sales.n_known(day) - oldest
    for name in GROUPS:
        out[f"{name}_residual"], out[f"{name}_sales"] = group_residual(
            residual[:n_before],
            sales.groups[name][pool][:n_before],
            query.groups[name],
            comps.group_prior_sales,
        )
    out["hedonic_log_value"] = vintage.hedonic.predict(query.terms)
    # Without a place there are no comparables near by; the finest group that is known stands in.
    beyond = out[f"alike_residual_{metres(comps.alike_scales_km[1])}"]
    for name in ("subdivision_name", "postal_code", "mls_area_minor"):
        beyond = np.where(np.isnan(beyond), out[f"{name}_residual"], beyond)
    out["comps_log_value"] = out["hedonic_log_value"] + np.where(np.isnan(beyond), 0.0, beyond)
    out["index_log"] = vintage.index(query.as_of_day + vintage.lag_days)
    newest = np.where(there, known_at[at], -1).max(axis=1)
    used_by_vintage = sales.known_at[sales.n_known(vintage.day) - 1]
    used_by_groups = known_at[n_before - 1] if n_before else -1
    out["latest_known_us"] = np.maximum(newest, max(used_by_vintage, used_by_groups)).astype(
        np.float64
    )
    out["vintage_day"] = np.full(len(newest), float(vintage.day))
    return out
