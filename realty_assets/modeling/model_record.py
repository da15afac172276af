"""What is written down of a model when it is trained: figures with their intervals, and facts.

Everything is read from the tables and objects that the model was made from, so that the same model
gives the same record. The model card, MLflow's run and `realty model show` are made from it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from realty_assets.cleaning.rules import RULE_SENTENCES
from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.evaluation.intervals import interval_quality
from realty_assets.evaluation.splits import rolling_origin
from realty_assets.features.policy import breaches, read_policy
from realty_assets.features.registry import features
from realty_assets.features.tracks import MATRICES, MAY_KNOW, QUESTIONS, STANDS_ON
from realty_assets.modeling.backtest import calibration_rows, metrics, window_predictions
from realty_assets.modeling.limits import MAX_WIDTH, WATCHED
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.points import usable_for_training
from realty_assets.modeling.settings import ModelSettings
from realty_assets.modeling.trials import SEARCHED_AS, latest_search
from realty_assets.modeling.walk_forward import Market

WALKED = "modeling.walk_forward"
# Of a model's own settings, what the card tells besides members, target and seed.
TOLD = (
    *("rounds", "eta", "max_depth", "min_child_weight", "subsample", "colsample_bytree"),
    *("reg_lambda", "max_bin", "calibration_months", "level_months", "level_calm"),
)


@dataclass(frozen=True)
class Dataset:
    """Rows that a model was made from, by hash: `table` they stand in, `context` what they were
    for, `digest` of their content, columns as (name, type)."""

    name: str
    table: str
    context: str
    digest: str
    n_rows: int
    columns: tuple[tuple[str, str], ...]

    @property
    def schema_hash(self) -> str:
        return _sha256(self.columns)


@dataclass(frozen=True)
class ModelRecord:
    """`metrics` are flat figures by name, `facts` what the card says (JSON-able), `predictions`
    those of the headline window, as modeling.predictions has them."""

    metrics: dict[str, float]
    facts: dict[str, Any]
    predictions: pl.DataFrame
    slices: pl.DataFrame
    datasets: tuple[Dataset, ...]


def record_of(
    market: Market,
    walked: pl.DataFrame,
    valuer: Valuer,
    *,
    window: tuple[date, date],
    trials: pl.DataFrame,
    hashes: Mapping[str, str],
    tables: Mapping[str, str],
    home: Path,
    predictions: pl.DataFrame | None = None,
) -> ModelRecord:
    """The record of `valuer`, which was trained on `market` and calibrated on `walked`.

    `window` are the first and last month of the headline, `trials` is modeling.trials, `hashes`
    trace the model to data, registry, code and lock file, `tables` gives the content hash of each
    table that the market was read from; `predictions` are those of the window (None: what `walked`
    says). Raises NotEnoughSales.
    """
    settings = market.model
    if predictions is None:
        folds = list(rolling_origin(*window))
        predictions = window_predictions(walked, folds, market.track, settings)
    slices = metrics(predictions, settings.seed)
    calibrating = calibration_rows(walked, valuer.cutoff, settings)
    training = market.matrix.filter(usable_for_training(valuer.trained_before))
    fitted = fitted_quality(calibrating, valuer, settings)
    facts = {
        "model": _model(valuer),
        "data": _data(market.sales_frame, training, tables),
        "features": _features(market, valuer, home),
        "training": _training(settings, trials, market.track, window[0]),
        "accuracy": [_finite(row) for row in slices.to_dicts()],
        "calibration": {
            "n": len(calibrating),
            "months": sorted({f"{day:%Y-%m}" for day in calibrating["cutoff"]}),
            "level_shift": valuer.calibration.level_shift,
            "fitted": fitted,
        },
        "limits": _limits(valuer),
        "hashes": {**hashes, "training_hash": valuer.training_hash},
        "licence": _licence(),
    }
    return ModelRecord(
        _metrics(slices, fitted),
        json.loads(json.dumps(facts, default=str)),
        predictions,
        slices,
        (
            _dataset("training rows", MATRICES[valuer.track], training, valuer.training_hash),
            _dataset("calibration rows", WALKED, calibrating, _digest(calibrating)),
        ),
    )


def fitted_quality(rows: pl.DataFrame, valuer: Valuer, settings: ModelSettings) -> dict[str, float]:
    """Coverage and width on the very rows that the interval was fitted on, with their intervals.

    It shows that the fit worked, no more; the months of the headline judge it.
    """
    value, low, high = valuer.calibration.interval(
        rows, rows["log_value"].to_numpy(), rows["spread"].to_numpy()
    )
    quality = interval_quality(
        np.exp(value),
        np.exp(low),
        np.exp(high),
        rows["close_price"].to_numpy(),
        settings.alpha,
        seed=settings.seed,
    )
    return quality.as_dict()


def _metrics(slices: pl.DataFrame, fitted: Mapping[str, float]) -> dict[str, float]:
    """Every figure of the whole window and of its valid sales, and the fitted ones, named so."""
    out: dict[str, float] = {}
    for name, prefix in (("all", "walk_forward"), ("valid", "walk_forward_valid")):
        for row in slices.filter(pl.col("slice") == name).to_dicts():
            out |= {
                f"{prefix}_{key}": float(value)
                for key, value in _finite(row).items()
                if isinstance(value, int | float) and key != "n_excluded"
            }
    for key, value in fitted.items():
        out[f"fitted_{key.replace('coverage', 'coverage_90')}"] = float(value)
    return out


def _model(valuer: Valuer) -> dict[str, Any]:
    return {
        "model_version": valuer.model_version,
        "content_hash": valuer.content_hash,
        "track": valuer.track,
        "question": QUESTIONS[valuer.track],
        "stands_on": STANDS_ON[valuer.track],
        "may_know": MAY_KNOW[valuer.track],
        "cutoff": valuer.cutoff.isoformat(),
        "trained_before": valuer.trained_before.isoformat(),
        "recalibrates": None if valuer.base is None else valuer.base.model_version,
        "n_train": valuer.n_train,
        "target": valuer.point.target,
        "members": [asdict(member) for member in valuer.point.members],
    }


def _data(sales: pl.DataFrame, training: pl.DataFrame, tables: Mapping[str, str]) -> dict[str, Any]:
    excluded = sales.drop_nulls("excluded_by").group_by("excluded_by").len("n_sales")
    rules = excluded.sort("n_sales", "excluded_by", descending=[True, False]).to_dicts()
    return {
        "sources": sorted(sales["source"].unique()) if "source" in sales.columns else [],
        "n_sales": len(sales),
        "first_close": sales["close_date"].min(),
        "last_close": sales["close_date"].max(),
        "n_excluded": int(excluded["n_sales"].sum()),
        "exclusions": [
            {
                "rule_id": row["excluded_by"],
                "n_sales": row["n_sales"],
                "sentence": RULE_SENTENCES.get(row["excluded_by"], ""),
            }
            for row in rules
        ],
        "train_first_close": training["close_date"].min(),
        "train_last_close": training["close_date"].max(),
        "tables": dict(tables),
    }


def _features(market: Market, valuer: Valuer, home: Path) -> dict[str, Any]:
    """The inputs by family, the families that boosters are not shown or that this market has
    nothing for, and the policy."""
    specs = features(market.features.comps, market.features.layers, market.track)
    used = set(valuer.point.names)
    shown = {spec.family for spec in specs if spec.default_input}
    families: dict[str, list[str]] = {spec.family: [] for spec in specs}
    for spec in specs:
        if spec.name in used:
            families[spec.family].append(spec.name)
    policy = read_policy(home)
    topics = sorted(set(policy.values()))
    return {
        "n": len(used),
        "families": {name: inputs for name, inputs in families.items() if inputs},
        "not_shown": sorted(families.keys() - shown),
        "fallen_away": sorted(name for name in shown if not families[name]),
        "barred": {t: sorted(term for term in policy if policy[term] == t) for t in topics},
        "n_barred_terms": len(policy),
        "n_breaches": len(breaches(market.matrix, specs, policy)),
    }


def _training(
    settings: ModelSettings, trials: pl.DataFrame, track: str, window_from: date
) -> dict[str, Any]:
    search = latest_search(trials, track, window_from)
    return {
        "seed": settings.seed,
        "alpha": settings.alpha,
        "settings": {name: getattr(settings, name) for name in TOLD},
        "searched_on": SEARCHED_AS[track],
        "n_candidates": len(search),
        "n_pruned": search.filter(pl.col("state") == "pruned").height,
        "tuned_before": None if search.is_empty() else search["tuned_before"][0],
    }


def _limits(valuer: Valuer) -> dict[str, Any]:
    return {
        "ranges": [
            {"name": WATCHED[name], "from": max(low, 0.0), "to": high}
            for name, low, high in valuer.limits.ranges
        ],
        "max_comps_distance_km": valuer.limits.max_comps_distance_km,
        "max_width": MAX_WIDTH,
        "min_sales": MIN_SALES,
    }


def _dataset(name: str, table: str, rows: pl.DataFrame, digest: str) -> Dataset:
    columns = tuple((column, str(kind)) for column, kind in rows.schema.items())
    return Dataset(name, table, name.split(maxsplit=1)[0], digest, len(rows), columns)


def _digest(rows: pl.DataFrame) -> str:
    """Hash of what calibration reads of walk-forward rows, in their order."""
    keys = ("cutoff", "listing_key", "property_key", "close_price", "log_value", "spread")
    return hashlib.sha256(rows.select(keys).write_csv().encode()).hexdigest()


def _sha256(what: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _finite(row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` without what is missing or no number."""
    return {
        key: value
        for key, value in row.items()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value))
    }


def _licence() -> str | None:
    """What the installed package says of its licence."""
    told = metadata.metadata("realty-assets")
    return next((told[key] for key in ("License-Expression", "License") if key in told), None)
