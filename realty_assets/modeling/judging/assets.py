"""Dagster faces of honest evaluation: tables that stand beside every backtest."""

from collections.abc import Callable, Container, Iterator, Mapping

import dagster as dg
import polars as pl
from pydantic import Field

from realty_assets.faces import built, built_many
from realty_assets.features.assets import feature_settings
from realty_assets.modeling.judging import making
from realty_assets.modeling.judging.keeping import CHOSEN_BY, chosen
from realty_assets.modeling.judging.optimism import quick_settings
from realty_assets.modeling.markets import INPUTS, data_hash_of, read_market, snapshot
from realty_assets.settings import get_settings
from realty_assets.warehouse import Warehouse

CODE_VERSION = "1"
COMMON: dict = {"group_name": "modeling", "owners": ["team:data"], "code_version": CODE_VERSION}
OF_BASELINES = [making.SALES, making.INDEX, making.PREDICTIONS]
OF_SEGMENTS = [making.SALES, making.PHOTOS, making.PREDICTIONS]
OF_SPLITS = [*INPUTS, making.PREDICTIONS]
OF_RIVALS = [making.SALES, making.PREDICTIONS]


class SplitsConfig(dg.Config):
    """Which backtests to compare with other splits."""

    train: bool = Field(False, description="Train the models of the other splits.")
    backtest_id: str = Field("", description="One backtest; empty: the headline of each track.")


class RivalsConfig(dg.Config):
    """A file of rival predictions."""

    file: str = Field("", description="CSV of rival predictions (modeling/judging/rivals.py).")
    backtest_id: str = Field("", description="One backtest; empty: the headline of each track.")


def _spec(table: str, inputs: list[str], description: str) -> dg.AssetSpec:
    deps = [name.split(".") for name in inputs]
    kinds = {"duckdb", "python"}
    return dg.AssetSpec(table.split("."), deps=deps, description=description, kinds=kinds, **COMMON)


def _tables(
    name: str,
    inputs: list[str],
    descriptions: Mapping[str, str],
    make: Callable[[Warehouse, int], dict[str, pl.DataFrame]],
    may_be_missing: Container[str] = (),
) -> dg.AssetsDefinition:
    """The assets of `descriptions` (by table): what `make` makes of every backtest by the seed."""

    @dg.multi_asset(
        name=name,
        pool="duckdb",
        specs=[_spec(table, inputs, text) for table, text in descriptions.items()],
    )
    def face(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
        seed = get_settings().seed
        yield from built_many(
            warehouse,
            list(descriptions),
            inputs=[
                table for table in inputs if table not in may_be_missing or warehouse.exists(table)
            ],
            code_version=CODE_VERSION,
            settings={"seed": seed},
            compute=lambda: make(warehouse, seed),
        )

    return face


baselines = _tables(
    "baselines",
    OF_BASELINES,
    {
        making.BASELINES: "Baselines on the rows that the model is judged on.",
        making.VALUES: "One row per sale of a backtest and baseline.",
    },
    making.make_baselines,
)
evaluation_segments = _tables(
    "evaluation_segments",
    OF_SEGMENTS,
    {
        making.SEGMENTS: "Accuracy, uniformity and coverage by segment.",
        making.STUDIES: "Ratio study of each backtest, trimmed and untrimmed.",
    },
    making.make_segments,
    may_be_missing={making.PHOTOS},
)


@dg.asset(
    key=making.SPLITS.split("."),
    deps=[name.split(".") for name in OF_SPLITS],
    kinds={"duckdb", "xgboost"},
    pool="duckdb",
    description="Random, grouped and rolling-origin scores of the same sales, side by side.",
    **COMMON,
)
def evaluation_splits(config: SplitsConfig, warehouse: Warehouse) -> dg.MaterializeResult:
    settings = get_settings()
    quick = quick_settings(settings.seed)

    def wanted() -> list[str]:
        if not config.train:
            return []
        return chosen(warehouse.read(making.PREDICTIONS, columns=CHOSEN_BY), config.backtest_id)

    def made() -> set[str]:
        return set(warehouse.read(making.SPLITS, columns=["backtest_id"])["backtest_id"])

    return built(
        warehouse,
        making.SPLITS,
        inputs=OF_SPLITS,
        code_version=CODE_VERSION,
        settings={"quick": repr(quick)},
        compute=lambda: making.make_splits(
            warehouse,
            lambda track: read_market(
                warehouse, track, feature_settings(), quick, settings.n_threads
            ),
            quick,
            data_hash_of(snapshot(warehouse)),
            wanted(),
        ),
        intact=lambda: set(wanted()) <= made(),
    )


@dg.asset(
    key=making.RIVALS.split("."),
    deps=[name.split(".") for name in OF_RIVALS],
    kinds={"duckdb", "python"},
    pool="duckdb",
    description="Other people's predictions of the same sales, compared in pairs.",
    **COMMON,
)
def evaluation_rivals(config: RivalsConfig, warehouse: Warehouse) -> dg.MaterializeResult:
    seed = get_settings().seed
    return built(
        warehouse,
        making.RIVALS,
        inputs=OF_RIVALS,
        code_version=CODE_VERSION,
        settings={"seed": seed},
        compute=lambda: making.make_rivals(warehouse, config.file, config.backtest_id, seed),
        # A file that is named is read again: it may have changed.
        intact=lambda: not config.file,
    )
