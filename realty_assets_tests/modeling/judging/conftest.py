"""One backtest of a small town for all tests of honest evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
import pytest

from realty_assets.features.market_index import IndexSettings
from realty_assets.features.sales import Sales
from realty_assets.features.vintages import index_frame, make_vintages
from realty_assets.modeling import backtest as bt
from realty_assets.modeling.walk_forward import Market
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import market_of

FROM, TO = date(2021, 11, 1), date(2021, 12, 1)


@dataclass(frozen=True)
class Judged:
    """A town, its index and its backtest."""

    sales: pl.DataFrame
    index: pl.DataFrame
    market: Market
    predictions: pl.DataFrame
    figures: pl.DataFrame


def index_of(sales: pl.DataFrame) -> pl.DataFrame:
    known = Sales(sales)
    return index_frame(make_vintages(known, date(2022, 1, 1), IndexSettings()), known)


@pytest.fixture(scope="package")
def judged() -> Judged:
    sales = town(1200)
    sales = sales.with_columns(
        list_price=(pl.col("close_price") * 1.03).floor(),
        property_type=pl.lit("Residential"),
        property_sub_type=pl.when(pl.col("living_area") > 1800)
        .then(pl.lit("House"))
        .otherwise(pl.lit("Condo")),
    )
    market = market_of(sales)
    predictions, figures, _ = bt.backtest(market, FROM, TO, n_draws=20)
    predictions = predictions.with_columns(made_from=pl.lit("a"), is_headline=pl.lit(True))
    return Judged(sales, index_of(sales), market, predictions, figures)
