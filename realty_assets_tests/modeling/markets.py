"""Markets for the tests of modelling: small, quick, with known noise."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects
from realty_assets.modeling.settings import PROFILES
from realty_assets.modeling.walk_forward import Market

QUICK = replace(
    PROFILES["fast"],
    rounds=40,
    eta=0.2,
    error_rounds=20,
    min_sales=150,
    min_calibration_sales=60,
)


def market_of(sales: pl.DataFrame, n_threads: int = 1) -> Market:
    settings = FeatureSettings()
    matrix = build_matrix(sale_subjects(sales), Sales(sales), settings)
    return Market.of(sales, matrix, settings, QUICK, n_threads)
