"""Models trained anew for the analysis: the one place here that knows how modeling trains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.splits import Fold
from realty_assets.features.market_index import Vintage
from realty_assets.features.matrix import build_matrix
from realty_assets.features.sales import epoch_day
from realty_assets.modeling.points import (
    STARTS,
    PointModel,
    TrainingSet,
    train_member,
    training_set,
)
from realty_assets.modeling.settings import Member, ModelSettings
from realty_assets.modeling.walk_forward import Market, fold_sales

Array = npt.NDArray[np.float64]
START = STARTS["level"]


@dataclass(frozen=True)
class Without:
    """What a variant of the model goes without: features by name, and two of its roads.

    Without `comps_start` members start from the plain hedonic value instead of the comparables'
    estimate; without `index` the market's level is neither taken off the target nor added.
    """

    features: frozenset[str] = frozenset()
    comps_start: bool = False
    index: bool = False


@dataclass(frozen=True)
class Month:
    """A month to try variants on: what its model may learn from, and the rows it is judged on."""

    fold: Fold
    data: TrainingSet
    level: Array
    hedonic: Array
    rows: pl.DataFrame


def months(market: Market, folds: Sequence[Fold]) -> list[Month]:
    """Training sets and judged rows of `folds`, whose features stop at each fold's cutoff."""
    if not folds:
        return []
    vintages = market.vintages(max(fold.cutoff for fold in folds))
    return [
        _month(
            market,
            fold,
            build_matrix(
                fold_sales(market.sales_frame, fold),
                market.sales,
                market.features,
                cutoff=fold.cutoff,
                vintages=vintages,
                n_threads=market.n_threads,
            ),
        )
        for fold in folds
    ]


def _month(market: Market, fold: Fold, rows: pl.DataFrame) -> Month:
    data = training_at(market, fold.cutoff)
    # The same market without its level, and with the hedonic value in the place of the start: what
    # training_set says of it gives both in its own order of rows.
    flat = training_at(market, fold.cutoff, level_off=False)
    plain = training_at(
        replace(
            market, matrix=market.matrix.with_columns(pl.col("hedonic_log_value").alias(START))
        ),
        fold.cutoff,
    )
    return Month(fold, data, flat.target - data.target, plain.start, rows)


class _NoLevel:
    """A vintage that knows no market."""

    def index(self, days: npt.NDArray[np.int64]) -> Array:
        return np.zeros(len(days))


def training_at(market: Market, cutoff: date, level_off: bool = True) -> TrainingSet:
    """What the model of `cutoff` learns from; without `level_off` the level stays in the target."""
    vintage = market.vintages(cutoff, cutoff)[epoch_day(cutoff)]
    level = vintage if level_off else cast(Vintage, _NoLevel())
    return training_set(market.matrix, cutoff, level, market.features)


def train_without(
    month: Month, without: Without, members: Sequence[Member], settings: ModelSettings
) -> PointModel:
    """The ensemble of `members` on the month's training set, without what `without` names."""
    data = month.data
    keep = [i for i, name in enumerate(data.names) if name not in without.features]
    data = replace(
        data,
        names=tuple(data.names[i] for i in keep),
        inputs=np.ascontiguousarray(data.inputs[:, keep]),
        target=data.target + month.level if without.index else data.target,
        start=month.hedonic if without.comps_start else data.start,
    )
    boosters = tuple(train_member(data, member, settings) for member in members)
    return PointModel(data.names, tuple(members), boosters, data.plain())


def errors_without(month: Month, without: Without, model: PointModel) -> Array:
    """abs(ln value - ln price) (n,) of the month's rows, as the variant values them."""
    rows = month.rows
    if without.comps_start:
        rows = rows.with_columns(pl.col("hedonic_log_value").alias(START))
    if without.index:
        rows = rows.with_columns(pl.lit(0.0).alias("index_log"))
    return np.abs(model.predict_log(rows)[0] - np.log(rows["close_price"].to_numpy()))


def retrained(
    sets: Iterable[tuple[TrainingSet, ModelSettings]], n_threads: int
) -> list[PointModel]:
    """The whole ensemble of each (training set, settings), side by side."""
    pairs = list(sets)
    tasks = [(data, member, how) for data, how in pairs for member in how.members]
    with ThreadPoolExecutor(n_threads) as threads:
        boosters = iter(list(threads.map(lambda task: train_member(*task), tasks)))
    return [
        PointModel(
            data.names, how.members, tuple(next(boosters) for _ in how.members), data.plain()
        )
        for data, how in pairs
    ]


def resampled(data: TrainingSet, draw: npt.NDArray[np.int64]) -> TrainingSet:
    """The training set of the rows `draw` (n,), in that order."""
    return replace(
        data,
        inputs=np.ascontiguousarray(data.inputs[draw]),
        target=data.target[draw],
        start=data.start[draw],
        per_sqft=data.per_sqft[draw],
    )
