"""Dagster faces of the modeling room: every track that the market can carry, one after another."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import dagster as dg
import polars as pl
from pydantic import Field

from realty_assets.faces import built, built_many, specs_of, with_metadata
from realty_assets.features.assets import feature_settings
from realty_assets.features.fits import VINTAGES
from realty_assets.modeling import backtest_run, interval_methods, tuning
from realty_assets.modeling.backtest_store import BACKTESTS, PREDICTIONS
from realty_assets.modeling.backtest_store import CODE_VERSION as BACKTEST_VERSION
from realty_assets.modeling.home_models import ModelHome, searched, trained, walked
from realty_assets.modeling.markets import INPUTS, TRIALS, WALKED
from realty_assets.modeling.model_card import has_card
from realty_assets.modeling.openings import OPENINGS
from realty_assets.modeling.recalibrating import champion_folders, with_recalibrations
from realty_assets.modeling.settings import PROFILES
from realty_assets.modeling.training import RECORD_VERSION, newest
from realty_assets.modeling.walk_forward import CODE_VERSION
from realty_assets.settings import REPO_ROOT, get_settings
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

COMMON: dict = {"group_name": "modeling", "owners": ["team:data"], "pool": "duckdb"}
READ = [table.split(".") for table in (*INPUTS, VINTAGES)]


class BacktestConfig(dg.Config):
    """The window of a backtest; empty months mean the last full months of the data."""

    from_month: str = Field("", description="First month, YYYY-MM.")
    to_month: str = Field("", description="Last month (inclusive), YYYY-MM.")
    track: str = Field("off_market", description="What may be known: one of the three tracks.")


class SearchConfig(dg.Config):
    """A search that is asked for, though what it depends on has not changed."""

    search: Literal["", "retune", "search"] = Field(
        "", description="retune: around the champion; search: everywhere, twice as long."
    )


class ModelsConfig(dg.Config):
    """Which models are made."""

    recalibrate: bool = Field(
        False, description="The champions with intervals made anew, in place of new models."
    )


def model_home(warehouse: Warehouse) -> ModelHome:
    """The home as modelling sees it in this process."""
    settings = get_settings()
    return ModelHome(
        warehouse,
        market_today(warehouse),
        settings.backtest_months,
        PROFILES[settings.profile].with_seed(settings.seed),
        feature_settings(),
        settings.n_threads,
    )


@dg.asset(
    key=["modeling", "trials"],
    deps=READ,
    kinds={"duckdb", "optuna", "xgboost"},
    code_version=tuning.CODE_VERSION,
    description="Every candidate of the searches for settings, judged before the test window.",
    **COMMON,
)
def trials(config: SearchConfig, warehouse: Warehouse) -> dg.MaterializeResult:
    home, asked = model_home(warehouse), config.search
    return built(
        warehouse,
        TRIALS,
        inputs=INPUTS,
        code_version=tuning.CODE_VERSION,
        settings=home.depends(),
        compute=lambda: searched(
            home, near_champion=asked == "retune", effort=2 if asked == "search" else 1
        ),
        intact=lambda: not asked,
    )


@dg.asset(
    key=["modeling", "walk_forward"],
    deps=[*READ, ["modeling", "trials"]],
    kinds={"duckdb", "python", "xgboost"},
    code_version=CODE_VERSION,
    description="Out-of-time predictions of recent months, each by a model of what came before.",
    **COMMON,
)
def walk_forward_rows(warehouse: Warehouse) -> dg.MaterializeResult:
    home = model_home(warehouse)
    result = built(
        warehouse,
        WALKED,
        inputs=[*INPUTS, TRIALS],
        code_version=CODE_VERSION,
        settings=home.depends(),
        compute=lambda: walked(home),
    )
    return with_metadata(result, tracks_left_out=dg.MetadataValue.json(home.left_out()))


@dg.multi_asset(
    name="backtest",
    specs=specs_of(
        {
            PREDICTIONS: "One row per closed sale of the window, predicted out of time.",
            BACKTESTS: "Accuracy, ratio study and coverage of the window and its slices.",
            OPENINGS: "One row per time that a test window was opened: ledger, only grows.",
        },
        deps=[*INPUTS, VINTAGES, TRIALS, WALKED],
        code_version=BACKTEST_VERSION,
    ),
    pool="duckdb",
)
def backtest(config: BacktestConfig, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    home = model_home(warehouse)
    wanted = backtest_run.wanted(home, config.from_month, config.to_month, config.track)
    # The window is no part of what the tables are made from: they hold several.
    yield from built_many(
        warehouse,
        [PREDICTIONS, BACKTESTS, OPENINGS],
        # A window may be asked for while the market is too young for a search.
        inputs=[*INPUTS, *([TRIALS] if warehouse.exists(TRIALS) else [])],
        code_version=BACKTEST_VERSION,
        settings=home.depends(),
        compute=lambda: backtest_run.run(home, wanted, datetime.now(UTC).replace(tzinfo=None)),
        intact=lambda: backtest_run.stand(warehouse, wanted),
    )


@dg.multi_asset(
    name="interval_study",
    specs=specs_of(
        {
            interval_methods.METHODS: "Static, rolling, adaptive and plain intervals side by side.",
            interval_methods.HIT_RATES: (
                "Accuracy of the homes still valued when the widest are left out."
            ),
        },
        deps=[BACKTESTS, PREDICTIONS, WALKED],
        code_version=interval_methods.CODE_VERSION,
    ),
    pool="duckdb",
)
def interval_study(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    home = model_home(warehouse)
    yield from built_many(
        warehouse,
        [interval_methods.METHODS, interval_methods.HIT_RATES],
        inputs=[PREDICTIONS, WALKED],
        code_version=interval_methods.CODE_VERSION,
        settings=home.depends(),
        compute=lambda: interval_methods.study(
            warehouse.read(PREDICTIONS), warehouse.read(WALKED), home.settings
        ),
    )


@dg.asset(
    key=["modeling", "models"],
    deps=[*READ, ["modeling", "trials"], ["modeling", "walk_forward"]],
    kinds={"duckdb", "xgboost", "mlflow"},
    code_version=f"{CODE_VERSION}.{RECORD_VERSION}",
    description="One row per trained model version; the newest of a track knows all before today.",
    **COMMON,
)
def models(config: ModelsConfig, warehouse: Warehouse) -> dg.MaterializeResult:
    home, table = model_home(warehouse), "modeling.models"
    left_out: dict[str, str] = {}

    def compute() -> pl.DataFrame:
        before = warehouse.read(table) if warehouse.exists(table) else None
        lock_file = REPO_ROOT / "requirements.lock"
        if not config.recalibrate or before is None:
            return trained(home, before, lock_file)
        after, why = with_recalibrations(home, before, lock_file)
        left_out.update(why)
        return after

    result = built(
        warehouse,
        table,
        inputs=[*INPUTS, TRIALS, WALKED],
        code_version=f"{CODE_VERSION}.{RECORD_VERSION}",
        # A run that trains is not spared by one that did not.
        settings=home.depends()
        | ({"recalibrated": champion_folders(warehouse)} if config.recalibrate else {}),
        compute=compute,
        intact=lambda: all(
            has_card(warehouse.home / folder) for folder in newest(warehouse.read(table))
        ),
    )
    return with_metadata(result, not_recalibrated=dg.MetadataValue.json(left_out))
