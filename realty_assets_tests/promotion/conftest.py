"""A small home with a champion and, two months later, a candidate of the same settings."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.features import assets as features
from realty_assets.modeling import assets as modeling
from realty_assets.modeling.judging import assets as judging
from realty_assets.modeling.settings import PROFILES
from realty_assets.promotion import assets as promotion
from realty_assets.promotion.baseline_gate import BASELINES
from realty_assets.promotion.policy import FILE, OWN_POLICY
from realty_assets.warehouse import Warehouse
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import QUICK
from realty_assets_tests.modeling.test_assets import filled

CHAMPION_DAY, TODAY = "2021-10-01", "2021-12-01"
ASSETS = [
    *dg.load_assets_from_modules([features, modeling, promotion]),
    # Of the judging, what the gate asks for.
    *(
        one
        for one in dg.load_assets_from_modules([judging])
        if isinstance(one, dg.AssetsDefinition) and dg.AssetKey(BASELINES.split(".")) in one.keys
    ),
]
# Two months of a small town are fewer sales than the package's policy asks for.
FEW = ("min_sales: 200, min_segment_sales: 100", "min_sales: 60, min_segment_sales: 30")


def settings_of(home: Path) -> dict[str, str]:
    return {
        "REALTY_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
        "REALTY_PROFILE": "fast",
        "REALTY_BACKTEST_MONTHS": "2",
        "REALTY_AS_OF": TODAY,
    }


def policy_text(*changes: tuple[str, str]) -> str:
    """The package's policy for few sales, with `changes`."""
    text = OWN_POLICY.read_text()
    for old, new in (FEW, *changes):
        assert old in text
        text = text.replace(old, new)
    return text


def judge(warehouse: Warehouse) -> dg.ExecuteInProcessResult:
    """Runs the room of promotion."""
    chosen = dg.AssetSelection.groups("promotion")
    return dg.materialize(ASSETS, resources={"warehouse": warehouse}, selection=chosen)


@pytest.fixture(scope="session")
def rivals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home; read-only. It knows no list dates and no list prices: it has one track."""
    home = tmp_path_factory.mktemp("rivals") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings_of(home).items():
            patch.setenv(name, value)
        patch.setitem(PROFILES, "fast", QUICK)
        unlisted = {name: pl.lit(None) for name in ("listing_contract_date", "list_price")}
        sales = town(1000)
        warehouse = filled(
            home,
            sales.with_columns(
                value.cast(sales.schema[name]).alias(name) for name, value in unlisted.items()
            ),
        )
        (home / FILE).write_text(policy_text())
        for day in (CHAMPION_DAY, TODAY):
            patch.setenv("REALTY_AS_OF", day)
            assert dg.materialize(ASSETS, resources={"warehouse": warehouse}).success
    return home


@pytest.fixture
def warehouse(rivals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """The warehouse of a copy of the home, and this process in it."""
    home = tmp_path / "own"
    shutil.copytree(rivals, home)
    for name, value in settings_of(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(PROFILES, "fast", QUICK)
    return Warehouse.at(home / "warehouse.duckdb")
