"""Dagster faces of the features room."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from realty_assets.faces import Data, built, with_metadata
from realty_assets.features import registry
from realty_assets.features.comparables_table import comparables_frame, evidence_subjects
from realty_assets.features.fits import VINTAGES, fits_frame
from realty_assets.features.incremental import BASIS, extension
from realty_assets.features.known_market import SALES_INPUTS, known_market
from realty_assets.features.layers import read_layers
from realty_assets.features.matrix import FeatureSettings
from realty_assets.features.policy import read_policy, refuse_barred
from realty_assets.features.statistics import statistics
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.features.tracks import AT_LISTING, MATRICES, OFF_MARKET, ON_MARKET
from realty_assets.features.vintages import fits_of, index_frame, make_vintages
from realty_assets.settings import get_settings
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

CODE_VERSION = registry.CODE_VERSION
COMPARABLES, RECENT_SALES = "features.comparables", 2_000
SALES_DEPS = [table.split(".") for table in SALES_INPUTS]
MATRIX_INPUTS = [*SALES_INPUTS, "clean.listings", "clean.properties"]
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
    deps=SALES_DEPS,
    description="Hedonic and index as fitted on what was known before each month, and today.",
    **COMMON,
)
def vintage_fits(warehouse: Warehouse) -> dg.MaterializeResult:
    today, index = market_today(warehouse), FeatureSettings().index

    def compute() -> pl.DataFrame:
        sales = known_market(warehouse).off_market
        threads = get_settings().n_threads
        make_vintages(sales, today, index, extra=[today], n_threads=threads)
        return fits_frame(fits_of(sales, today, index, extra=[today]))

    return built(
        warehouse,
        VINTAGES,
        inputs=SALES_INPUTS,
        code_version=CODE_VERSION,
        settings={"today": today, "index": asdict(index)},
        compute=compute,
    )


@dg.asset(
    key=["features", "market_index"],
    deps=[*SALES_DEPS, ["features", "vintages"]],
    description="Log level of the market by month, as every monthly vintage knew it.",
    **COMMON,
)
def market_index(warehouse: Warehouse) -> dg.MaterializeResult:
    today, index = market_today(warehouse), FeatureSettings().index

    def compute() -> pl.DataFrame:
        sales = known_market(warehouse).off_market
        threads = get_settings().n_threads
        vintages = make_vintages(sales, today, index, n_threads=threads)
        return index_frame(vintages, sales)

    return built(
        warehouse,
        "features.market_index",
        inputs=SALES_INPUTS,
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

        def compute() -> Data:
            nonlocal n_made
            with warehouse.connect():  # opened once for all that is read
                known, standing = known_market(warehouse), _bases(warehouse, MATRICES[track])
                subjects = _subjects(warehouse, known.frame, today, track)
            changes = extension(
                standing,
                subjects,
                known.sales(track),
                settings,
                n_threads=get_settings().n_threads,
                track=track,
            )
            n_made = len(changes.rows)
            # Where nothing stays, columns may be others, too.
            return changes if len(changes.gone) < standing.n_unique() else changes.rows

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

    def compute() -> Data:
        with warehouse.connect():  # opened once for all that is read
            known, standing = known_market(warehouse), _bases(warehouse, COMPARABLES, rank=1)
            subjects = _subjects(warehouse, known.frame, today, OFF_MARKET)
        changes = extension(
            standing,
            evidence_subjects(subjects, RECENT_SALES),
            known.off_market,
            settings,
            build=comparables_frame,
            n_threads=get_settings().n_threads,
        )
        return changes if len(changes.gone) < standing.n_unique() else changes.rows

    return built(
        warehouse,
        COMPARABLES,
        inputs=MATRIX_INPUTS,
        code_version=CODE_VERSION,
        settings={"today": today, "recent_sales": RECENT_SALES, **settings.described()},
        compute=compute,
        named_by=[BASIS],
    )


def _bases(warehouse: Warehouse, table: str, **only: int) -> pl.Series:
    """The bases of the rows of a table as it stands, of those where a column is as `only` says;
    none before there is a table that keeps them."""
    if not warehouse.exists(table) or BASIS not in warehouse.columns(table):
        return pl.Series(BASIS, [], dtype=pl.String)
    return warehouse.read(table, columns=[BASIS, *only]).filter(**only)[BASIS]


def _subjects(warehouse: Warehouse, sales: pl.DataFrame, today: date, track: str) -> pl.DataFrame:
    """Everybody who gets a row on `track`."""
    homes = today_subjects(
        warehouse.read("clean.listings"), warehouse.read("clean.properties"), today, track
    )
    return pl.concat([sale_subjects(sales, track), homes])


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
        seen: dict[str, dict[str, Any]] = {}
        for track, told in ((OFF_MARKET, blind), (ON_MARKET, late)):
            columns = [spec.name for spec in told]
            seen |= statistics(warehouse.read(MATRICES[track], columns=columns), told)
        return registry.registry_frame(specs, seen)

    return built(
        warehouse,
        "features.registry",
        inputs=[MATRICES[OFF_MARKET], MATRICES[ON_MARKET]],
        code_version=CODE_VERSION,
        settings={"registry": registry.registry_hash(specs)},
        compute=compute,
    )
