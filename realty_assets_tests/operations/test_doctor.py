"""Whatever is broken in a home, the doctor finds it, says where, and how to mend it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dagster as dg
import psutil
import pytest

from realty_assets.definitions import defs
from realty_assets.home_runs import check_dagster, instance_of
from realty_assets.ingestion.photo_store import Rules
from realty_assets.ingestion.photos import take_in_photos
from realty_assets.operations.doctor import files, models, places, tables
from realty_assets.operations.doctor.examine import examine
from realty_assets.operations.doctor.finding import Check, Finding, Patient
from realty_assets.operations.manifest import FILES
from realty_assets.processes import BORN_TAG, PID_TAG
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.pictures import encoded, scene
from realty_assets_tests.markets import realty
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import copy_tree, flip

TABLES = sorted(".".join(spec.key.path) for spec in defs.resolve_all_asset_specs())


@pytest.fixture
def home(kept: Kept, tmp_path: Path) -> Path:
    """A copy of a restored home: healthy, and yours to break."""
    return copy_tree(kept.restored, tmp_path / "sick")


def test_a_healthy_home_has_no_finding(kept: Kept) -> None:
    rows = examine(Patient(kept.restored, TABLES, deep=True), {"dagster": check_dagster})
    assert [row for row in rows if row["state"] == "wrong"] == []
    notes = [row["detail"] for row in rows if row["state"] == "note"]
    assert notes == ["there is no backup of this home"]
    assert len(rows) == 19


def test_one_finding_ends_with_exit_code_1_and_a_row_that_says_how_to_mend_it(home: Path) -> None:
    (home / "promotion.yaml").write_text("version: [")
    done = realty(home, "doctor", "--json", check=False)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["n_wrong"], told["home"]) == (1, str(home))
    row = next(row for row in told["checks"] if row["state"] == "wrong")
    assert row["check"] == "policies and mappings"
    assert "promotion.yaml cannot be used" in row["detail"]
    assert row["mend"]


def statement(text: str) -> Callable[[Path], None]:
    """Breaks a home by a statement on its warehouse."""

    def broken(home: Path) -> None:
        with Warehouse.at(home / "warehouse.duckdb").transaction() as tx:
            tx.conn.execute(text)

    return broken


def in_sqlite(name: str, text: str) -> Callable[[Path], None]:
    def broken(home: Path) -> None:
        with closing(sqlite3.connect(home / name)) as conn:
            conn.execute(text)
            conn.commit()

    return broken


def written(name: str, text: str) -> Callable[[Path], None]:
    def broken(home: Path) -> None:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)

    return broken


def gone(pattern: str) -> Callable[[Path], None]:
    """Removes what a pattern names: a file, or a folder."""

    def broken(home: Path) -> None:
        path = next(iter(sorted(home.glob(pattern))))
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return broken


def flipped(pattern: str) -> Callable[[Path], None]:
    return lambda home: flip(next(iter(sorted(home.glob(pattern)))))


def a_file_for_a_folder(home: Path) -> None:
    shutil.rmtree(home / "reports")
    (home / "reports").touch()


def in_the_future(home: Path) -> None:
    later = time.time() + 86_400
    os.utime(home / "warehouse.duckdb", (later, later))


def no_warehouse_file(home: Path) -> None:
    (home / "warehouse.duckdb").write_text("this is no database " * 1000)


def a_dead_run(home: Path) -> None:
    with instance_of(home) as instance:
        instance.create_run_for_job(
            defs.resolve_job_def("ingest"),
            status=dg.DagsterRunStatus.STARTED,
            tags={PID_TAG: "1", BORN_TAG: "5.0"},
        )


def a_lost_photo(home: Path) -> None:
    folder = home / "inbox" / "photos"
    folder.mkdir(parents=True)
    (folder / "77_1.jpg").write_bytes(encoded(scene(1), "JPEG"))
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    take_in_photos(warehouse, Rules(max_pixels=10**7, near_distance=8, stock_listings=5))
    shutil.rmtree(home / "photos")


SICK: list[tuple[str, Callable[[Path], object], Check, str]] = [
    ("no home", shutil.rmtree, places.folders, "there is no home"),
    ("a file for a folder", a_file_for_a_folder, places.folders, "reports is no folder"),
    ("the clock", in_the_future, places.clock, "which the clock of this machine has not reached"),
    ("promotion policy", written("promotion.yaml", "floors: []"), places.own_files, "version"),
    ("monitoring policy", written("monitoring.yaml", "- ["), places.own_files, "monitoring.yaml"),
    ("alerts policy", written("alerts.yaml", "version: 9"), places.own_files, "alerts.yaml"),
    ("barred terms", written("policy.yaml", "- ["), places.own_files, "policy.yaml"),
    ("a mapping", written("sources/mine.yaml", "name: ["), places.own_files, "mine.yaml"),
    ("a layer", written("layers/parks.yaml", "name: ["), places.own_files, "parks.yaml"),
    (
        "a link in the inbox",
        lambda home: (home / "inbox" / "a.csv").symlink_to("/gone.csv"),
        places.inbox,
        "a.csv is a link",
    ),
    (
        "a pipe in the inbox",
        lambda home: os.mkfifo(home / "inbox" / "b.csv"),
        places.inbox,
        "b.csv is neither a file nor a folder",
    ),
    ("a killed delivery", written("journal/1.json", "{}"), places.commands, "1.json"),
    ("no database", no_warehouse_file, tables.opens, "the warehouse cannot be opened"),
    ("a lost table", statement("DROP TABLE clean.sales"), tables.missing, "clean.sales is not in"),
    (
        "a lost row",
        statement(
            "DELETE FROM clean.sales WHERE close_price = (SELECT max(close_price) FROM clean.sales)"
        ),
        tables.builds,
        "clean.sales has",
    ),
    (
        "a changed value",
        statement("UPDATE serving.valuations SET value = value + 1"),
        tables.builds,
        "serving.valuations does not hold what ledger.builds says",
    ),
    (
        "a lost staged row",
        statement("DELETE FROM staging.listings WHERE record_number = 5"),
        tables.builds,
        "staging.listings has",
    ),
    ("a lost model", gone("models/?????*"), models.folders, "is not whole"),
    ("a changed model", flipped("models/*/member_0.ubj"), models.folders, "member_0.ubj is not"),
    (
        "an alias of nothing",
        statement("UPDATE promotion.aliases SET model_version = 'lost'"),
        models.aliases,
        "realty-off-market@champion is lost",
    ),
    (
        "another alias in MLflow",
        in_sqlite("mlflow/mlflow.db", "UPDATE registered_model_aliases SET alias = 'other'"),
        models.mlflow,
        "realty-off-market@champion is version 1 in promotion.aliases and none in MLflow",
    ),
    (
        "a lost version in MLflow",
        in_sqlite("mlflow/mlflow.db", "DELETE FROM model_versions"),
        models.mlflow,
        "which MLflow does not have",
    ),
    ("no MLflow", gone("mlflow/mlflow.db"), models.mlflow, "mlflow.db is gone"),
    ("broken MLflow", written("mlflow/mlflow.db", "x" * 9999), models.mlflow, "cannot be read"),
    (
        "a home copied by hand",
        in_sqlite(
            "mlflow/mlflow.db",
            "UPDATE experiments SET artifact_location = 'file:///old/mlflow/artifacts'",
        ),
        models.mlflow,
        "looks for artifacts in file:///old/mlflow/artifacts",
    ),
    ("a lost report", gone("reports/*.html"), files.named, "which is gone"),
    ("a changed report", flipped("reports/*.html"), files.named, "was written"),
    ("a lost publication", gone("publish/*.parquet"), files.named, "publish.manifests names"),
    ("lost cells", gone("raw/*"), files.raw, "are not below"),
    ("a lost photo", a_lost_photo, files.photos, "1 photos are not in the store"),
    ("a dead run", a_dead_run, check_dagster, "counts as under way, and its process is gone"),
    (
        "broken run storage",
        written("dagster/history/runs.db", "x" * 9999),
        check_dagster,
        "runs.db is broken",
    ),
    (
        "another schema",
        in_sqlite("dagster/history/runs.db", "UPDATE alembic_version SET version_num = 'old'"),
        check_dagster,
        "is of schema old",
    ),
    (
        "a storage without a table",
        in_sqlite("dagster/history/runs.db", "DROP TABLE runs"),
        check_dagster,
        "cannot be read",
    ),
]


@pytest.mark.parametrize(
    ("broken", "check", "said"), [one[1:] for one in SICK], ids=[one[0] for one in SICK]
)
def test_what_is_broken_is_found(
    home: Path, broken: Callable[[Path], object], check: Check, said: str
) -> None:
    broken(home)
    found = list(check(Patient(home, TABLES, deep=True)))
    assert [one for one in found if said in one.detail], found
    assert all(one.mend for one in found)


def test_too_little_disk_space_is_found(kept: Kept) -> None:
    (found,) = places.disk(Patient(kept.home, min_free_bytes=1 << 60))
    assert "MiB are wanted" in found.detail


def test_an_unknown_time_zone_is_found(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Nowhere")
    (found,) = places.clock(Patient(kept.home))
    assert "America/Nowhere" in found.detail


def test_whoever_holds_the_warehouse_is_named_and_the_rest_is_not_guessed_at(home: Path) -> None:
    with Warehouse.at(home / "warehouse.duckdb").connect():
        done = realty(home, "doctor", "--json", check=False)
    rows = json.loads(done.stdout)["checks"]
    held = next(row for row in rows if row["check"] == "warehouse")
    assert f"process {os.getpid()}" in held["detail"]
    assert f"It is: {psutil.Process().cmdline()[0]}" in held["detail"]
    assert {row["check"] for row in rows if row["state"] == "not looked at"} >= {"models", "tables"}


def test_an_empty_home_is_told_what_to_do(tmp_path: Path) -> None:
    rows = examine(Patient(tmp_path, TABLES), {"dagster": check_dagster})
    assert [row["state"] for row in rows if row["state"] != "ok"] == ["note"]


def backups_of(home: Path, deep: bool) -> list[Finding]:
    return list(files.backups(Patient(home, deep=deep)))


def test_a_backup_that_is_gone_or_broken_is_found(kept: Kept, tmp_path: Path) -> None:
    home, backup = copy_tree(kept.home, tmp_path / "home"), tmp_path / "backup"
    copy_tree(kept.backup, backup)
    statement(f"UPDATE operations.backups SET path = '{backup}'")(home)
    assert backups_of(home, deep=True) == []
    flip(backup / FILES / "warehouse.duckdb")
    assert backups_of(home, deep=False) == []
    assert "warehouse.duckdb was changed" in backups_of(home, deep=True)[0].detail
    shutil.rmtree(backup)
    assert "cannot be used" in backups_of(home, deep=False)[0].detail


@pytest.mark.parametrize("first_block", [1, 30])
def test_a_warehouse_with_damaged_blocks_is_told_of_and_never_a_crash(
    home: Path, first_block: int
) -> None:
    path, block = home / "warehouse.duckdb", 256 << 10
    data = bytearray(path.read_bytes())
    for at in range(first_block * block + 20_000, len(data), block):
        data[at] ^= 1
    path.write_bytes(data)
    rows = examine(Patient(home, TABLES, deep=True), {"dagster": check_dagster})
    wrong = [row for row in rows if row["state"] == "wrong"]
    assert wrong
    assert all(row["mend"] for row in wrong)
