"""What the faces of honest evaluation run: from tables of the warehouse to tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from realty_assets.modeling.judging import baseline_table, optimism, rivals, segment_table
from realty_assets.modeling.judging.keeping import chosen, kept
from realty_assets.modeling.settings import ModelSettings
from realty_assets.modeling.walk_forward import Market
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

PREDICTIONS, SALES = "modeling.predictions", "clean.sales"
BASELINES, VALUES = "modeling.baselines", "modeling.baseline_values"
SEGMENTS, STUDIES = "modeling.evaluation_segments", "modeling.evaluation_ratio_studies"
SPLITS, RIVALS = "modeling.evaluation_splits", "modeling.evaluation_rivals"
PHOTOS, INDEX = "staging.photos", "features.market_index"


def make_baselines(warehouse: Warehouse, seed: int) -> dict[str, pl.DataFrame]:
    """modeling.baselines and modeling.baseline_values of every backtest."""
    predictions, sales = warehouse.read(PREDICTIONS), warehouse.read(SALES)
    values = baseline_table.baseline_values(predictions, sales, warehouse.read(INDEX))
    return {
        VALUES: values,
        BASELINES: baseline_table.baseline_rows(predictions, sales, values, seed),
    }


def make_segments(warehouse: Warehouse, seed: int) -> dict[str, pl.DataFrame]:
    """modeling.evaluation_segments and .evaluation_ratio_studies of every backtest."""
    made = segment_table.segment_tables(
        warehouse.read(PREDICTIONS), warehouse.read(SALES), photo_counts(warehouse), seed
    )
    return dict(zip((SEGMENTS, STUDIES), made, strict=True))


def photo_counts(warehouse: Warehouse) -> pl.DataFrame:
    """listing_key and n_photos of listings that have some; empty where there are no photos."""
    there = warehouse.exists(PHOTOS)
    return warehouse.read(sql("modeling/photos_by_listing.sql")) if there else pl.DataFrame()


def make_splits(
    warehouse: Warehouse,
    market_of: Callable[[str], Market],
    quick: ModelSettings,
    snapshot: str,
    wanted: list[str],
) -> pl.DataFrame:
    """modeling.evaluation_splits with the backtests of `wanted` in it, made anew where needed.

    `market_of` reads the market of a track with the settings `quick`; `snapshot` is a hash of the
    tables that it reads.
    """
    predictions = warehouse.read(PREDICTIONS)
    before = warehouse.read(SPLITS) if warehouse.exists(SPLITS) else None
    true_now = {
        str(name): optimism.basis(snapshot, rows, quick)
        for (name,), rows in predictions.group_by("backtest_id", maintain_order=True)
    }
    there = kept(before, pl.DataFrame(schema=optimism.SCHEMA), true_now)
    parts = [pl.DataFrame(schema=optimism.SCHEMA)]
    for name in wanted:
        if name in there["backtest_id"]:
            continue
        rows = predictions.filter(pl.col("backtest_id") == name)
        market = market_of(rows["track"][0])
        values = optimism.split_values(market, rows)
        parts.append(
            optimism.split_rows(rows, market.sales_frame, values, true_now[name], quick.seed)
        )
    return kept(there, pl.concat(parts), true_now)


def make_rivals(warehouse: Warehouse, path: str, backtest_id: str, seed: int) -> pl.DataFrame:
    """modeling.evaluation_rivals, with the rivals of the file at `path` in it when one is given."""
    predictions = warehouse.read(PREDICTIONS)
    before = warehouse.read(RIVALS) if warehouse.exists(RIVALS) else None
    parts = [pl.DataFrame(schema=rivals.SCHEMA)]
    if path:
        found, sales = rivals.read_rivals(Path(path)), warehouse.read(SALES)
        for name in chosen(predictions, backtest_id):
            rows = predictions.filter(pl.col("backtest_id") == name)
            parts.append(rivals.rival_rows(rows, sales, found, seed))
    true_now = {
        str(name): rivals.made_from(rows)
        for (name,), rows in predictions.group_by("backtest_id", maintain_order=True)
    }
    return kept(before, pl.concat(parts), true_now)
