"""Dagster faces of the modeling room."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from realty_assets.evaluation.splits import parse_month
from realty_assets.faces import built, built_many
from realty_assets.features.assets import SETTINGS as FEATURES
from realty_assets.modeling.backtest import backtest as run_backtest
from realty_assets.modeling.backtest import backtest_id
from realty_assets.modeling.backtest_report import check_window
from realty_assets.modeling.backtest_store import BACKTESTS, PREDICTIONS, with_others
from realty_assets.modeling.backtest_store import CODE_VERSION as BACKTEST_VERSION
from realty_assets.modeling.settings import PROFILES, ModelSettings
from realty_assets.modeling.training import train_and_register
from realty_assets.modeling.walk_forward import CODE_VERSION, Market, walk_forward
from realty_assets.modeling.windows import default_window, headline_window, months_to_walk
from realty_assets.settings import REPO_ROOT, get_settings
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse, sql

COMMON: dict = {"group_name": "modeling", "owners": ["team:data"], "pool": "duckdb"}
INPUTS = ["clean.sales", "features.matrix"]


class BacktestConfig(dg.Config):
    """The window of a backtest; empty months mean the last full months of the data."""

    from_month: str = Field("", description="First month, YYYY-MM.")
    to_month: str = Field("", description="Last month (inclusive), YYYY-MM.")
    track: str = Field("off_market", description="What may be known: off_market.")


def _model_settings() -> ModelSettings:
    settings = get_settings()
    return PROFILES[settings.profile].with_seed(settings.seed)


def _market(warehouse: Warehouse) -> Market:
    return Market.of(
        warehouse.read("clean.sales"),
        warehouse.read("features.matrix"),
        FEATURES,
        _model_settings(),
        get_settings().n_threads,
    )


def _walked(warehouse: Warehouse) -> pl.DataFrame | None:
    table = "modeling.walk_forward"
    return warehouse.read(table) if warehouse.exists(table) else None


def _snapshot_hash(warehouse: Warehouse) -> str:
    """One hash for the tables that a market is read from."""
    rows = warehouse.read(sql("modeling/snapshot.sql").bind(tables=INPUTS)).rows()
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _made_from(warehouse: Warehouse, depends: dict[str, Any]) -> str:
    """One hash for the data, the settings and the code that a backtest comes from."""
    parts = [_snapshot_hash(warehouse), BACKTEST_VERSION, depends]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _what_it_depends_on() -> dict[str, Any]:
    return {"model": asdict(_model_settings()), "features": asdict(FEATURES)}


@dg.asset(
    key=["modeling", "walk_forward"],
    deps=[["clean", "sales"], ["features", "matrix"]],
    kinds={"duckdb", "python", "xgboost"},
    code_version=CODE_VERSION,
    description="Out-of-time predictions of recent months, each by a model of what came before.",
    **COMMON,
)
def walk_forward_rows(warehouse: Warehouse) -> dg.MaterializeResult:
    today, n_months = market_today(warehouse), get_settings().backtest_months

    def compute() -> pl.DataFrame:
        market = _market(warehouse)
        default_window(market.matrix, today, n_months, market.model)
        folds = months_to_walk(today, n_months, market.model)
        return walk_forward(market, folds, _walked(warehouse))

    return built(
        warehouse,
        "modeling.walk_forward",
        inputs=INPUTS,
        code_version=CODE_VERSION,
        settings={"today": today, "n_months": n_months, **_what_it_depends_on()},
        compute=compute,
    )


@dg.multi_asset(
    name="backtest",
    specs=[
        dg.AssetSpec(
            key=["modeling", name],
            deps=[["clean", "sales"], ["features", "matrix"], ["modeling", "walk_forward"]],
            group_name="modeling",
            kinds={"duckdb", "python"},
            owners=["team:data"],
            code_version=BACKTEST_VERSION,
            description=text,
        )
        for name, text in (
            ("predictions", "One row per closed sale of the window, predicted out of time."),
            ("backtests", "Accuracy, ratio study and coverage of the window and its slices."),
        )
    ],
    pool="duckdb",
)
def backtest(config: BacktestConfig, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    today, n_months = market_today(warehouse), get_settings().backtest_months
    depends = {"today": today, "n_months": n_months, **_what_it_depends_on()}
    tables = [PREDICTIONS, BACKTESTS]
    times = warehouse.read(sql("modeling/sale_times.sql"))
    how = (times, today, n_months, _model_settings())
    if config.from_month or config.to_month:
        asked = check_window(config.from_month, config.to_month, config.track)
        window = parse_month(asked.from_month), parse_month(asked.to_month)
    else:
        window = default_window(*how)
    wanted = backtest_id(config.track, *window)

    def compute() -> dict[str, pl.DataFrame]:
        headline = headline_window(*how)
        predictions, figures, _ = run_backtest(
            _market(warehouse), *window, config.track, _walked(warehouse)
        )
        return with_others(
            {PREDICTIONS: predictions, BACKTESTS: figures},
            {table: warehouse.read(table) for table in tables if warehouse.exists(table)},
            headline=headline and backtest_id(config.track, *headline),
            made_from=_made_from(warehouse, depends),
        )

    # The window is no part of what the tables are made from: they hold several.
    yield from built_many(
        warehouse,
        tables,
        inputs=INPUTS,
        code_version=BACKTEST_VERSION,
        settings=depends,
        compute=compute,
        intact=lambda: wanted in warehouse.read(BACKTESTS)["backtest_id"],
    )


@dg.asset(
    key=["modeling", "models"],
    deps=[["clean", "sales"], ["features", "matrix"], ["modeling", "walk_forward"]],
    kinds={"duckdb", "xgboost", "mlflow"},
    code_version=CODE_VERSION,
    description="One row per trained model version; the newest knows everything before today.",
    **COMMON,
)
def models(warehouse: Warehouse) -> dg.MaterializeResult:
    today, table = market_today(warehouse), "modeling.models"

    def compute() -> pl.DataFrame:
        walked = _walked(warehouse)
        return train_and_register(
            _market(warehouse),
            pl.DataFrame() if walked is None else walked,
            warehouse.read(table) if warehouse.exists(table) else None,
            home=warehouse.home,
            today=today,
            data_hash=_snapshot_hash(warehouse),
            lock_file=REPO_ROOT / "requirements.lock",
        )

    return built(
        warehouse,
        table,
        inputs=[*INPUTS, "modeling.walk_forward"],
        code_version=CODE_VERSION,
        settings={"today": today, **_what_it_depends_on()},
        compute=compute,
        intact=lambda: all(
            (warehouse.home / folder).is_dir() for folder in warehouse.read(table)["artifact"]
        ),
    )
