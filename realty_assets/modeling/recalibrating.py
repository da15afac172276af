"""The champions of a home with intervals made anew: challengers that cost no training."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.features.tracks import TRACKS
from realty_assets.modeling.home_models import ModelHome, origin_of
from realty_assets.modeling.markets import read_walked
from realty_assets.modeling.model import ModelBroken, Valuer, load_valuer
from realty_assets.modeling.recalibration import out_of_time, own_walk, recalibrated
from realty_assets.modeling.settings import NotEnoughSales
from realty_assets.modeling.training import models_in_form, recipe, recipe_json, registered_in
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

OTHER_SETTINGS = "the walk is of other settings than the champion: a refit comes first"


def with_recalibrations(
    home: ModelHome, models: pl.DataFrame, lock_file: Path
) -> tuple[pl.DataFrame, dict[str, str]]:
    """(modeling.models with a recalibration of every track's champion in it, why a track has none).

    One that comes out as a model that is known adds nothing.
    """
    models, left_out = models_in_form(models), dict[str, str]()
    champions = champion_folders(home.warehouse)
    for headline in home.headlines:
        began, track = time.monotonic(), headline.track
        if track not in champions:
            left_out[track] = "it has no champion"
            continue
        try:
            model = load_valuer(home.warehouse.home / champions[track])
        except ModelBroken as error:
            left_out[track] = str(error)
            continue
        row = row_of(models, model)
        market = home.market(track, headline.first)
        if row["params"] != recipe_json(recipe(market)):
            left_out[track] = OTHER_SETTINGS
            continue
        walked = walked_of(home, track)
        own = own_walk(model, walked, market, home.today)
        try:
            made = recalibrated(model, own, market, home.today)
            since = out_of_time(made, own, market, home.today, home.n_months)
        except NotEnoughSales as error:
            left_out[track] = str(error)
            continue
        origin = origin_of(home, headline, lock_file)
        models = registered_in(
            models,
            made,
            market,
            own,
            origin,
            began,
            base=row,
            predictions=_window(home, track, since),
        )
    return models, left_out


def champion_folders(warehouse: Warehouse) -> dict[str, str]:
    """Where the champion of each track stands, below the home; none before the first promotion."""
    if not all(warehouse.exists(table) for table in ("promotion.aliases", "modeling.models")):
        return {}
    found = {}
    for track in TRACKS:
        rows = warehouse.read(sql("modeling/champion.sql").bind(track=track))
        if len(rows):
            found[track] = rows["artifact"][0]
    return found


def walked_of(home: ModelHome, track: str) -> pl.DataFrame:
    """Walk-forward rows of one track; without any it is an empty frame."""
    walked = read_walked(home.warehouse, track)
    return pl.DataFrame() if walked is None else walked


def row_of(models: pl.DataFrame, model: Valuer) -> dict[str, Any]:
    """The row of `models` of the trained model whose boosters `model` has."""
    version = model.model_version if model.base is None else model.base.model_version
    return models.filter(track=model.track, model_version=version).row(-1, named=True)


def _window(home: ModelHome, track: str, since: pl.DataFrame) -> pl.DataFrame | None:
    """Predictions of the headline: those of the walk, and from `since` on the model's own."""
    if since.is_empty():
        return None
    walk = home.warehouse.read(sql("promotion/headline.sql").bind(track=track))
    before = walk.filter(pl.col("cutoff") < since["cutoff"].min()).select(
        name for name in since.columns if name in walk.columns
    )
    return pl.concat([before, since.select(before.columns)], how="vertical_relaxed")
