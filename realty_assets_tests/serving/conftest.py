"""One small home for all tests of serving: made once, copied by those that change it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from realty_assets.serving import assets
from realty_assets.warehouse import Warehouse
from realty_assets_tests.serving.homes import tracked_home, valued_home


@pytest.fixture(scope="session")
def valued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose homes are valued; read-only."""
    folder = tmp_path_factory.mktemp("valued") / "home"
    assets.valuations(warehouse=valued_home(folder))
    return folder


@pytest.fixture(scope="session")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose homes are valued on every track; read-only."""
    folder = tmp_path_factory.mktemp("tracked") / "home"
    warehouse = tracked_home(folder)
    assets.valuations(warehouse=warehouse)
    assets.listing_valuations(warehouse=warehouse)
    return folder


@pytest.fixture
def warehouse(valued: Path, tmp_path: Path) -> Warehouse:
    """The warehouse of a copy of the valued home, to do with as a test likes."""
    shutil.copytree(valued, tmp_path / "own")
    return Warehouse.at(tmp_path / "own" / "warehouse.duckdb")


@pytest.fixture(scope="session")
def town(valued: Path) -> Warehouse:
    """The warehouse of the valued home; read-only."""
    return Warehouse.at(valued / "warehouse.duckdb")
