"""Dagster faces of the features room."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import dagster as dg
import polars as pl

from realty_assets.faces import built, with_metadata
from realty_assets.features import registry
from realty_assets.features.comparables_table import comparables_frame, evidence_subjects
from realty_assets.features.fits import VINTAGES, fits_frame, kept_fits
from realty_assets.features.incremental import BASIS, extended_matrix
from realty_assets.features.layers import read_layers
from realty_assets.features.matrix import FeatureSettings
from realty_assets.features.policy import read_policy, refuse_barred
from realty_assets.features.sales import Sales
from realty_assets.features.statistics import statistics
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.features.tracks import AT_LISTING, MATRICES, OFF_MARKET, ON_MARKET
from realty_assets.features.vintages import fits_of, index_frame, make_vintages
from realty_assets.settings import get_settings
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse, sql

CODE_VERSION = registry.CODE_VERSION
RECENT_SALES = 2_000
MATRIX_INPUTS = ["clean.sales", "clean.contracts", "clean.listings", "clean.properties"]
MATRIX_DEPS = [table.split(".") for table in (*MATRIX_INPUTS, VINTAGES)]


def feature_settings() -> FeatureSettings:
    """Settings of the matrix of this process's home, its map layers among them."""
    return FeatureSettings(layers=read_layers(get_settings().home / "layers"))


COMMON: dict = {
    "group_name": "features",
    "kinds": {"duckdb", "python"},
    "owners": ["team:data"],
    "pool": "duckdb",
    "code_version": CODE_VERSION,
}


@dg.asset(
    key=["features", "vintages"],
    deps=[["clean", "sales"]],
    description="Hedonic and index as fitted on what was known before each month, and today.",
    **COMMON,
)
def vintage_fits(warehouse: Warehouse) -> dg.MaterializeResult:
    today, index = market_today(warehouse), FeatureSettings().index

    def compute() -> pl.DataFrame:
        sales = Sales(warehouse.read("clean.sales"), fits=kept_fits(warehouse))
        threads = get_settings().n_threads
        make_vintages(sales, today, index, extra=[today], n_threads=threads)
        return fits_frame(fits_of(sales, today, index, extra=[today]))

    return built(
        warehouse,
        VINTAGES,
        inputs=["clean.sales"],
        code_version=CODE_VERSION,
        settings={"today": today, "index": asdict(index)},
        compute=compute,
    )


@dg.asset(
    key=["features", "market_index"],
    deps=[["clean", "sales"], ["features", "vintages"]],
    description="Log level of the market by month, as every monthly vintage knew it.",
    **COMMON,
)
def market_index(warehouse: Warehouse) -> dg.MaterializeResult:
    today, index = market_today(warehouse), FeatureSettings().index

    def compute() -> pl.DataFrame:
        sales = Sales(warehouse.read("clean.sales"), fits=kept_fits(warehouse))
        threads = get_settings().n_threads
        vintages = make_vintages(sales, today, index, n_threads=threads)
        return index_frame(vintages, sales)

    return built(
        warehouse,
        "features.market_index",
        inputs=["clean.sales"],
        code_version=CODE_VERSION,
        settings={"today": today, "index": asdict(index)},
        compute=compute,
    )


def _matrix(track: str, description: str) -> dg.AssetsDefinition:
    """The asset of one track's matrix."""

    @dg.asset(
        key=MATRICES[track].split("."),
        deps=MATRIX_DEPS,
        description=description,
        **COMMON,
    )
    def face(warehouse: Warehouse) -> dg.MaterializeResult:
        today, settings = market_today(warehouse), feature_settings()
        refuse_barred(
            registry.features(settings.comps, settings.layers, track),
            read_policy(get_settings().home),
        )

        n_made = 0

        def compute() -> pl.DataFrame:
            nonlocal n_made
            frame, subjects = _subjects(warehouse, today, track)
            table, threads = MATRICES[track], get_settings().n_threads
            before = warehouse.read(table) if warehouse.exists(table) else None
            sales = Sales(frame, track, kept_fits(warehouse))
            rows, n_made = extended_matrix(
                before, subjects, sales, settings, n_threads=threads, track=track
            )
            return rows

        result = built(
            warehouse,
            MATRICES[track],
            inputs=MATRIX_INPUTS,
            code_version=CODE_VERSION,
            settings={"today": today, **settings.described()},
            compute=compute,
            named_by=[BASIS],
        )
        return with_metadata(result, n_rows_made=n_made)

    return face


matrix = _matrix(
    OFF_MARKET, "One row per sale and per home to be valued today, as off_market may know it."
)
matrix_at_listing = _matrix(
    AT_LISTING, "One row per listed sale and active listing, as known on the day of its listing."
)
matrix_on_market = _matrix(
    ON_MARKET,
    "One row per sale and active listing with a list price, as known before its contract.",
)


@dg.asset(
    key=["features", "comparables"],
    deps=MATRIX_DEPS,
    description="The comparables behind today's values and the latest sales, as evidence.",
    **COMMON,
)
def comparables(warehouse: Warehouse) -> dg.MaterializeResult:
    today, settings = market_today(warehouse), feature_settings()

    def compute() -> pl.DataFrame:
        sales, subjects = _subjects(warehouse, today, OFF_MARKET)
        wanted = evidence_subjects(subjects, RECENT_SALES)
        threads = get_settings().n_threads
        known = Sales(sales, fits=kept_fits(warehouse))
        return comparables_frame(wanted, known, settings, n_threads=threads)

    return built(
        warehouse,
        "features.comparables",
        inputs=MATRIX_INPUTS,
        code_version=CODE_VERSION,
        settings={"today": today, "recent_sales": RECENT_SALES, **settings.described()},
        compute=compute,
    )


def _subjects(warehouse: Warehouse, today: date, track: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(sales with the days of their contracts, everybody who gets a row on `track`)."""
    sales = warehouse.read(sql("features/sales.sql"))
    homes = today_subjects(
        warehouse.read("clean.listings"), warehouse.read("clean.properties"), today, track
    )
    return sales, pl.concat([sale_subjects(sales, track), homes])


@dg.asset(
    key=["features", "registry"],
    deps=[["features", "matrix"], ["features", "matrix_on_market"]],
    description="What every feature is, where it comes from, and which families fell away.",
    **COMMON,
)
def feature_registry(warehouse: Warehouse) -> dg.MaterializeResult:
    settings = feature_settings()
    specs = registry.features(settings.comps, settings.layers, ON_MARKET)
    blind = registry.features(settings.comps, settings.layers, OFF_MARKET)
    late = [spec for spec in specs if spec not in blind]

    def compute() -> pl.DataFrame:
        # Each feature is described on the first track that may know it.
        seen = statistics(warehouse.read(MATRICES[OFF_MARKET]), blind)
        seen |= statistics(warehouse.read(MATRICES[ON_MARKET]), late)
        return registry.registry_frame(specs, seen)

    return built(
        warehouse,
        "features.registry",
        inputs=[MATRICES[OFF_MARKET], MATRICES[ON_MARKET]],
        code_version=CODE_VERSION,
        settings={"registry": registry.registry_hash(specs)},
        compute=compute,
    )
