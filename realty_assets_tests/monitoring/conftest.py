"""A home whose champion learned until November 2022, and so has months to be judged."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from realty_assets.features.tracks import MATRICES
from realty_assets.monitoring.alerting.records import ALERT_SCHEMA, ALERTS, EVENT_SCHEMA, EVENTS
from realty_assets.monitoring.days import DAYS
from realty_assets.monitoring.evidently_pages import EVIDENTLY
from realty_assets.monitoring.making import DRIFT, PROFILE, make_facts
from realty_assets.monitoring.performance import PERFORMANCE
from realty_assets.monitoring.policy import FILE, OWN_POLICY, read_policy
from realty_assets.monitoring.signals.making import TABLES, Making, make_signals
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market

UNTIL, TODAY = date(2022, 11, 1), date(2023, 3, 2)


def make_watched(market: Market, home: Path, *, with_facts: bool = False) -> Path:
    """A copy of the small market's warehouse in `home`, with the champion as if it had been trained
    earlier and a policy that judges months as small as the market's."""
    home.mkdir(exist_ok=True)
    shutil.copy(market.home / "warehouse.duckdb", home / "warehouse.duckdb")
    shutil.copytree(market.home / "models", home / "models")
    own = OWN_POLICY.read_text(encoding="utf-8").replace("min_rows: 100", "min_rows: 40")
    (home / FILE).write_text(own, encoding="utf-8")
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    with warehouse.transaction() as tx:
        tx.conn.execute("UPDATE modeling.models SET cutoff = ?", [UNTIL])
        for table in (PROFILE, DRIFT, PERFORMANCE, DAYS, EVIDENTLY, *TABLES):
            tx.conn.execute(f"DROP TABLE IF EXISTS {table}")
        tx.replace(ALERTS, pl.DataFrame(schema=ALERT_SCHEMA))
        tx.replace(EVENTS, pl.DataFrame(schema=EVENT_SCHEMA))
    if with_facts:
        for table, rows in make_signals(warehouse, Making(TODAY, seed=7)).items():
            warehouse.replace(table, rows)
        for table, rows in make_facts(warehouse, TODAY, read_policy(home)).items():
            warehouse.replace(table, rows)
    return home


@pytest.fixture
def watched(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """That home before its facts are made, with rows on the off_market track alone: a third of the
    work."""
    home = make_watched(market, tmp_path / "watched")
    monkeypatch.setenv("REALTY_HOME", str(home))
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    with warehouse.transaction() as tx:
        for track in ("at_listing", "on_market"):
            tx.conn.execute(f"DELETE FROM {MATRICES[track]}")
    return warehouse


@pytest.fixture(scope="session")
def _facts(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of one process with its facts made, to copy."""
    return make_watched(market, tmp_path_factory.mktemp("facts"), with_facts=True)


@pytest.fixture
def facts_made(_facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """The same with its facts made, for a test to change."""
    home = tmp_path / "watched"
    shutil.copytree(_facts, home)
    monkeypatch.setenv("REALTY_HOME", str(home))
    return Warehouse.at(home / "warehouse.duckdb")
