"""The model that speaks for a home, loaded from its folder."""

from __future__ import annotations

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.modeling.model import ModelBroken, Valuer, load_valuer
from realty_assets.modeling.settings import ModelSettings
from realty_assets.warehouse import Warehouse, sql


class NoChampion(RealtyError):
    """No model may speak for this home yet."""


def champion(warehouse: Warehouse) -> Valuer:
    """The champion of the off_market track.

    Raises NoChampion, saying what is missing: a model, a champion among the models, or its folder.
    """
    if not (warehouse.exists("promotion.aliases") and warehouse.exists("modeling.models")):
        raise NoChampion(_no_model(warehouse))
    aliases = warehouse.read("promotion.aliases").filter(pl.col("alias") == "champion")
    if aliases.is_empty():
        decisions = warehouse.read("promotion.decisions").sort("decided_at")
        why = f" {decisions['reason'][-1]}" if len(decisions) else ""
        raise NoChampion(
            f"No model has met its floors yet.{why} There are {_n_sales(warehouse):,} valid closed "
            "sales; `realty status` shows the decisions."
        )
    version = aliases["model_version"][0]
    models = warehouse.read("modeling.models").filter(pl.col("model_version") == version)
    if models.is_empty():
        raise NoChampion(
            f"The champion {version} is not among the models of this home: `realty run all` trains "
            "and judges one anew."
        )
    try:
        return load_valuer(warehouse.home / models["artifact"][0])
    except ModelBroken as error:
        raise NoChampion(
            f"The champion {version} cannot be loaded: {error} Restore the folder from a backup."
        ) from error


def _no_model(warehouse: Warehouse) -> str:
    settings = ModelSettings()
    needed = settings.min_sales + settings.min_calibration_sales
    have = _n_sales(warehouse)
    begin = (
        f"No model has been trained yet: about {needed} valid closed sales are needed, "
        f"{have:,} {'is' if have == 1 else 'are'} there; "
    )
    if have < needed:
        return begin + "ingest more history, then `realty run all`."
    return begin + "`realty run all` trains one."


def _n_sales(warehouse: Warehouse) -> int:
    """Closed sales that a model may learn from."""
    if not warehouse.exists("clean.sales"):
        return 0
    return int(warehouse.read(sql("serving/n_valid_sales.sql"))["n"][0])
