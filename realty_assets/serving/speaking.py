"""Which model speaks for a day: the champion, or before its time one trained for that day.

A model may not value a day whose later sales it has seen. One that is trained on request has passed
no gates, which its answer says; it is kept, so that asking again costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from realty_assets.errors import RealtyError
from realty_assets.evaluation.splits import next_month, rolling_origin
from realty_assets.features.matrix import FeatureSettings
from realty_assets.features.tracks import MATRICES, OFF_MARKET
from realty_assets.fingerprint import content_hashes
from realty_assets.modeling.markets import read_walked
from realty_assets.modeling.model import ModelBroken, Valuer, fit_valuer, load_valuer, save_valuer
from realty_assets.modeling.settings import ModelSettings, NotEnoughSales
from realty_assets.modeling.walk_forward import CODE_VERSION, Market, walk_forward
from realty_assets.serving.champion import champion
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

OF_THAT_DAY = "of_a_day"  # folder below models/ that remembers which model is of which day


class NoModelOfThatDay(RealtyError):
    """The champion is younger than the day asked for, and no model of that day can be trained."""


@dataclass(frozen=True)
class Training:
    """What a model is made with when one must be trained."""

    features: FeatureSettings
    model: ModelSettings
    n_threads: int = 1


@dataclass(frozen=True)
class Speaker:
    """A model, and what a reader of its values must know about it."""

    valuer: Valuer
    note: str
    caution: str | None = None  # stands beside every value


def speaker(
    warehouse: Warehouse, as_of: date, training: Training, track: str = OFF_MARKET
) -> Speaker:
    """The champion when it knows nothing later than `as_of`; else a model of that very day.

    Raises NoChampion, or NoModelOfThatDay when too few sales were known before `as_of`.
    """
    best = champion(warehouse, track)
    if best.cutoff <= as_of:
        return Speaker(best, f"the champion {best.model_version}, of {best.cutoff}")
    valuer = _model_of(warehouse, as_of, training, track)
    return Speaker(
        valuer,
        f"{valuer.model_version}, trained for this request on the {valuer.n_train:,} sales known "
        f"before {as_of}: it has passed no gates (the champion, of {best.cutoff}, has seen later "
        "sales)",
        "by a model trained for this day, which has passed no gates",
    )


def _model_of(warehouse: Warehouse, as_of: date, training: Training, track: str) -> Valuer:
    models = warehouse.home / "models"
    memory = models / OF_THAT_DAY / f"{_made_from(warehouse, as_of, training, track)}.json"
    if memory.is_file():
        folder = models / json.loads(memory.read_text(encoding="utf-8"))["content_hash"]
        try:
            return load_valuer(folder)
        except ModelBroken:
            pass  # lost or damaged: trained again, to the same bits
    try:
        valuer = _train(warehouse, as_of, training, track)
    except NotEnoughSales as error:
        raise NoModelOfThatDay(
            f"No model of {as_of} can be trained. {error} Give a later --as-of."
        ) from error
    save_valuer(valuer, models)
    _remember(memory, {"content_hash": valuer.content_hash, "cutoff": str(as_of), "track": track})
    return valuer


def _train(warehouse: Warehouse, as_of: date, training: Training, track: str) -> Valuer:
    market = Market.of(
        warehouse.read(sql("serving/sales_known.sql").bind(as_of=as_of)),
        warehouse.read(sql("serving/matrix_known.sql").bind(as_of=as_of, matrix=MATRICES[track])),
        training.features,
        training.model.for_track(track),
        training.n_threads,
        track,
    )
    first = next_month(as_of, -training.model.calibration_months)
    rows = walk_forward(
        market,
        list(rolling_origin(first, as_of)),
        read_walked(warehouse, track),
    )
    return fit_valuer(market, rows, as_of)


def _made_from(warehouse: Warehouse, as_of: date, training: Training, track: str) -> str:
    """Hash of the data, the settings and the code that a model of a day comes from."""
    tables = ["clean.sales", "clean.contracts", MATRICES[track]]
    parts = {
        # The matrix is another one whenever the features, or their settings, are.
        "data": content_hashes(warehouse, tables),
        "model": asdict(training.model),
        "code_version": CODE_VERSION,
        "as_of": str(as_of),
        "track": track,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _remember(memory: Path, what: dict[str, str]) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    beside = memory.with_suffix(f".{os.getpid()}.part")
    beside.write_text(json.dumps(what, indent=1), encoding="utf-8")
    beside.replace(memory)
