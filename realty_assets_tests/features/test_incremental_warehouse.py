"""A home that learned of the last months later holds the features of one that knew all at once."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import polars as pl

from realty_assets.features import assets
from realty_assets.features.tracks import MATRICES
from realty_assets.fingerprint import fingerprint_home
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import put

CLEAN = ("clean.sales", "clean.contracts", "clean.listings", "clean.properties")
TABLES = [
    *MATRICES.values(),
    *("features.vintages", "features.market_index", "features.comparables", "features.registry"),
]


def learn(
    warehouse: Warehouse, told: dict[str, pl.DataFrame], today: date, monkeypatch
) -> dict[str, int]:
    """Materializes the room as of `today`; rows made of each matrix."""
    monkeypatch.setenv("REALTY_HOME", str(warehouse.home))
    monkeypatch.setenv("REALTY_AS_OF", today.isoformat())
    for table, frame in told.items():
        put(warehouse, table, frame)
    done = dg.materialize(dg.load_assets_from_modules([assets]), resources={"warehouse": warehouse})
    return {
        track: done.asset_materializations_for_node("__".join(table.split(".")))[0]
        .metadata["n_rows_made"]
        .value
        for track, table in MATRICES.items()
    }


def test_the_shared_market_learned_in_two_steps(market, tmp_path: Path, monkeypatch) -> None:
    copy = tmp_path / "copy.duckdb"
    shutil.copy(market.home / "warehouse.duckdb", copy)
    told = {table: Warehouse.at(copy).read(table) for table in CLEAN}
    newest: date = told["clean.sales"]["known_at"].max().date()
    today, before = newest + timedelta(days=1), newest - timedelta(days=40)
    early = told["clean.sales"].filter(pl.col("known_at") < pl.lit(before).cast(pl.Datetime("us")))
    assert 0 < len(told["clean.sales"]) - len(early) < 0.4 * len(early)

    grown = Warehouse.at(tmp_path / "grown" / "warehouse.duckdb")
    learn(grown, told | {"clean.sales": early}, before, monkeypatch)
    made = learn(grown, told, today, monkeypatch)
    fresh = Warehouse.at(tmp_path / "fresh" / "warehouse.duckdb")
    built = learn(fresh, told, today, monkeypatch)
    assert fingerprint_home(grown, TABLES) == fingerprint_home(fresh, TABLES)
    # What was known before stands as it was.
    for track, n_rows in built.items():
        assert 0 < made[track] < n_rows, track
    assert made["off_market"] < 0.7 * built["off_market"]
