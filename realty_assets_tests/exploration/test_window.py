"""The window shows the staging tables, and no trick reaches anything else."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from realty_assets.exploration import window as window_module
from realty_assets.exploration.window import SHOWN, Window, window
from realty_assets.warehouse import Warehouse, WarehouseMissing
from realty_assets_tests.frames import put
from realty_assets_tests.markets import Market

ROOM = Path(window_module.__file__).parent


@pytest.fixture(scope="module")
def home(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small market's home, with parquet and CSV files that tell its secrets."""
    folder = tmp_path_factory.mktemp("peeked") / "home"
    shutil.copytree(market.home, folder)
    with Warehouse.at(folder / "warehouse.duckdb").connect() as conn:
        conn.execute(f"COPY clean.sales TO '{folder}/sales.parquet'")
        conn.execute(f"COPY clean.sales TO '{folder}/sales.csv'")
    return folder


@pytest.fixture(scope="module")
def seen(home: Path) -> Iterator[Window]:
    with window(Warehouse.at(home / "warehouse.duckdb")) as opened:
        yield opened


def test_the_staging_tables_are_there_as_they_are(seen: Window, home: Path) -> None:
    with Warehouse.at(home / "warehouse.duckdb").connect() as conn:
        for table in ("staging.listings", "staging.quarantine"):
            counted = f"SELECT count(*) AS n FROM {table}"
            assert seen.ask(counted)["n"][0] == conn.execute(counted).fetchall()[0][0] > 0


@pytest.mark.parametrize(
    "name",
    [
        *["clean.sales", "clean.properties", "features.matrix", "modeling.predictions"],
        *["serving.valuations", "ledger.files", "raw.listings", "truth.homes"],
        *["warehouse.clean.sales", "memory.clean.sales", "main.clean.sales"],
    ],
)
def test_no_other_table_can_be_read(seen: Window, name: str) -> None:
    with pytest.raises((duckdb.CatalogException, duckdb.BinderException)):
        seen.ask(f"SELECT * FROM {name}")


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH '{home}/warehouse.duckdb' AS w",
        "ATTACH '{home}/warehouse.duckdb' AS w (READ_ONLY)",
        "SELECT * FROM read_parquet('{home}/sales.parquet')",
        "SELECT * FROM parquet_scan('{home}/raw/*/*.parquet')",
        "SELECT * FROM parquet_metadata('{home}/sales.parquet')",
        "SELECT * FROM '{home}/sales.parquet'",
        "SELECT * FROM '{home}/sales.csv'",
        "SELECT * FROM read_csv('{home}/sales.csv')",
        "SELECT * FROM read_text('{home}/sales.csv')",
        "SELECT * FROM read_blob('{home}/warehouse.duckdb')",
        "SELECT * FROM read_json('{home}/sales.csv')",
        "SELECT * FROM sniff_csv('{home}/sales.csv')",
        "SELECT * FROM glob('{home}/*')",
        "COPY staging.listings FROM '{home}/sales.csv'",
        "COPY staging.listings TO '{home}/out.csv'",
        "IMPORT DATABASE '{home}'",
        "EXPORT DATABASE '{home}/out'",
        "LOAD '{home}/warehouse.duckdb'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "RESET enable_external_access",
        "SET lock_configuration = false",
        "SET GLOBAL lock_configuration = false",
        "PRAGMA lock_configuration = false",
        "SET allowed_directories = ['{home}']",
        "SET allowed_paths = ['{home}/warehouse.duckdb']",
        "SET python_enable_replacements = true",
        "SET file_search_path = '{home}'",
        "SET temp_directory = '{home}'",
        "SELECT getenv('HOME')",
    ],
)
def test_no_trick_opens_a_file_or_the_lock(seen: Window, home: Path, statement: str) -> None:
    with pytest.raises(
        (duckdb.PermissionException, duckdb.InvalidInputException, duckdb.CatalogException)
    ):
        seen.ask(statement.format(home=home))
    assert not (home / "out.csv").exists()
    assert not (home / "out").exists()


def test_the_same_statements_work_where_nothing_is_locked(home: Path) -> None:
    """Or the test above would pass on a mistyped path."""
    with duckdb.connect() as conn:
        conn.execute(f"ATTACH '{home}/warehouse.duckdb' AS w (READ_ONLY)")
        assert conn.execute("SELECT count(*) FROM w.clean.sales").fetchall()[0][0] > 0
        assert conn.execute(f"FROM read_parquet('{home}/raw/*/*.parquet') LIMIT 1").fetchall()


def test_python_tables_of_the_caller_are_not_picked_up(seen: Window) -> None:
    answers = seen.ask("SELECT 1 AS price")
    assert answers.height == 1
    with pytest.raises(duckdb.CatalogException):
        seen.ask("SELECT * FROM answers")


def test_what_may_hold_private_cells_stays_behind(seen: Window, home: Path) -> None:
    for column in ("raw_text", "detail", "file_name"):
        with pytest.raises(duckdb.BinderException):
            seen.ask(f"SELECT {column} FROM staging.quarantine")
    with Warehouse.at(home / "warehouse.duckdb").connect() as conn:
        there = {row[0] for row in conn.execute("DESCRIBE staging.quarantine").fetchall()}
    assert there - set(SHOWN["staging.quarantine"]) >= {"raw_text", "detail", "file_name"}


def test_a_column_that_is_added_later_is_not_shown(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "own")
    warehouse = Warehouse.at(tmp_path / "own" / "warehouse.duckdb")
    with warehouse.connect() as conn:
        conn.execute("ALTER TABLE staging.listings ADD COLUMN owner_name VARCHAR DEFAULT 'Ann'")
    with window(warehouse) as opened, pytest.raises(duckdb.BinderException):
        opened.ask("SELECT owner_name FROM staging.listings")


def test_the_warehouse_is_let_go_of_and_never_changed(home: Path) -> None:
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    with window(warehouse) as opened:
        opened.ask("CREATE TABLE staging.mine AS SELECT 1 AS x")
        opened.ask("DELETE FROM staging.listings")
        # Another process may write in the meantime; here, a connection of another configuration.
        with duckdb.connect(str(warehouse.path), read_only=True) as other:
            left = other.execute("SELECT count(*) FROM staging.listings").fetchall()[0][0]
    assert left > 0
    assert not warehouse.exists("staging.mine")


def test_without_staging_it_says_what_to_do(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "home" / "warehouse.duckdb")
    put(warehouse, "clean.sales", pl.DataFrame({"close_price": [1.0]}))
    with pytest.raises(WarehouseMissing, match="realty ingest"), window(warehouse):
        pass


def test_only_the_window_and_the_faces_know_the_warehouse() -> None:
    """A report that read the warehouse itself would be outside the window."""
    allowed = {"window.py", "making.py", "assets.py", "checks.py"}
    for path in ROOM.rglob("*.py"):
        if path.name in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module != "realty_assets.warehouse", path.name
            if isinstance(node, ast.Import):
                assert "duckdb" not in {alias.name for alias in node.names}, path.name
