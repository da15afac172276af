"""The feature matrix of a track, every row knowing only what was known in time.

A row's information ends at 00:00 UTC of `info_on` = min(as_of, cutoff). A sale feeds it only if it
was known strictly before that (and never before its own close day was over). The hedonic and index
that adjust comparables are those of the latest month start not after `info_on`, made from sales
known before that month start; so are the residuals of groups.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.block import Block, Query
from realty_assets.features.comparables import CompsSettings
from realty_assets.features.layer_measures import layer_columns
from realty_assets.features.layers import Layer
from realty_assets.features.market_index import IndexSettings
from realty_assets.features.registry import features
from realty_assets.features.sales import Sales, month_start
from realty_assets.features.seasonality import season_columns
from realty_assets.features.structure import structure_features, with_inputs
from realty_assets.features.subjects import IDENTITY
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.features.vintages import Vintages, make_vintages

Array = npt.NDArray[np.float64]

# Columns of the matrix that say which row it is, or are evidence; never shown to a model.
ROW_COLUMNS: tuple[str, ...] = (*IDENTITY, "postal_code")
EVIDENCE_COLUMNS: tuple[str, ...] = ("info_on", "vintage_on", "latest_comp_known_at")
# Subjects that are worked on at one time: bounds the memory of a month in which many are asked for.
CHUNK = 16_384


@dataclass(frozen=True)
class FeatureSettings:
    """Everything that the matrix depends on besides the rows themselves."""

    index: IndexSettings = field(default_factory=IndexSettings)
    comps: CompsSettings = field(default_factory=CompsSettings)
    layers: tuple[Layer, ...] = ()

    def described(self) -> dict[str, Any]:
        """JSON-able, and the same wherever the files of the layers lie."""
        return {**asdict(self), "layers": [layer.described() for layer in self.layers]}


def build_matrix(
    subjects: pl.DataFrame,
    sales: Sales,
    settings: FeatureSettings,
    *,
    cutoff: date | None = None,
    vintages: Vintages | None = None,
    n_threads: int = 1,
    track: str = OFF_MARKET,
) -> pl.DataFrame:
    """One row per subject, in the order given: ROW_COLUMNS, features, EVIDENCE_COLUMNS.

    `subjects` of `track` come from `subjects.py`. `cutoff` caps what any of them may know, as a
    backtest does. `vintages` must cover the subjects' months; made here when not given. The result
    depends neither on `n_threads` nor on which subjects are asked for together.
    """
    frame, query, vintages = prepared(subjects, sales, settings, cutoff, vintages, n_threads)
    columns = {
        **query.columns,
        **season_columns(query.as_of_day),
        **layer_columns(
            settings.layers,
            query.columns["latitude"],
            query.columns["longitude"],
            query.info_day,
        ),
    }
    specs = features(settings.comps, settings.layers, track)
    made = {s.name: np.full(len(frame), np.nan) for s in specs if s.name not in columns}
    evidence = {name: np.full(len(frame), np.nan) for name in ("vintage_day", "latest_known_us")}

    def one(chunk: tuple[int, npt.NDArray[np.int64]]) -> None:
        day, rows = chunk
        block = Block(sales, settings.comps, vintages, day, query.take(rows))
        for name, values in block.columns().items():
            (made if name in made else evidence)[name][rows] = values

    with ThreadPoolExecutor(n_threads) as threads:
        for _ in threads.map(one, chunks(query.info_day)):
            pass
    columns |= made
    made.clear()  # one copy at a time while columns are handed over
    seen = pl.DataFrame(evidence).fill_nan(None)
    return frame.select(ROW_COLUMNS).with_columns(
        *(pl.Series(spec.name, columns.pop(spec.name)).fill_nan(None) for spec in specs),
        frame["info_on"],
        seen["vintage_day"].cast(pl.Int32).cast(pl.Date).alias("vintage_on"),
        seen["latest_known_us"]
        .cast(pl.Int64)
        .cast(pl.Datetime("us"))
        .alias("latest_comp_known_at"),
    )


def prepared(
    subjects: pl.DataFrame,
    sales: Sales,
    settings: FeatureSettings,
    cutoff: date | None,
    vintages: Vintages | None,
    n_threads: int,
) -> tuple[pl.DataFrame, Query, Vintages]:
    """(subjects with `info_on`, the same as arrays, the vintages that cover them)."""
    frame = with_inputs(subjects)
    capped = pl.col("as_of") if cutoff is None else pl.min_horizontal("as_of", pl.lit(cutoff))
    frame = frame.with_columns(info_on=capped)
    query = Query.of(frame, structure_features(frame, pl.col("as_of").dt.year()), sales)
    if vintages is None:
        last = frame["info_on"].max() if len(frame) else date(1970, 1, 1)
        assert isinstance(last, date)
        vintages = make_vintages(sales, last, settings.index, n_threads=n_threads)
    return frame, query, vintages


def chunks(info_day: npt.NDArray[np.int64]) -> list[tuple[int, npt.NDArray[np.int64]]]:
    """(first day of the month, rows) of every month, those of many rows in parts."""
    months = month_start(info_day)
    order = np.argsort(months, kind="stable")
    days, starts = np.unique(months[order], return_index=True)
    parts = np.split(order, starts[1:])
    return [
        (day, rows[start : start + CHUNK])
        for day, rows in zip(days.tolist(), parts, strict=len(days) > 0)
        for start in range(0, len(rows), CHUNK)
    ]
