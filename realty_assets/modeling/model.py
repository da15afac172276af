"""A model that gives values: point model and interval together, on disk under its own hash."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from realty_assets.features.sales import epoch_day
from realty_assets.modeling.backtest import calibration_at, version_of
from realty_assets.modeling.conformal import Calibration
from realty_assets.modeling.limits import Limits
from realty_assets.modeling.points import (
    PointModel,
    require_sales,
    training_set,
    usable_for_training,
)
from realty_assets.modeling.settings import Member, NotEnoughSales
from realty_assets.modeling.walk_forward import Market, train_all

MANIFEST, CALIBRATION, ERROR_BOOSTER = "manifest.json", "calibration.json", "error_size.ubj"
FORMAT = 3
PREDICTED = ("value", "lower_90", "upper_90", "lower_bound_90", "fsd")


class ModelBroken(ValueError):
    """A model's folder is missing, or does not hold what its manifest says."""


@dataclass(frozen=True)
class Base:
    """The trained model whose boosters a recalibration has: its version, and its cutoff."""

    model_version: str
    cutoff: date


@dataclass(frozen=True)
class Valuer:
    """Values and 90% intervals for rows of the feature matrix. All that it knows was known before
    `cutoff`; a recalibration (`base`) has boosters that know less."""

    track: str
    cutoff: date
    n_train: int
    training_hash: str
    point: PointModel
    calibration: Calibration
    limits: Limits
    base: Base | None = None

    @property
    def trained_before(self) -> date:
        """The day before which all was known that the boosters learned from."""
        return self.base.cutoff if self.base is not None else self.cutoff

    @property
    def content_hash(self) -> str:
        """sha256 (hex) of all that decides its answers."""
        parts = [
            self.track,
            self.point.sha256(),
            self.calibration.sha256(),
            self.limits.as_dict(),
            FORMAT,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def model_version(self) -> str:
        return version_of(self.content_hash)

    def predict(self, matrix: pl.DataFrame) -> pl.DataFrame:
        """PREDICTED of each row of `matrix`, in its order: the value, its 90% interval and the
        one-sided 90% lower bound (usd), and the forecast standard deviation (share of the value).
        """
        log_value, spread = self.point.predict_log(matrix)
        said = self.calibration.bounds(matrix, log_value, spread)
        return pl.DataFrame(
            {
                "value": np.exp(said.value),
                "lower_90": np.exp(said.lower),
                "upper_90": np.exp(said.upper),
                "lower_bound_90": np.exp(said.lower_bound),
                "fsd": said.fsd(),
            }
        )

    def abstains(self, matrix: pl.DataFrame, predicted: pl.DataFrame) -> list[str | None]:
        """Why a row of `matrix` (n,) had better have no value, None where it may have the one that
        `predict` gave it."""
        width = (predicted["upper_90"] - predicted["lower_90"]) / predicted["value"]
        return self.limits.reasons(matrix, width.to_numpy())


def fit_valuer(market: Market, walked: pl.DataFrame, today: date) -> Valuer:
    """The model of everything known before `today`, calibrated on the walk-forward rows.

    Raises NotEnoughSales.
    """
    needed = market.model.min_sales
    vintage = market.vintages(today, today).get(epoch_day(today))
    if vintage is None:
        raise NotEnoughSales(needed, market.sales.n_known(epoch_day(today)), "to train a model")
    require_sales(market.matrix, today, needed)
    data = training_set(market.matrix, today, vintage, market.features, market.model.target)
    calibration = calibration_at(walked, today, market.model)
    limits = Limits.of(market.matrix.filter(usable_for_training(today)))
    point = train_all([data], market.model, market.n_threads)[0]
    return Valuer(market.track, today, len(data), data.sha256(), point, calibration, limits)


def value_subjects(valuer: Valuer, matrix: pl.DataFrame) -> pl.DataFrame:
    """serving.valuations of the matrix rows that want a value today (role active or property)."""
    asked = matrix.filter(pl.col("role").is_in(["active", "property"])).sort(
        "role", "listing_key", "property_key"
    )
    keys = asked.select("property_key", "listing_key", "track", "as_of")
    return keys.hstack(valuer.predict(asked)).with_columns(
        pl.lit(valuer.model_version).alias("model_version")
    )


def save_valuer(valuer: Valuer, models: Path) -> tuple[Path, str]:
    """(folder below `models`, sha256 of its manifest). Written beside its place, then renamed.

    A folder that is there already is kept when it is whole, and replaced when it is not.
    """
    folder = models / valuer.content_hash
    if folder.exists():
        try:
            load_valuer(folder)
            return folder, _sha256(folder / MANIFEST)
        except ModelBroken:
            shutil.rmtree(folder)
    models.mkdir(parents=True, exist_ok=True)
    beside = models / f".{valuer.content_hash[:12]}-{uuid.uuid4().hex[:8]}"
    beside.mkdir()
    calibration = asdict(valuer.calibration)
    files = {
        ERROR_BOOSTER: calibration.pop("booster"),
        CALIBRATION: json.dumps(calibration, indent=1, sort_keys=True).encode(),
        **{f"member_{i}.ubj": raw for i, raw in enumerate(valuer.point.boosters)},
    }
    manifest = {
        "format": FORMAT,
        "content_hash": valuer.content_hash,
        "track": valuer.track,
        "cutoff": valuer.cutoff.isoformat(),
        "n_train": valuer.n_train,
        "training_hash": valuer.training_hash,
        "recalibrates": _told(valuer.base),
        "inputs": valuer.point.names,
        "plain": valuer.point.plain,
        "target": valuer.point.target,
        "limits": valuer.limits.as_dict(),
        "members": [asdict(member) for member in valuer.point.members],
        "files": {name: hashlib.sha256(raw).hexdigest() for name, raw in sorted(files.items())},
    }
    files[MANIFEST] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    for name, raw in files.items():
        with (beside / name).open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
    beside.rename(folder)
    return folder, _sha256(folder / MANIFEST)


def load_valuer(folder: Path) -> Valuer:
    """The model in `folder`. Raises ModelBroken when a file is missing or not what was written."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ModelBroken(
                f"The model in {folder} is of format {manifest['format']}, this version reads "
                f"{FORMAT}: `realty run modeling` trains one anew."
            )
        raw = {name: (folder / name).read_bytes() for name in manifest["files"]}
    except (FileNotFoundError, json.JSONDecodeError, KeyError) as error:
        raise ModelBroken(f"The model in {folder} is not whole: {error}.") from error
    for name, expected in manifest["files"].items():
        if hashlib.sha256(raw[name]).hexdigest() != expected:
            raise ModelBroken(f"The model in {folder} was changed: {name} is not what was written.")
    saved = json.loads(raw[CALIBRATION])
    members = tuple(Member.read(member) for member in manifest["members"])
    valuer = Valuer(
        track=manifest["track"],
        cutoff=date.fromisoformat(manifest["cutoff"]),
        n_train=manifest["n_train"],
        training_hash=manifest["training_hash"],
        point=PointModel(
            tuple(manifest["inputs"]),
            members,
            tuple(raw[f"member_{i}.ubj"] for i in range(len(members))),
            tuple(manifest["plain"]),
            manifest["target"],
        ),
        calibration=Calibration.read(saved, raw[ERROR_BOOSTER]),
        limits=Limits.read(manifest["limits"]),
        base=_base(manifest.get("recalibrates")),
    )
    if valuer.content_hash != manifest["content_hash"]:
        raise ModelBroken(f"The model in {folder} does not have the hash that its manifest gives.")
    return valuer


def _told(base: Base | None) -> dict[str, str] | None:
    if base is None:
        return None
    return {"model_version": base.model_version, "cutoff": base.cutoff.isoformat()}


def _base(told: dict[str, str] | None) -> Base | None:
    if told is None:
        return None
    return Base(told["model_version"], date.fromisoformat(told["cutoff"]))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
