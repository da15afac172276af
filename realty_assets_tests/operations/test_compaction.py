"""A warehouse gives room back when that pays, and holds the same after."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from realty_assets.fingerprint import fingerprint_home
from realty_assets.operations.retention import compacting
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import environment
from realty_assets_tests.operations.retained import refusing_home


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    return refusing_home(home)


def bloated(warehouse: Warehouse) -> None:
    """A warehouse most of whose file is room that replaced tables left."""
    dice = random.Random(7)
    rows = pl.DataFrame({"x": [dice.random() for _ in range(500_000)]})
    warehouse.replace("clean.big", rows)
    # Behind it in the file: DuckDB cuts off what is free at the end.
    warehouse.replace("clean.last", rows.head(50_000))
    warehouse.replace("clean.big", pl.DataFrame({"x": [1.0]}))
    with warehouse.transaction() as tx:
        tx.conn.execute("CREATE OR REPLACE VIEW clean.few AS SELECT * FROM clean.sales")


def test_a_warehouse_is_compacted_only_when_it_pays_and_holds_the_same_after(
    warehouse: Warehouse,
) -> None:
    assert not compacting.compact(warehouse, 0.3)["compacted"]
    bloated(warehouse)
    before = fingerprint_home(warehouse, [])
    assert not compacting.compact(warehouse, None)["compacted"]
    told = compacting.compact(warehouse, 0.3)
    assert told["compacted"]
    assert told["bytes_after"] == warehouse.path.stat().st_size < 0.7 * told["bytes_before"]
    assert fingerprint_home(warehouse, []) == before
    assert warehouse.read("clean.few").height == 2
    assert list(warehouse.home.glob("warehouse.duckdb.*")) == []
    assert not compacting.compact(warehouse, 0.3)["compacted"]


WRITER = (
    "import sys\n"
    "import polars as pl\n"
    "from realty_assets.warehouse import Warehouse\n"
    "warehouse = Warehouse.at(sys.argv[1])\n"
    "print('ready', flush=True)\n"
    "for n in range(40):\n"
    "    warehouse.append('clean.written', pl.DataFrame({'n': [n]}))\n"
)


def test_what_another_process_writes_meanwhile_is_not_lost(warehouse: Warehouse) -> None:
    bloated(warehouse)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(warehouse.path)],
        env=environment(warehouse.home),
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    assert compacting.compact(warehouse, 0.3)["compacted"]
    assert writer.wait() == 0
    assert sorted(warehouse.read("clean.written")["n"]) == list(range(40))
