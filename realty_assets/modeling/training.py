"""From a market to a trained, saved and registered model: what the face of modeling.models runs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

import realty_assets
from realty_assets.features.registry import features, registry_hash
from realty_assets.modeling.markets import data_hash_of
from realty_assets.modeling.mlflow_registry import register, registered_name
from realty_assets.modeling.model import Valuer, fit_valuer, save_valuer
from realty_assets.modeling.model_card import has_card, write_card
from realty_assets.modeling.model_record import ModelRecord, record_of
from realty_assets.modeling.walk_forward import CODE_VERSION, Market

# Of modeling.models; a model's own code_version is that of what it was walked and trained by.
RECORD_VERSION = "2"
SCHEMA: dict[str, Any] = {
    "name": pl.String,
    "model_version": pl.String,
    "mlflow_version": pl.Int64,
    "track": pl.String,
    "cutoff": pl.Date,
    "trained_at": pl.Datetime("us"),
    "duration_s": pl.Float64,
    "run_id": pl.String,
    "n_train": pl.Int64,
    "n_calibration": pl.Int64,
    "content_hash": pl.String,
    "training_hash": pl.String,
    "data_hash": pl.String,
    "feature_registry_hash": pl.String,
    "code_version": pl.String,
    "lock_hash": pl.String,
    "recalibrates": pl.String,
    "artifact": pl.String,
    "artifact_sha256": pl.String,
    "params": pl.String,
    "metrics": pl.String,
}


@dataclass(frozen=True)
class Origin:
    """What a model was made from, and where it goes: the home, the first and last month of the
    headline, modeling.trials, the content hash of each table that the market was read from, and
    the lock file."""

    home: Path
    window: tuple[date, date]
    trials: pl.DataFrame
    tables: Mapping[str, str]
    lock_file: Path


def train_and_register(
    market: Market,
    walked: pl.DataFrame,
    models: pl.DataFrame | None,
    today: date,
    origin: Origin,
) -> pl.DataFrame:
    """modeling.models with the model of everything known before `today` in it.

    `models` is the table as it stands (None: there is none). Training the same model again adds
    nothing. Raises NotEnoughSales.
    """
    began = time.monotonic()
    valuer = fit_valuer(market, walked, today)
    return registered_in(models, valuer, market, walked, origin, began)


def models_in_form(models: pl.DataFrame | None) -> pl.DataFrame:
    """modeling.models in today's form; empty when there is none."""
    if models is None:
        return pl.DataFrame(schema=SCHEMA)
    missing = [pl.lit(None, SCHEMA[name]).alias(name) for name in SCHEMA if name not in models]
    return models.with_columns(missing).select(*SCHEMA)


def registered_in(
    models: pl.DataFrame | None,
    valuer: Valuer,
    market: Market,
    walked: pl.DataFrame,
    origin: Origin,
    began: float,
    *,
    base: Mapping[str, Any] | None = None,
    predictions: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """modeling.models with `valuer` in it, saved and registered; a model that is known adds none.

    `began` is of time.monotonic. Of a recalibration, `base` is the row of the model whose boosters
    it has, whose recipe is its own, and `predictions` are those of the window.
    """
    home, tables = origin.home, origin.tables
    before = models_in_form(models)
    # Also for a model that is known: its folder or its card may have been lost.
    folder, manifest_sha256 = save_valuer(valuer, home / "models")
    known = before.filter(pl.col("content_hash") == valuer.content_hash)
    if len(known) and has_card(folder):
        return before
    hashes = _hashes(market, tables, origin.lock_file)
    if base is not None:
        hashes |= {name: base[name] for name in ("feature_registry_hash", "code_version")}
    if len(known):
        hashes = known.select(hashes.keys()).row(0, named=True)
    record = record_of(
        market,
        walked,
        valuer,
        window=origin.window,
        trials=origin.trials,
        hashes=hashes,
        # A card written anew speaks of the tables only if they are still the same.
        tables=tables if hashes["data_hash"] == data_hash_of(tables) else {},
        home=home,
        predictions=predictions,
    )
    write_card(folder, record)
    if len(known):
        return before
    params = recipe(market)
    registered = register(
        home,
        valuer,
        folder,
        market.matrix.filter(pl.col("hedonic_log_value").is_not_null()),
        params=_flat(params) | _told(valuer, record),
        metrics=record.metrics,
        tags=hashes
        | {"training_hash": valuer.training_hash}
        | ({} if valuer.base is None else {"recalibrates": valuer.base.model_version}),
        record=record,
    )
    row = {
        "name": registered_name(valuer.track),
        "model_version": valuer.model_version,
        "mlflow_version": registered.version,
        "track": valuer.track,
        "cutoff": valuer.cutoff,
        "trained_at": datetime.now(UTC).replace(tzinfo=None),
        "duration_s": time.monotonic() - began,
        "run_id": registered.run_id,
        "n_train": valuer.n_train,
        "n_calibration": valuer.calibration.n_errors,
        "content_hash": valuer.content_hash,
        "training_hash": valuer.training_hash,
        **hashes,
        "recalibrates": None if valuer.base is None else valuer.base.model_version,
        "artifact": str(folder.relative_to(home)),
        "artifact_sha256": manifest_sha256,
        "params": recipe_json(params),
        "metrics": json.dumps(record.metrics, sort_keys=True),
    }
    return pl.concat([before, pl.DataFrame([row], schema=SCHEMA)])


def recipe(market: Market) -> dict[str, Any]:
    """The settings that a model of `market` is made by; `params` of modeling.models is their
    JSON."""
    return {"model": asdict(market.model), "features": market.features.described()}


def recipe_json(params: Mapping[str, Any]) -> str:
    """`recipe` as modeling.models has it."""
    return json.dumps(params, sort_keys=True)


def newest(models: pl.DataFrame) -> list[str]:
    """Folders below the home of the newest model of each track, of modeling.models."""
    return models.group_by("track", maintain_order=True).last()["artifact"].to_list()


def _hashes(market: Market, tables: Mapping[str, str], lock_file: Path) -> dict[str, str]:
    """What traces a model to rows, features, code and libraries."""
    return {
        "data_hash": data_hash_of(tables),
        "feature_registry_hash": registry_hash(
            features(market.features.comps, market.features.layers, market.track)
        ),
        "code_version": f"{realty_assets.__version__}-{CODE_VERSION}",
        "lock_hash": _file_hash(lock_file),
    }


def _told(valuer: Valuer, record: ModelRecord) -> dict[str, Any]:
    """Parameters that come of the data and of the search."""
    return {
        "n_train": valuer.n_train,
        "n_inputs": len(valuer.point.names),
        "n_members": len(valuer.point.members),
        "n_candidates": record.facts["training"]["n_candidates"],
        "tuned_before": record.facts["training"]["tuned_before"],
        "cutoff": valuer.cutoff.isoformat(),
        "track": valuer.track,
    }


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no lock file"
