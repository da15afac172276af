"""Out-of-time predictions, month by month: each month by a model of what was known before it.

They are what a backtest reports and what intervals are calibrated on. A month's row depends only
on what was known before its cutoff and on the home itself, so a month once walked need not be
walked again: `basis` is the hash of everything that its model was made from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import polars as pl

from realty_assets.evaluation.splits import Fold
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.registry import features, registry_hash
from realty_assets.features.sales import Sales, effective_known_at, epoch_day
from realty_assets.features.subjects import sale_subjects
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.features.vintages import Vintages, make_vintages
from realty_assets.modeling import boosters
from realty_assets.modeling.conformal import ERROR_INPUTS, LISTING_INPUTS
from realty_assets.modeling.kept_boosters import KeptBoosters, booster_key
from realty_assets.modeling.points import (
    Lessons,
    PointModel,
    TrainingSet,
    n_usable,
    train_member,
)
from realty_assets.modeling.settings import ModelSettings

CODE_VERSION = "4"
# Sales are registered within some weeks: a month before these is seldom asked about again.
KEPT_FOLDS = 3
ROW_COLUMNS = (
    "listing_key",
    "property_key",
    "parcel_number",
    "track",
    "as_of",
    "known_at",
    "close_date",
    "close_price",
    "excluded_by",
    "postal_code",
    "latitude",
    "longitude",
    "comps_log_value",
    "index_log",
    *ERROR_INPUTS,
)


@dataclass(frozen=True)
class Market:
    """Everything of a market that modelling reads: sales, their matrix of one track, and the
    settings."""

    sales_frame: pl.DataFrame
    sales: Sales
    matrix: pl.DataFrame
    features: FeatureSettings
    model: ModelSettings
    n_threads: int = 1
    track: str = OFF_MARKET

    @classmethod
    def of(
        cls,
        sales_frame: pl.DataFrame,
        matrix: pl.DataFrame,
        feature_settings: FeatureSettings,
        model_settings: ModelSettings,
        n_threads: int = 1,
        track: str = OFF_MARKET,
    ) -> Market:
        """The market of `sales_frame` (as clean.sales, with purchase_contract_date)."""
        return cls(
            sales_frame,
            Sales(sales_frame, track),
            matrix,
            feature_settings,
            model_settings,
            n_threads,
            track,
        )

    def vintages(self, until: date, *extra: date) -> Vintages:
        """Monthly vintages up to `until`'s month, and one at each of `extra`."""
        return make_vintages(
            self.sales,
            until,
            self.features.index,
            extra=extra,
            n_threads=self.n_threads,
        )


def settings_of(market: Market) -> dict[str, Any]:
    """All settings that a walked row depends on, the code's versions among them."""
    return {
        "features": market.features.described(),
        "registry": registry_hash(
            features(market.features.comps, market.features.layers, market.track)
        ),
        "model": asdict(market.model),
        "track": market.track,
        "code_version": [CODE_VERSION, boosters.CODE_VERSION],
    }


def basis_of(data: TrainingSet, subjects: pl.DataFrame, settings: dict[str, Any]) -> str:
    """Hash of a month's training set, of the homes asked for, and of the market's settings."""
    parts = {
        "training": data.sha256(),
        "homes": hashlib.sha256(subjects.write_csv().encode()).hexdigest(),
        **settings,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def fold_sales(sales_frame: pl.DataFrame, fold: Fold, track: str = OFF_MARKET) -> pl.DataFrame:
    """Subjects of the fold: every sale that closes in it and has a place on `track`, excluded ones
    among them."""
    inside = pl.col("close_date").is_between(fold.cutoff, fold.until, closed="left")
    return sale_subjects(sales_frame.filter(inside), track)


def walk_forward(
    market: Market,
    folds: Sequence[Fold],
    walked: pl.DataFrame | None = None,
    kept: KeptBoosters | None = None,
) -> pl.DataFrame:
    """One row per sale of the folds: ROW_COLUMNS, cutoff, log_value (ln usd, level not corrected),
    spread, model_hash, basis; sorted by cutoff and key.

    Folds with fewer than `min_sales` training rows are left out. Rows of `walked`
    (an earlier answer) are taken over for folds whose basis is the same; `kept` are boosters of the
    newest folds, which are left there for the next walk. Without a single fold that can be walked
    the answer is an empty frame.
    """
    folds = [f for f in folds if n_usable(market.matrix, f.cutoff) >= market.model.min_sales]
    if not folds:
        return pl.DataFrame()
    vintages = market.vintages(max(f.cutoff for f in folds))
    sets = _training_sets(market, folds, vintages)
    homes = {f: fold_sales(market.sales_frame, f, market.track) for f in folds}
    settings = settings_of(market)
    bases = {f: basis_of(sets[f], homes[f], settings) for f in folds}
    known: dict[Fold, pl.DataFrame] = {}
    if walked is not None and "basis" in walked.columns:
        for fold in folds:
            rows = walked.filter(pl.col("basis") == bases[fold])
            if len(rows) and len(rows) == len(homes[fold]):
                known[fold] = rows
    todo = [f for f in folds if f not in known and len(homes[f])]
    models = train_all([sets[f] for f in todo], market.model, market.n_threads, kept)
    for fold, model in zip(todo, models, strict=True):
        rows = build_matrix(
            homes[fold],
            market.sales,
            market.features,
            cutoff=fold.cutoff,
            vintages=vintages,
            n_threads=market.n_threads,
            track=market.track,
        )
        log_value, spread = model.predict_log(rows)
        known[fold] = (
            rows.with_columns(known_at=effective_known_at())
            .select(*ROW_COLUMNS, *(name for name in LISTING_INPUTS if name in rows.columns))
            .with_columns(
                pl.lit(fold.cutoff).alias("cutoff"),
                pl.Series("log_value", log_value),
                pl.Series("spread", spread),
                pl.lit(model.sha256()).alias("model_hash"),
                pl.lit(bases[fold]).alias("basis"),
            )
        )
    if kept is not None:  # last: a walk that is cut short finds what it trained
        newest = [sets[f] for f in sorted(folds)[-KEPT_FOLDS:]]
        kept.only(booster_key(d, m, market.model) for d in newest for m in market.model.members)
    if not known:
        return pl.DataFrame()
    # By name: rows taken over come from a table of all tracks, their columns in another order.
    return pl.concat([known[f] for f in sorted(known)], how="diagonal").sort(
        "cutoff", "listing_key", "property_key", "close_price"
    )


def _training_sets(
    market: Market, folds: Sequence[Fold], vintages: Vintages
) -> dict[Fold, TrainingSet]:
    lessons = Lessons.of(market.matrix, market.features, market.model.target)
    return {f: lessons.before(f.cutoff, vintages[epoch_day(f.cutoff)]) for f in folds}


def train_all(
    sets: Sequence[TrainingSet],
    settings: ModelSettings,
    n_threads: int,
    kept: KeptBoosters | None = None,
) -> list[PointModel]:
    """One ensemble per training set; members of all of them train side by side. Boosters that are
    `kept` are taken from there, and those that are trained join them."""
    train = train_member if kept is None else kept.trained
    tasks = [(data, member) for data in sets for member in settings.members]
    with ThreadPoolExecutor(n_threads) as threads:
        raw = list(threads.map(lambda task: train(task[0], task[1], settings), tasks))
    n = len(settings.members)
    return [
        PointModel(
            data.names,
            settings.members,
            tuple(raw[i * n : (i + 1) * n]),
            data.plain(),
            data.kind,
        )
        for i, data in enumerate(sets)
    ]
