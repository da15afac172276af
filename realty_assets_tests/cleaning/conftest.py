"""One staged sample market for the room's tests, with its answer key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from realty_assets_tests.cleaning.figures import staged_market
from realty_assets_tests.markets import once


@dataclass(frozen=True)
class Town:
    """staging.listings of a sample market, and what is true of it."""

    staged: pl.DataFrame
    truth: pl.DataFrame
    faults: pl.DataFrame


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """3,000 listings over 24 months, taken in through the command line."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent

    def fill(folder: Path) -> None:
        _, staged = staged_market(folder, listings=3000, months=24, seed=5)
        staged.write_parquet(folder / "staged.parquet")

    made = once(base / "shared" / "town", fill)
    key = made / "sample" / "answer_key"
    return Town(
        pl.read_parquet(made / "staged.parquet"),
        pl.read_parquet(key / "truth.parquet"),
        pl.read_parquet(key / "faults.parquet"),
    )
