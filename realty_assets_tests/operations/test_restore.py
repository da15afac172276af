"""A backup becomes a working home that gives the same values, or a sentence that says why not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.home_runs import end_unfinished_runs, instance_of
from realty_assets.operations.manifest import FILES, LOCK_FILE, MANIFEST, BackupBroken
from realty_assets.operations.restore import NOTE, DrillFailed, RestoreFailed, restore
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import environment, realty, realty_json
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import backup_of, copy_tree, flip, reseal, tiny_home

LOAD = (
    "import os, sys, json, mlflow\n"
    "mlflow.set_tracking_uri('sqlite:///' + sys.argv[1] + '/mlflow/mlflow.db')\n"
    "found = mlflow.pyfunc.load_model('models:/realty-off-market@champion')\n"
    "print(json.dumps(found.metadata.artifact_path))"
)


def restored(backup: Path, to: Path, **asked: bool) -> dict:
    return restore(backup, to, reason="a test", by="Ann", prepare=lambda _: None, **asked)


def test_one_command_makes_a_working_home_with_identical_values(kept: Kept) -> None:
    drill = [(one["track"], one["state"], one["n"]) for one in kept.told["drill"]]
    tracks = ("off_market", "at_listing", "on_market")
    assert drill == [(track, "reproduced", 10) for track in tracks]
    assert kept.told["rto_s"] > 0
    assert kept.told["rpo_s"] > 0
    assert kept.told["fingerprint"] == kept.made["fingerprint"]
    assert realty_json(kept.restored, "fingerprint") == realty_json(kept.home, "fingerprint")
    status = realty_json(kept.restored, "status")
    assert status["home"] == str(kept.restored)
    assert {row["alias"] for row in status["models"]} == {"champion"}
    assert not (kept.restored / NOTE).exists()
    left = {one.name for one in kept.restored.parent.iterdir()}
    assert left == {"home", "restored"}


def test_the_restored_home_knows_how_it_came_and_goes_on(kept: Kept, tmp_path: Path) -> None:
    home = copy_tree(kept.restored, tmp_path / "home")
    row = Warehouse.at(home / "warehouse.duckdb").read("operations.actions").row(-1, named=True)
    assert (row["verb"], row["target"], row["outcome"]) == ("restore", str(kept.backup), "done")
    assert json.loads(row["detail"])["backup_id"] == kept.made["backup_id"]
    done = realty_json(home, "run", "promotion")
    assert (done["rebuilt"], done["n_reused"]) == ([], done["n_materialized"])
    with instance_of(home) as instance:
        states = {run.status for run in instance.get_runs()}
    assert states == {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}


@pytest.mark.slow
def test_mlflow_finds_the_champion_in_the_new_home(kept: Kept) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(kept.restored)],
        env=environment(kept.restored),
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(kept.restored) in json.loads(done.stdout)
    cards = list((kept.restored / "mlflow" / "artifacts").rglob("MLmodel"))
    assert len(cards) == 3
    for address in kept.told["mended_addresses"]:
        assert not [card for card in cards if address in card.read_text()]


def test_runs_that_were_under_way_are_ended_and_give_back_their_place(tmp_path: Path) -> None:
    assert end_unfinished_runs(tmp_path) == []
    with instance_of(tmp_path) as instance:
        run = instance.create_run_for_job(
            dg.define_asset_job("job").resolve(asset_graph=dg.Definitions().resolve_asset_graph()),
            status=dg.DagsterRunStatus.STARTED,
        )
    assert end_unfinished_runs(tmp_path) == [run.run_id]
    assert end_unfinished_runs(tmp_path) == []
    with instance_of(tmp_path) as instance:
        assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        (f"{FILES}/warehouse.duckdb", flip, "warehouse.duckdb was changed"),
        (f"{FILES}/photos/ab/abc.jpg", flip, "photos/ab/abc.jpg was changed"),
        (f"{FILES}/reports/market.html", cut, "reports/market.html has 5 bytes, not 6"),
        (f"{FILES}/promotion.yaml", Path.unlink, "promotion.yaml is missing"),
        (LOCK_FILE, flip, f"{LOCK_FILE} is missing or was changed"),
        (MANIFEST, flip, f"{MANIFEST} is not what"),
    ],
)
def test_a_flipped_byte_is_named_and_nothing_is_restored(
    tmp_path: Path, name: str, damage: Callable[[Path], None], said: str
) -> None:
    backup, _ = backup_of(tiny_home(tmp_path / "home"), tmp_path / "backups")
    damage(backup / name)
    with pytest.raises(BackupBroken, match=said):
        restored(backup, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path) -> None:
    backup, _ = backup_of(tiny_home(tmp_path / "home"), tmp_path / "backups")
    (tmp_path / "new").mkdir()
    assert restored(backup, tmp_path / "new")["n_files"] == 7
    with pytest.raises(RestoreFailed, match="is not empty"):
        (tmp_path / "new" / NOTE).unlink()
        restored(backup, tmp_path / "new")
    with pytest.raises(RestoreFailed, match="is no folder"):
        restored(backup, tmp_path / "new" / "promotion.yaml")
    with pytest.raises(RestoreFailed, match="lies in the backup itself"):
        restored(backup, backup / "new")
    with pytest.raises(BackupBroken, match="is no backup"):
        restored(tmp_path / "home", tmp_path / "other")


def test_a_command_that_was_killed_after_its_last_step_may_be_given_again(tmp_path: Path) -> None:
    backup, _ = backup_of(tiny_home(tmp_path / "home"), tmp_path / "backups")
    told = restored(backup, tmp_path / "new")
    assert restored(backup, tmp_path / "new") == told | {"already_restored": True}


def test_values_that_differ_are_an_error_that_names_the_homes(kept: Kept, tmp_path: Path) -> None:
    backup = copy_tree(kept.backup, tmp_path / "backup")
    path = backup / FILES / "warehouse.duckdb"
    homes = kept.told["drill"][0]["homes"]
    with Warehouse.at(path).transaction() as tx:
        tx.conn.execute(
            "UPDATE serving.valuations SET value = value + 0.01 WHERE listing_key = ?", [homes[3]]
        )
    reseal(backup, "warehouse.duckdb")
    with pytest.raises(DrillFailed, match=f"off_market: homes {homes[3]} differ"):
        restored(backup, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert restored(backup, tmp_path / "new", without_drill=True)["drill"] == []
    value = pl.col("listing_key") == homes[3]
    found = Warehouse.at(tmp_path / "new" / "warehouse.duckdb").read("serving.valuations")
    assert found.filter(value).height == 1


def test_errors_of_the_command_line_are_sentences(tmp_path: Path) -> None:
    done = realty(tmp_path, "restore", tmp_path, "--to", tmp_path / "new", check=False)
    assert done.returncode == 1
    assert "is no backup" in done.stderr
    assert "Traceback" not in done.stderr
