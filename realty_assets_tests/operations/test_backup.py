"""A backup is whole or not there, holds all of a home, and repeats no byte that need not be."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import duckdb
import polars as pl
import pytest

from realty_assets.fingerprint import table_fingerprint
from realty_assets.operations import copying
from realty_assets.operations.backup import BackupFailed
from realty_assets.operations.copying import CopyFailed
from realty_assets.operations.home_files import files_of
from realty_assets.operations.making import make_backup
from realty_assets.operations.manifest import (
    EXPORTS,
    FILES,
    Manifest,
    backups_in,
    broken_files,
    read_manifest,
    versions_here,
)
from realty_assets.operations.parquet_export import wrong_rows
from realty_assets.operations.records import BadAction
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, realty, realty_json
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import backup_of, flip, tiny_home


def told_of(manifest: Manifest) -> list[tuple[str, dict]]:
    """What the manifest says of the tables that are exported."""
    return [(name, dict(manifest.tables[name])) for name in manifest.exports]


def sha256_of_parquet(backup: Path, name: str) -> str:
    """The fingerprint of a table as its Parquet file has it."""
    with duckdb.connect() as conn:
        conn.execute("SET TimeZone = 'UTC'")
        conn.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.', maxsplit=1)[0]}")
        file = backup / EXPORTS / f"{name}.parquet"
        conn.execute(f"CREATE TABLE {name} AS FROM read_parquet('{file}')")
        return table_fingerprint(conn, name)[1]


def test_the_backup_of_a_market_holds_every_file_and_says_what_every_table_holds(
    kept: Kept, market: Market
) -> None:
    manifest = read_manifest(kept.backup)
    assert broken_files(kept.backup, manifest) == []
    fingerprint = realty_json(kept.home, "fingerprint")
    told = {name: one for name, one in manifest.tables.items() if "sha256" in one}
    assert told == fingerprint
    exported = {name: sha256_of_parquet(kept.backup, name) for name in manifest.exports}
    assert exported == {name: one.get("sha256", exported[name]) for name, one in told_of(manifest)}
    kinds = {one.path for one in files_of(market.home).files}
    assert set(manifest.files) >= kinds
    assert manifest.left_out == []
    assert manifest.versions == versions_here()
    assert [(one["state"], one["n"]) for one in manifest.drill] == [("reproduced", 10)] * 3


def test_who_made_it_and_why_are_rows_and_the_home_is_as_up_to_date_as_before(kept: Kept) -> None:
    warehouse = Warehouse.at(kept.home / "warehouse.duckdb")
    action = warehouse.read("operations.actions").row(0, named=True)
    told = [action[name] for name in ("verb", "acted_by", "reason", "outcome", "target")]
    assert told == ["backup", "Ann", "before the tests", "done", str(kept.backup)]
    row = warehouse.read("operations.backups").row(0, named=True)
    assert (row["backup_id"], row["n_files"]) == (kept.made["backup_id"], kept.made["n_files"])
    assert row["action_id"] == action["action_id"]
    assert "operations.backups" not in warehouse.read("ledger.builds")["table_name"]
    assert realty_json(kept.home, "run", "all")["up_to_date"]


def test_a_second_backup_has_what_never_changes_by_another_name(tmp_path: Path) -> None:
    warehouse, folder = tiny_home(tmp_path / "home"), tmp_path / "backups"
    first, _ = backup_of(warehouse, folder)
    (tmp_path / "home" / "reports" / "market.html").write_text("<html>2")
    second, manifest = backup_of(warehouse, folder)
    assert manifest.n_linked == 3
    for path in ("photos/ab/abc.jpg", "raw/0f/part.parquet", "archive/0f/sales.csv"):
        assert (first / FILES / path).samefile(second / FILES / path)
        assert not (first / FILES / path).samefile(tmp_path / "home" / path)
    assert (first / FILES / "reports/market.html").read_text() == "<html>"
    assert (second / FILES / "reports/market.html").read_text() == "<html>2"
    assert [place for place, _ in backups_in(folder)] == [first, second]


def test_damage_in_one_backup_is_not_handed_on_to_the_next(tmp_path: Path) -> None:
    warehouse, folder = tiny_home(tmp_path / "home"), tmp_path / "backups"
    first, _ = backup_of(warehouse, folder)
    flip(first / FILES / "photos/ab/abc.jpg")
    second, manifest = backup_of(warehouse, folder)
    assert manifest.n_linked == 2
    assert broken_files(second, manifest) == []
    assert broken_files(first, read_manifest(first)) == ["photos/ab/abc.jpg was changed"]


def test_what_is_of_a_moment_stays_out_and_what_is_delivered_does_not(tmp_path: Path) -> None:
    for name in (
        *("scratch/a", "backups/x/home/a", "mlflow/.making-1.db", "dagster/.opening"),
        *("warehouse.duckdb.wal", "dagster/runs.db-wal", "reports/page.html.tmp"),
        *("mine/other-backups/1/manifest.json", "models/.half-1/manifest.json"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("inbox/photos/odd.tmp", "dagster/runs.db", "mine/notes.txt", "refused/a.part"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "mine" / "pipe")
    (tmp_path / "mine" / "nowhere").symlink_to("gone")
    elsewhere = tmp_path.with_name(tmp_path.name + "-disk")
    elsewhere.mkdir()
    (elsewhere / "one.jpg").touch()
    (tmp_path / "photos").symlink_to(elsewhere)
    found = files_of(tmp_path, but_not=tmp_path / "mine" / "other-backups")
    assert [(one.path, one.kind) for one in found.files] == [
        ("dagster/runs.db", "sqlite"),
        ("inbox/photos/odd.tmp", "other"),
        ("mine/notes.txt", "other"),
        ("photos/one.jpg", "content"),
        ("refused/a.part", "other"),
    ]
    assert found.left_out == ("mine/nowhere", "mine/pipe")


def test_a_database_that_is_being_written_is_copied_with_what_its_journal_holds(
    tmp_path: Path,
) -> None:
    live = sqlite3.connect(tmp_path / "live.db")
    live.execute("PRAGMA journal_mode = WAL")
    live.execute("CREATE TABLE told (n INTEGER)")
    live.executemany("INSERT INTO told VALUES (?)", [(n,) for n in range(100)])
    live.commit()
    live.execute("INSERT INTO told VALUES (-1)")
    copying.copy_sqlite(tmp_path / "live.db", tmp_path / "copies" / "copy.db")
    live.close()
    copy = sqlite3.connect(tmp_path / "copies" / "copy.db")
    assert copy.execute("SELECT count(*), min(n) FROM told").fetchone() == (100, 0)
    copy.close()
    assert [one.name for one in (tmp_path / "copies").iterdir()] == ["copy.db"]


def test_the_warehouse_is_copied_as_it_stands_and_its_lock_is_kept_meanwhile(
    tmp_path: Path,
) -> None:
    warehouse = tiny_home(tmp_path / "home")
    warehouse.replace("clean.listings", pl.DataFrame({"n": range(1000)}))
    with warehouse.connect() as conn:
        conn.execute("INSERT INTO clean.sales VALUES (3.0)")
        copying.copy_warehouse(warehouse, tmp_path / "copy.duckdb")
        asked = realty(tmp_path / "home", "fingerprint", check=False, REALTY_LOCK_TIMEOUT_S="0")
    assert "is held by process" in asked.stderr
    copy = Warehouse.at(tmp_path / "copy.duckdb")
    assert copy.read("clean.sales")["price"].to_list() == [1.0, 2.0, 3.0]


def test_a_file_that_goes_on_changing_is_an_error_that_names_it(tmp_path: Path) -> None:
    growing, stop = tmp_path / "growing.csv", threading.Event()
    growing.write_bytes(b"x" * (8 << 20))

    def grow() -> None:
        while not stop.is_set():
            with growing.open("ab") as file:
                file.write(b"x" * 4096)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(CopyFailed, match=r"growing.csv goes on changing"):
            copying.copy_file(growing, tmp_path / "copy")
    finally:
        stop.set()
        writer.join()


def test_leftovers_of_dead_processes_go_and_a_living_one_is_waited_for(tmp_path: Path) -> None:
    warehouse, folder = tiny_home(tmp_path / "home"), tmp_path / "backups"
    (folder / ".making-1234" / "home").mkdir(parents=True)
    place, _ = backup_of(warehouse, folder)
    assert [one.name for one in sorted(folder.iterdir())] == [".lock", place.name]
    with (
        copying.made_whole(folder / "other", folder / ".lock", ".making-"),
        pytest.raises(CopyFailed, match="Another process is writing"),
    ):
        backup_of(warehouse, folder)


def test_a_backup_that_fails_leaves_nothing_but_a_row(tmp_path: Path) -> None:
    warehouse, folder = tiny_home(tmp_path / "home"), tmp_path / "backups"
    (tmp_path / "home" / "mlflow").mkdir()
    (tmp_path / "home" / "mlflow" / "mlflow.db").write_text("no database at all, but text " * 99)
    with pytest.raises(CopyFailed, match=r"mlflow.db cannot be copied"):
        make_backup(warehouse, {}, folder=str(folder), reason="a try", by="Ann")
    assert [one.name for one in folder.iterdir()] == [".lock"]
    row = warehouse.read("operations.actions").row(0, named=True)
    assert (row["outcome"], row["reason"]) == ("failed", "a try")
    assert warehouse.read("operations.backups").is_empty()


def test_a_backup_without_its_row_gets_one_from_the_next(tmp_path: Path) -> None:
    warehouse, folder = tiny_home(tmp_path / "home"), tmp_path / "backups"
    owed, manifest = backup_of(warehouse, folder)
    told = make_backup(warehouse, {}, folder=str(folder), reason="next", by="Ann")
    assert told["recorded_late"] == [manifest.backup_id]
    rows = warehouse.read("operations.backups")
    assert rows["path"].to_list() == [str(owed), told["backup"]]


@pytest.mark.parametrize(("reason", "by"), [(" ", "Ann"), ("why", "")])
def test_a_backup_needs_a_reason_and_a_name(tmp_path: Path, reason: str, by: str) -> None:
    warehouse = tiny_home(tmp_path / "home")
    with pytest.raises(BadAction):
        make_backup(warehouse, {}, folder=str(tmp_path / "to"), reason=reason, by=by)


def test_there_is_nothing_to_back_up_in_an_empty_home(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="nothing to back up"):
        backup_of(Warehouse.at(tmp_path / "warehouse.duckdb"), tmp_path / "backups")


def test_an_export_that_did_not_change_is_linked_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    warehouse, folder = tiny_home(tmp_path / "home"), tmp_path / "backups"
    warehouse.replace("clean.listings", pl.DataFrame({"price": [1.0]}))
    first, _ = backup_of(warehouse, folder)
    warehouse.replace("clean.listings", pl.DataFrame({"price": [2.0]}))
    second, manifest = backup_of(warehouse, folder)
    inodes = [
        (place / EXPORTS / f"clean.{name}.parquet").stat().st_ino
        for name in ("sales", "listings")
        for place in (first, second)
    ]
    assert inodes[0] == inodes[1]
    assert inodes[2] != inodes[3]
    assert manifest.exports["clean.sales"].n_rows == 2
    restored = Warehouse.at(tmp_path / "restored" / "warehouse.duckdb")
    restored.replace("clean.sales", pl.DataFrame({"price": [1.0]}))
    restored.replace("clean.listings", pl.DataFrame({"price": [2.0]}))
    assert list(wrong_rows(second, manifest, restored)) == [
        "clean.sales has 1 rows in the restored warehouse, not 2"
    ]
    flip(second / EXPORTS / "clean.listings.parquet")
    assert broken_files(second, manifest) == ["tables/clean.listings.parquet was changed"]
