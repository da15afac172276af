"""From a market to a trained, saved and registered model: what the face of modeling.models runs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import realty_assets
from realty_assets.evaluation.intervals import interval_quality
from realty_assets.evaluation.metrics import point_accuracy
from realty_assets.features.registry import features, registry_hash
from realty_assets.modeling.mlflow_registry import register, registered_name
from realty_assets.modeling.model import Valuer, fit_valuer, save_valuer
from realty_assets.modeling.walk_forward import CODE_VERSION, Market

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
    "artifact": pl.String,
    "artifact_sha256": pl.String,
    "params": pl.String,
    "metrics": pl.String,
}


def train_and_register(
    market: Market,
    walked: pl.DataFrame,
    models: pl.DataFrame | None,
    *,
    home: Path,
    today: date,
    data_hash: str,
    lock_file: Path,
) -> pl.DataFrame:
    """modeling.models with the model of everything known before `today` in it.

    `models` is the table as it stands (None: there is none). Training the same model again adds
    nothing. `data_hash` names the tables that the market was read from. Raises NotEnoughSales.
    """
    began = time.monotonic()
    valuer = fit_valuer(market, walked, today)
    before = pl.DataFrame(schema=SCHEMA) if models is None else models
    # Also for a model that is known: its folder may have been lost.
    folder, manifest_sha256 = save_valuer(valuer, home / "models")
    if valuer.content_hash in before["content_hash"].to_list():
        return before
    hashes = {
        "data_hash": data_hash,
        "feature_registry_hash": registry_hash(
            features(market.features.comps, market.features.layers, market.track)
        ),
        "code_version": f"{realty_assets.__version__}-{CODE_VERSION}",
        "lock_hash": _file_hash(lock_file),
    }
    params = {"model": asdict(market.model), "features": market.features.described()}
    metrics = recent_metrics(walked, valuer)
    registered = register(
        home,
        valuer,
        folder,
        market.matrix.filter(pl.col("hedonic_log_value").is_not_null()),
        params=_flat(params) | {"n_train": valuer.n_train, "cutoff": today.isoformat()},
        metrics=metrics,
        tags=hashes | {"training_hash": valuer.training_hash},
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
        "artifact": str(folder.relative_to(home)),
        "artifact_sha256": manifest_sha256,
        "params": json.dumps(params, sort_keys=True),
        "metrics": json.dumps(metrics, sort_keys=True),
    }
    return pl.concat([before, pl.DataFrame([row], schema=SCHEMA)])


def recent_metrics(walked: pl.DataFrame, valuer: Valuer) -> dict[str, float]:
    """Walk-forward accuracy of the months that calibrate `valuer`, valid sales only.

    Out of time for the point; its interval is fitted on these very errors, so its coverage here
    shows only that the fit worked. The backtest judges it.
    """
    rows = walked.filter(pl.col("excluded_by").is_null())
    value, low, high = valuer.calibration.interval(
        rows, rows["log_value"].to_numpy(), rows["spread"].to_numpy()
    )
    s = rows["close_price"].to_numpy()
    point = point_accuracy(np.exp(value), s).as_dict()
    quality = interval_quality(np.exp(value), np.exp(low), np.exp(high), s).as_dict()
    return {f"walk_forward_{name}": float(figure) for name, figure in point.items()} | {
        "fitted_coverage_90": float(quality["coverage"]),
        "median_width_ratio": float(quality["median_width_ratio"]),
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
