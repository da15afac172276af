"""The model that speaks for a home, loaded from its folder."""

from __future__ import annotations

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.modeling.model import Valuer, load_valuer
from realty_assets.modeling.settings import ModelSettings
from realty_assets.warehouse import Warehouse


class NoChampion(RealtyError):
    """No model may speak for this home yet."""


def champion(warehouse: Warehouse) -> Valuer:
    """The champion of the off_market track.

    Raises NoChampion, saying what is missing, and ModelBroken when its folder is not whole.
    """
    n_sales = 0
    if warehouse.exists("clean.sales"):
        n_sales = warehouse.read("clean.sales")["excluded_by"].null_count()
    needed = ModelSettings().min_sales + ModelSettings().min_calibration_sales
    if not (warehouse.exists("promotion.aliases") and warehouse.exists("modeling.models")):
        raise NoChampion(
            f"No model has been trained yet: about {needed} valid closed sales are needed, there "
            f"are {n_sales}; ingest more history if that is too few, then `realty run all`."
        )
    aliases = warehouse.read("promotion.aliases").filter(pl.col("alias") == "champion")
    if aliases.is_empty():
        why = warehouse.read("promotion.decisions")["reason"].to_list()
        raise NoChampion(
            f"No model has met its floors yet. {why[-1] if why else ''} There are {n_sales} valid "
            "closed sales; `realty status` shows the decisions."
        )
    version = aliases["model_version"][0]
    models = warehouse.read("modeling.models").filter(pl.col("model_version") == version)
    return load_valuer(warehouse.home / models["artifact"][0])
