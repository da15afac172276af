"""The cleaning room on a warehouse of a test's own, or in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl

from realty_assets.cleaning import assets, overrides
from realty_assets.cleaning.making import STEPS
from realty_assets.warehouse import Tx, Warehouse
from realty_assets_tests.frames import stage, staging

# In the order in which they are made.
CLEANING = [assets.sale_decisions, *(getattr(assets, name) for name in STEPS)]


def clean(folder: Path, rows: list[dict[str, Any]]) -> Warehouse:
    """A warehouse whose staging.listings are `rows`, cleaned by the assets."""
    warehouse = Warehouse.at(folder / "warehouse.duckdb")
    stage(warehouse, rows)
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(CLEANING, resources={"warehouse": warehouse}, instance=instance)
    assert done.success
    return warehouse


class Room:
    """The tables of the room made of `rows`, in memory and without Dagster: quick."""

    def __init__(
        self,
        rows: list[dict[str, Any]] | pl.DataFrame,
        decisions: list[dict[str, Any]] | None = None,
    ) -> None:
        self.tx = Tx(duckdb.connect(config={"threads": 1}))
        self.tx.conn.execute("SET TimeZone = 'UTC'")
        frame = rows if isinstance(rows, pl.DataFrame) else staging(rows)
        self.tx.replace("staging.listings", frame)
        overrides.create_table(self.tx)
        self.make()
        for decision in decisions or []:
            overrides.decide(self.tx, **{"by": "ann", **decision})
        if decisions:
            self.make()

    def make(self) -> None:
        for name, step in STEPS.items():
            self.tx.replace(f"clean.{name}", step(self.tx))

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.tx.read(f"clean.{name}")
