"""A small market with a model that the tests of this room explain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
import pytest

from realty_assets.evaluation.splits import rolling_origin
from realty_assets.features.registry import features
from realty_assets.modeling.model import Valuer, fit_valuer
from realty_assets.modeling.walk_forward import Market, walk_forward
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import market_of

TODAY = date(2021, 12, 20)


@dataclass(frozen=True)
class Explained:
    """A market, what was walked of it, and the model of TODAY."""

    market: Market
    walked: pl.DataFrame
    valuer: Valuer

    @property
    def matrix(self) -> pl.DataFrame:
        return self.market.matrix

    @property
    def families(self) -> dict[str, str]:
        return {spec.name: spec.family for spec in features()}


@pytest.fixture(scope="session")
def small() -> Explained:
    market = market_of(town(700))
    folds = list(rolling_origin(date(2021, 10, 1), date(2021, 11, 1)))
    walked = walk_forward(market, folds)
    return Explained(market, walked, fit_valuer(market, walked, TODAY))
