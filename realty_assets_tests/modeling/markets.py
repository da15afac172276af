"""Markets for the tests of modelling: small, quick, with known noise."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects
from realty_assets.features.tracks import OFF_MARKET
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


def market_of(sales: pl.DataFrame, n_threads: int = 1, track: str = OFF_MARKET) -> Market:
    settings = FeatureSettings()
    subjects = sale_subjects(sales, track)
    matrix = build_matrix(subjects, Sales(sales, track), settings, track=track)
    return Market.of(sales, matrix, settings, QUICK.for_track(track), n_threads, track)
