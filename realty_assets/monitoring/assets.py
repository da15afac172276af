"""Dagster faces of the monitoring room."""

# No postponed annotations here: Dagster looks at the type of `context` itself.
import time
from collections.abc import Iterator
from dataclasses import asdict

import dagster as dg
import polars as pl

from realty_assets.faces import built, built_many, last_materialized, specs_of, with_metadata
from realty_assets.features.tracks import MATRICES, OFF_MARKET
from realty_assets.monitoring import evidently_pages, making
from realty_assets.monitoring.dashboard import FOLDER, TEMPLATES
from realty_assets.monitoring.dashboard import INPUTS as DAY_INPUTS
from realty_assets.monitoring.days import DAYS, write_day, write_metrics
from realty_assets.monitoring.evidently_pages import EVIDENTLY, month_to_show, write_month
from realty_assets.monitoring.making import DRIFT, PROFILE
from realty_assets.monitoring.performance import PERFORMANCE, kept_months, performance
from realty_assets.monitoring.policy import read_policy
from realty_assets.monitoring.signals import making as signals
from realty_assets.pages import damaged, templates_hash
from realty_assets.settings import get_settings
from realty_assets.statements import sql
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

COMMON: dict = {"group_name": "monitoring", "owners": ["team:data"], "pool": "duckdb"}
FACT_INPUTS = [
    "staging.listings",
    *MATRICES.values(),
    "features.registry",
    "modeling.predictions",
    "modeling.models",
    "promotion.aliases",
    "serving.valuations",
    "serving.listing_valuations",
    *signals.TABLES,
]
SIGNAL_INPUTS = [
    *MATRICES.values(),
    *("modeling.predictions", "modeling.models", "promotion.aliases", "clean.sales"),
    *("serving.valuations", "serving.listing_valuations"),
]
PERFORMANCE_VERSION, DAY_VERSION = "1", "3"


@dg.multi_asset(
    name="monitoring_signals",
    specs=specs_of(
        {
            signals.ATTRIBUTIONS: "What the champion's values of each month come from.",
            signals.EXCHANGEABILITY: "Bets, sale by sale, on errors coming otherwise than before.",
            signals.EXPECTED: "How far off values of a month are expected to be, and how far off "
            "they were.",
        },
        deps=SIGNAL_INPUTS,
        code_version=signals.CODE_VERSION,
    ),
    pool="duckdb",
)
def monitoring_signals(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    today, settings = market_today(warehouse), get_settings()
    how = signals.Making(today, settings.seed, settings.n_threads)
    yield from built_many(
        warehouse,
        signals.TABLES,
        inputs=[table for table in SIGNAL_INPUTS if warehouse.exists(table)],
        code_version=signals.CODE_VERSION,
        settings={"today": today, "seed": how.seed},
        compute=lambda: signals.make_signals(warehouse, how),
    )


@dg.multi_asset(
    name="monitoring_facts",
    specs=specs_of(
        {
            PROFILE: "What the values of each feature are like, month by month.",
            DRIFT: "How far each feature of each month lies from what the champion learned from.",
        },
        deps=FACT_INPUTS,
        code_version=making.CODE_VERSION,
    ),
    pool="duckdb",
)
def monitoring_facts(warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    today, policy = market_today(warehouse), read_policy(warehouse.home)
    seed = get_settings().seed
    yield from built_many(
        warehouse,
        [PROFILE, DRIFT],
        inputs=[table for table in FACT_INPUTS if warehouse.exists(table)],
        code_version=making.CODE_VERSION,
        settings={"today": today, "policy": policy.sha256, "seed": seed},
        compute=lambda: making.make_facts(warehouse, today, policy, seed),
    )


@dg.asset(
    key=PERFORMANCE.split("."),
    deps=[["modeling", "predictions"], ["clean", "sales"]],
    kinds={"duckdb", "python"},
    code_version=PERFORMANCE_VERSION,
    description="How right the values of each month were, and how many of its sales are awaited.",
    **COMMON,
)
def monthly_performance(warehouse: Warehouse) -> dg.MaterializeResult:
    today, seed = market_today(warehouse), get_settings().seed

    def compute() -> pl.DataFrame:
        made = performance(
            warehouse.read(sql("monitoring/judged.sql").bind(today=today)),
            warehouse.read(sql("monitoring/sale_lags.sql")),
            today,
            seed,
        )
        return kept_months(
            warehouse.read(PERFORMANCE) if warehouse.exists(PERFORMANCE) else None, made
        )

    return built(
        warehouse,
        PERFORMANCE,
        inputs=["modeling.predictions", "clean.sales"],
        code_version=PERFORMANCE_VERSION,
        settings={"today": today, "seed": seed},
        compute=compute,
    )


@dg.asset(
    key=DAYS.split("."),
    deps=[name.split(".") for name in DAY_INPUTS],
    kinds={"duckdb", "html"},
    code_version=DAY_VERSION,
    description="The page of a day: what is red, since when, likely cause; how right values were.",
    **COMMON,
)
def days(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    today = market_today(warehouse)
    result = built(
        warehouse,
        DAYS,
        inputs=DAY_INPUTS,
        code_version=DAY_VERSION,
        settings={"today": today, "templates": templates_hash(TEMPLATES)},
        compute=lambda: write_day(warehouse, today),
        intact=lambda: not damaged(warehouse.home, warehouse.read(DAYS)),
    )
    # Also when nothing has changed: it says when monitoring last ended well. That is when the facts
    # were last looked at, for the page follows the alerts, too.
    looked_s = last_materialized(context.instance, [DRIFT, PERFORMANCE])
    place = write_metrics(warehouse, today, time.time() if looked_s is None else looked_s)
    return with_metadata(
        result,
        page=dg.MetadataValue.path(warehouse.home / FOLDER / f"{today}.html"),
        metrics=dg.MetadataValue.path(place),
    )


@dg.asset(
    key=EVIDENTLY.split("."),
    deps=[DRIFT.split("."), MATRICES[OFF_MARKET].split(".")],
    kinds={"duckdb", "html"},
    code_version=evidently_pages.CODE_VERSION,
    description="Evidently's page of the newest full month behind the reference, for people.",
    **COMMON,
)
def evidently_reports(warehouse: Warehouse) -> dg.MaterializeResult:
    today = market_today(warehouse)
    shown = month_to_show(warehouse, today)
    return built(
        warehouse,
        EVIDENTLY,
        inputs=[],  # made once a month and reference: it takes a minute
        code_version=evidently_pages.CODE_VERSION,
        settings={"shown": None if shown is None else asdict(shown)},
        compute=lambda: write_month(warehouse, today, shown),
        intact=lambda: not damaged(warehouse.home, warehouse.read(EVIDENTLY)),
    )
