"""Dagster faces of the analysis room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import dagster as dg

from realty_assets.analysis import making
from realty_assets.analysis import takeaways as document
from realty_assets.analysis.settings import PROFILES, AnalysisSettings
from realty_assets.faces import built, built_many, with_metadata
from realty_assets.features.assets import feature_settings
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.modeling.markets import read_market
from realty_assets.modeling.settings import PROFILES as MODEL_PROFILES
from realty_assets.modeling.settings import ModelSettings
from realty_assets.modeling.walk_forward import Market
from realty_assets.pages import damaged, templates_hash
from realty_assets.settings import get_settings
from realty_assets.warehouse import Warehouse

CODE_VERSION = "1"
MODELS = ["features.matrix", "features.registry", "modeling.models"]
BACKTEST = ["clean.sales", "modeling.walk_forward", "modeling.predictions"]
MARKET = ["clean.sales", "clean.contracts", "features.matrix", "features.registry"]


def how_much() -> AnalysisSettings:
    """What the profile of this process asks for."""
    return PROFILES[get_settings().profile]


def _model_settings() -> ModelSettings:
    settings = get_settings()
    return MODEL_PROFILES[settings.profile].with_seed(settings.seed)


def _market(warehouse: Warehouse) -> Market:
    threads = get_settings().n_threads
    return read_market(warehouse, OFF_MARKET, feature_settings(), _model_settings(), threads)


def _depends_on(**more: Any) -> dict[str, Any]:
    return {"analysis": asdict(how_much()), "seed": get_settings().seed, **more}


def _specs(inputs: list[str], kinds: set[str], said: Mapping[str, str]) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            table.split("."),
            deps=[name.split(".") for name in inputs],
            group_name="analysis",
            owners=["team:data"],
            kinds={"duckdb", *kinds},
            code_version=CODE_VERSION,
            description=text,
        )
        for table, text in said.items()
    ]


def _built(
    warehouse: Warehouse,
    said: Mapping[str, str],
    inputs: list[str],
    compute: Callable[[], making.Tables],
    **settings: Any,
) -> Iterator[dg.MaterializeResult]:
    return built_many(
        warehouse,
        list(said),
        inputs=inputs,
        code_version=CODE_VERSION,
        settings=_depends_on(**settings),
        compute=compute,
    )


ATTRIBUTED = {
    making.ATTRIBUTIONS: "Every home's value part by part, in log points and dollars.",
    making.IMPORTANCE: "How much each feature and family moves values, with intervals.",
}


@dg.multi_asset(name="attribution", pool="duckdb", specs=_specs(MODELS, {"xgboost"}, ATTRIBUTED))
def attribution(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    settings = get_settings()
    yield from _built(
        warehouse,
        ATTRIBUTED,
        MODELS,
        lambda: making.attribution_tables(warehouse, how_much(), settings.seed, settings.n_threads),
    )


ANSWERED = {
    making.EFFECTS: "One row per feature and bin edge: ALE with its band, and PDP beside it.",
    making.CURVES: "Single homes' curves (ICE) of the same features.",
    making.INTERACTIONS: "One row per pair of the top features: Friedman's H, log points.",
    making.SIGNS: "One row per expected sign: which way the value answers, and the verdict.",
}


@dg.multi_asset(
    name="effects",
    pool="duckdb",
    specs=_specs([*MODELS, making.IMPORTANCE], {"xgboost"}, ANSWERED),
)
def effects(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    settings = get_settings()
    yield from _built(
        warehouse,
        ANSWERED,
        [*MODELS, making.IMPORTANCE],
        lambda: making.effect_frames(warehouse, how_much(), settings.seed, settings.n_threads),
    )


ABLATED = {making.ABLATIONS: "What each family is worth on months before the test window."}


@dg.multi_asset(
    name="ablation",
    pool="duckdb",
    specs=_specs([*MARKET, *BACKTEST[1:]], {"xgboost"}, ABLATED),
)
def ablation(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    def compute() -> making.Tables:
        table = making.ablation_table(
            _market(warehouse),
            *making.judged_tables(warehouse),
            making.families_of(warehouse),
            how_much(),
        )
        return {making.ABLATIONS: table}

    yield from _built(
        warehouse,
        ABLATED,
        [*MARKET, *BACKTEST[1:]],
        compute,
        model=asdict(_model_settings()),
        features=feature_settings().described(),
    )


MISSED = {
    making.ERRORS: "Errors of the headline backtest by segment, with intervals.",
    making.WORST: "The worst misses of the headline backtest with their comparables' evidence.",
}


@dg.multi_asset(name="error_anatomy", pool="duckdb", specs=_specs(BACKTEST, set(), MISSED))
def error_anatomy(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    yield from _built(
        warehouse,
        MISSED,
        BACKTEST,
        lambda: making.error_tables(warehouse, how_much(), get_settings().seed),
    )


STEADY = {
    making.CHURN: "One row per home valued today: how far other seeds and samples move its value.",
    making.STABILITY: "Seed and bootstrap churn over all homes: median and 95th percentile.",
}


@dg.multi_asset(
    name="stability",
    pool="duckdb",
    specs=_specs([*MARKET, "modeling.models"], {"xgboost"}, STEADY),
)
def stability(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    yield from _built(
        warehouse,
        STEADY,
        [*MARKET, "modeling.models"],
        lambda: making.stability_tables(warehouse, _market(warehouse), how_much()),
        model=asdict(_model_settings()),
        features=feature_settings().described(),
    )


@dg.asset(
    key=making.TAKEAWAYS.split("."),
    deps=[table.split(".") for table in making.CITED],
    group_name="analysis",
    owners=["team:data"],
    kinds={"duckdb", "html"},
    code_version=CODE_VERSION,
    pool="duckdb",
    description="The takeaways page: what moves values, where they miss, how steady they are.",
)
def takeaways(warehouse: Warehouse) -> dg.MaterializeResult:
    result = built(
        warehouse,
        making.TAKEAWAYS,
        inputs=making.CITED,
        code_version=CODE_VERSION,
        settings={"templates": templates_hash(document.TEMPLATES)},
        compute=lambda: making.takeaways_table(warehouse),
        intact=lambda: not damaged(warehouse.home, warehouse.read(making.TAKEAWAYS)),
    )
    path = warehouse.home / document.PAGE
    return with_metadata(result, path=dg.MetadataValue.path(path))
