"""modeling.evaluation_splits: random, grouped and rolling-origin scores on the same sales.

Only the rolling origin answers the question that a user has: how good is a value of next month?
The other two show by how much a random or grouped split would flatter the same model. To keep that
cheap, all three are trained with one quick booster; the published model's own score stands beside
them. Features stay past-only in every split, so what remains of the flattery is this: a model of a
random or grouped split trains on sales of the same months and of later ones, its features know the
market up to the day before the listing instead of up to the first of the month, and in the random
split it trains on other sales of the same home.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.evaluation.metrics import point_accuracy
from realty_assets.evaluation.paired import compare
from realty_assets.evaluation.ratio_study import cod
from realty_assets.evaluation.resampling import figure_intervals, month_area, resampled_by
from realty_assets.evaluation.splits import Fold, grouped_folds, next_month
from realty_assets.features.market_index import Vintage
from realty_assets.features.sales import epoch_day
from realty_assets.modeling.judging.past import area_name, with_homes
from realty_assets.modeling.points import training_set, usable_for_training
from realty_assets.modeling.settings import PROFILES, ModelSettings
from realty_assets.modeling.walk_forward import Market, train_all, walk_forward

Array = npt.NDArray[np.float64]
N_FOLDS = 5
FIGURES = ("mdape", "ppe10", "r2", "cod")
KEY = ("listing_key", "close_date", "close_price")
PUBLISHED, QUICK = "as published", "one quick booster"
ROLLING, GROUPED, RANDOM = "rolling origin by month", "grouped by property", "random"
SAW = {
    ROLLING: "nothing known at or after the first of the month",
    GROUPED: "sales of the same and later months, none of the same home",
    RANDOM: "sales of the same and later months, other sales of the same home among them",
}


def quick_settings(seed: int) -> ModelSettings:
    """One booster of the fast profile."""
    fast = PROFILES["fast"]
    return replace(fast, members=fast.members[:1], seed=seed)


def split_values(market: Market, predictions: pl.DataFrame) -> dict[tuple[str, str], Array]:
    """Predictions (n,) in dollars of the sales of one backtest, by (split, model), in row order.

    `market` holds the settings of the quick booster. A split that cannot be made (fewer homes than
    folds, too little to train on) is left out.
    """
    folds = [Fold(day, next_month(day)) for day in sorted(set(predictions["cutoff"].to_list()))]
    out = {(ROLLING, PUBLISHED): predictions["prediction"].to_numpy().astype(np.float64)}
    walked = walk_forward(market, folds)
    if len(walked):
        by_month = walked.select(*KEY, value=pl.col("log_value").exp())
        out[ROLLING, QUICK] = _aligned(predictions, by_month)
    until = next_month(folds[-1].cutoff)
    vintage = market.vintages(until).get(epoch_day(until))
    for split, column in ((GROUPED, "property_key"), (RANDOM, "listing_key")):
        value = None if vintage is None else _fold_values(market, predictions, column, vintage)
        if value is not None:
            out[split, QUICK] = _aligned(predictions, value)
    return {name: value for name, value in out.items() if np.isfinite(value).all()}


def _fold_values(
    market: Market, predictions: pl.DataFrame, column: str, vintage: Vintage
) -> pl.DataFrame | None:
    """KEY and value of the judged sales, each by a model trained on the other folds; `column` is
    what a fold is dealt by, `vintage` the index as known after the window."""
    until = next_month(max(predictions["cutoff"].to_list()))
    key = [pl.col(name).cast(predictions[name].dtype) for name in KEY]
    rows = market.matrix.filter(pl.col("role") == "sale").with_columns(key)
    wanted = predictions.select(KEY).unique().with_columns(judged=pl.lit(True))
    rows = rows.join(wanted, on=KEY, how="left", maintain_order="left")
    rows = rows.filter(usable_for_training(until) | pl.col("judged"))
    names = pl.coalesce(column, pl.format("row {}", pl.int_range(pl.len())))
    keys = rows.select(names.cast(pl.String)).to_series().to_list()
    if len(set(keys)) < N_FOLDS:
        return None
    fold = grouped_folds(keys, N_FOLDS, market.model.seed)
    sets = [
        training_set(
            rows.filter(pl.Series(fold != k)),
            until,
            vintage,
            market.features,
            market.model.target,
        )
        for k in range(N_FOLDS)
    ]
    if min(len(data) for data in sets) < MIN_SALES:
        return None
    parts = []
    for k, model in enumerate(train_all(sets, market.model, market.n_threads)):
        mine = rows.filter(pl.Series(fold == k) & pl.col("judged"))
        log_value, _ = model.predict_log(mine)
        parts.append(mine.select(KEY).with_columns(value=pl.Series(np.exp(log_value))))
    return pl.concat(parts)


def _aligned(predictions: pl.DataFrame, value: pl.DataFrame) -> Array:
    """`value` in the order of the predictions, NaN where there is none."""
    dtypes = [pl.col(name).cast(predictions[name].dtype) for name in KEY]
    one_each = value.with_columns(dtypes).unique(KEY, keep="first", maintain_order=True)
    found = predictions.select(KEY).join(one_each, on=KEY, how="left", maintain_order="left")
    return found["value"].fill_null(float("nan")).to_numpy().copy()


def split_rows(
    predictions: pl.DataFrame,
    sales: pl.DataFrame,
    values: Mapping[tuple[str, str], Array],
    made_from: str,
    seed: int = 7,
    n_draws: int = 1000,
) -> pl.DataFrame:
    """modeling.evaluation_splits of one backtest: one row per split and model.

    `*_difference` are the split's less the rolling origin's of the same quick booster on the same
    sales: negative is how far the split flatters.
    """
    labels = month_area(
        predictions["cutoff"].to_list(), area_name(with_homes(predictions, sales)).to_list()
    )
    s = predictions["close_price"].to_numpy().astype(np.float64)
    honest = values.get((ROLLING, QUICK))
    out = []
    for split, model in ((ROLLING, PUBLISHED), (ROLLING, QUICK), (GROUPED, QUICK), (RANDOM, QUICK)):
        row: dict[str, Any] = {
            "backtest_id": predictions["backtest_id"][0],
            "track": predictions["track"][0],
            "split": split,
            "model": model,
            "n": len(s),
            "n_folds": _n_folds(split, predictions),
            "training_saw": SAW[split],
            "made_from": made_from,
            "note": "",
        }
        value = values.get((split, model))
        if value is None or len(s) < MIN_SALES:
            note = TOO_SMALL if len(s) < MIN_SALES else "too few sales to train on"
            out.append(row | {"note": note})
            continue
        point = point_accuracy(value, s)
        seen = {"mdape": point.mdape, "ppe10": point.ppe10, "r2": point.r2, "cod": cod(value, s)}
        drawn = figure_intervals(
            value, s, labels=labels, figures=FIGURES, seed=seed, n_draws=n_draws
        )
        for name in FIGURES:
            row |= {name: seen[name], f"{name}_low": drawn[name][0], f"{name}_high": drawn[name][1]}
        row["resampled"] = resampled_by(labels)
        if honest is not None and model == QUICK and split != ROLLING:
            pair = compare(value, honest, s, labels, seed=seed).as_dict()
            row |= {name: pair[name] for name in SCHEMA if "_difference" in name}
        out.append(row)
    return pl.DataFrame(out, schema=SCHEMA)


def _n_folds(split: str, predictions: pl.DataFrame) -> int:
    return predictions["cutoff"].n_unique() if split == ROLLING else N_FOLDS


def basis(snapshot: str, predictions: pl.DataFrame, quick: ModelSettings) -> str:
    """Hash of everything that the splits of a backtest are made from."""
    made = predictions["made_from"][0] if "made_from" in predictions.columns else ""
    parts = repr((snapshot, made, predictions["backtest_id"][0], asdict(quick)))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


_ENDS = ("", "_low", "_high")
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("backtest_id", "track", "split", "model"), pl.String),
    "n": pl.Int64,
    "n_folds": pl.Int64,
    "training_saw": pl.String,
    **{
        f"{name}{end}": pl.Float64
        for name in (*FIGURES, "error_difference", "mdape_difference")
        for end in _ENDS
    },
    "resampled": pl.String,
    "made_from": pl.String,
    "note": pl.String,
}
