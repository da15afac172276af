"""A warehouse of its own for each test of ingestion, and one way to take files in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.ingestion.intake import Taken, take_in
from realty_assets.warehouse import Warehouse


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    return Warehouse.at(home / "warehouse.duckdb")


@pytest.fixture
def take(warehouse: Warehouse) -> Callable[..., Taken]:
    def taking(max_share: float = 1.0, **more: Any) -> Taken:
        return take_in(warehouse, max_share=max_share, **more)

    return taking


@pytest.fixture
def table(warehouse: Warehouse) -> Callable[[str], pl.DataFrame]:
    return warehouse.read
