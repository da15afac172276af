"""Photos through Dagster and the command line, and against the answer key of a sample market."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.ingestion import assets, checks
from realty_assets.ingestion.inbox import deposit
from realty_assets.ingestion.intake import take_in
from realty_assets.ingestion.photo_inbox import deposit_photos
from realty_assets.ingestion.photos import take_in_photos
from realty_assets.sample_market import generate
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import sale, write
from realty_assets_tests.ingestion.pictures import RULES, jpeg, put
from realty_assets_tests.markets import realty_here

FACES = [assets.ingestion, assets.photos, checks.photos_are_accounted_for]


def run(warehouse: Warehouse) -> dg.ExecuteInProcessResult:
    return dg.materialize(FACES, resources={"warehouse": warehouse}, raise_on_error=False)


def test_the_graph_shows_statuses_and_pictures_and_its_check_blocks(
    home: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALTY_INBOX_QUIET_S", "0")
    row = sale(1)
    write(home / "inbox" / "x.csv", [row])
    for n in (1, 2):
        put(home / "inbox" / f"{row['MLS Number']}_{n}.jpg", jpeg(n))
    put(home / "inbox" / "nobody_1.jpg", jpeg(3)[:-100])
    result = run(warehouse)
    assert result.success
    (made,) = (
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == assets.PHOTOS
    )
    by_status = made.metadata["by_status"]
    assert isinstance(by_status, dg.TableMetadataValue)
    told = [(one.data["status"], one.data["n_photos"]) for one in by_status.records]
    assert told == [("ok", 2), ("truncated", 1)]
    pictures = str(made.metadata["pictures"].value)
    assert pictures.count("data:image/jpeg;base64,") == 2
    assert len(pictures) < 50_000
    again = run(warehouse)
    reused = [
        event.materialization.metadata["reused"].value
        for event in again.get_asset_materialization_events()
        if event.asset_key.path[1].startswith("photo")
    ]
    assert reused == [True] * 4
    next((home / "photos").rglob("*.jpg")).unlink()
    broken = run(warehouse)
    assert not broken.success
    (evaluation,) = broken.get_asset_check_evaluations()
    assert evaluation.blocking
    assert "not in the store" in str(evaluation.description)


def test_an_empty_home_has_empty_tables(warehouse: Warehouse) -> None:
    assert run(warehouse).success
    assert warehouse.read("staging.photos").is_empty()


def test_planted_photo_faults_are_found_and_whole_photos_are_not_blamed(
    tmp_path: Path, home: Path, warehouse: Warehouse
) -> None:
    sample = tmp_path / "sample"
    generate(sample, listings=500, months=12, photos=160, seed=11)
    deposit(sample / "exports", home, "har")
    deposit_photos(sample / "photos", home)
    take_in(warehouse, max_share=0.2)
    assert take_in_photos(warehouse, RULES).n_new == 160
    found = warehouse.read("staging.photos").with_columns(
        pl.col("file_name").str.split("/").list.last()
    )
    key = pl.read_parquet(sample / "answer_key" / "faults.parquet").filter(scope="photo")
    planted = key.filter("visible")["file_name"]
    assert planted.len() >= 3
    seen = found.filter(pl.col("status") == "truncated")["file_name"]
    assert set(seen) == set(planted)
    truth = pl.read_parquet(sample / "answer_key" / "photos.parquet")
    assert (
        found.select("file_name", "listing_key")
        .sort("file_name")
        .equals(truth.select("file_name", "listing_key").sort("file_name"))
    )
    # A listing whose rows are all quarantined is known to nobody.
    others = found.filter(~pl.col("file_name").is_in(planted.implode()), status="ok").height
    orphans = found.filter(status="orphan").height
    assert others + orphans == 160 - planted.len()
    assert orphans <= 8
    gaps = warehouse.read("staging.photo_gaps")
    assert set(gaps["listing_key"]) == set(
        found.filter(status="truncated").drop_nulls("source")["listing_key"]
    )


def test_a_link_is_refused_on_the_command_line_and_a_folder_without_either_told(
    tmp_path: Path,
) -> None:
    home, shots = tmp_path / "home", tmp_path / "shots"
    put(shots / "5_1.jpg", jpeg(1))
    (shots / "5_2.jpg").symlink_to("/etc/hostname")
    done = realty_here(home, "ingest", shots, "--json", check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["n_photos"] == 2
    assert "5_2.jpg: It is a link, which is never followed" in done.stderr
    (tmp_path / "none").mkdir()
    empty = realty_here(home, "ingest", tmp_path / "none", check=False)
    assert "holds no export" in empty.stderr


def test_real_photos_are_whole_and_their_copies_are_found(
    warehouse: Warehouse, home: Path, shared_data: Path
) -> None:
    inbox = home / "inbox" / "photos"
    inbox.mkdir(parents=True)
    files = sorted((shared_data / "houses" / "photos").glob("2[0-9]*.jpg"))
    for path in files:
        put(inbox / path.name, path.read_bytes())
    take_in_photos(warehouse, RULES)
    rows = warehouse.read("staging.photos")
    assert rows.height == len(files) > 100
    assert not set(rows["status"]) & {"corrupt", "truncated", "unsupported", "too_large"}
    assert set(rows["room"]) == {"bathroom", "bedroom", "frontal", "kitchen"}
    # The data set itself shows one picture as kitchen and as bedroom of home 227.
    copies = rows.filter(pl.col("findings").list.contains("duplicate"))["file_name"]
    assert "227_kitchen.jpg" in set(copies)
