"""kill -9 at random moments of a backup, a restore and a retention run: what is there is whole, and
the command given again ends as if nothing had happened.

A sample runs with every test run; all of it with `make torture` (REALTY_TORTURE=full).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from realty_assets.fingerprint import fingerprint_home
from realty_assets.home_runs import end_unfinished_runs
from realty_assets.modeling.training import SCHEMA
from realty_assets.operations.making import make_backup
from realty_assets.operations.manifest import backups_in, broken_files, fingerprint_of
from realty_assets.operations.restore import restore
from realty_assets.operations.retention.retain import retain
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import (
    environment,
    killed_after,
    realty,
    realty_json,
    stopped_after,
)
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import copy_tree, tiny_home
from realty_assets_tests.operations.retained import put
from realty_assets_tests.operations.test_compaction import bloated
from realty_assets_tests.operations.test_retention_models import model

pytestmark = [pytest.mark.slow, pytest.mark.torture]
FULL = os.environ.get("REALTY_TORTURE") == "full"
KILLS, KILLS_OF_COMMANDS = (50, 5) if FULL else (1, 1)
N_PHOTOS = 400
READY = (
    "import sys\n"
    "from pathlib import Path\n"
    "from realty_assets.home_runs import end_unfinished_runs\n"
    "from realty_assets.operations.making import make_backup\n"
    "from realty_assets.operations.restore import restore\n"
    "from realty_assets.warehouse import Warehouse\n"
    "given, to = map(Path, sys.argv[1:])\n"
    "print('ready', flush=True)\n"
)
BACKUP = READY + (
    "make_backup(Warehouse.at(given / 'warehouse.duckdb'), {}, folder=str(to), reason='r', by='b')"
)
RETAIN = READY + (
    "from realty_assets.operations.retention.retain import retain\n"
    "retain(Warehouse.at(given / 'warehouse.duckdb'), {}, reason='r', by='b')"
)
RESTORE = READY + "restore(given, to, reason='r', by='b', prepare=end_unfinished_runs)"


@dataclass(frozen=True)
class Worked:
    """A process that does one of the two, from when it has loaded all it needs."""

    process: subprocess.Popen

    @classmethod
    def on(cls, code: str, given: Path, to: Path) -> Worked:
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(given), str(to)],
            env=environment(given),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        return cls(process)

    def seconds(self) -> float:
        started = time.monotonic()
        assert self.process.wait() == 0
        return time.monotonic() - started


def home_with_photos(home: Path) -> Warehouse:
    warehouse = tiny_home(home)
    for n in range(N_PHOTOS):
        path = home / "photos" / f"{n % 50:02}" / f"{n}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(n).randbytes(20_000))
    end_unfinished_runs(home)
    return warehouse


@pytest.fixture(scope="module")
def usual_s(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, float]:
    """Seconds of a backup and of a restore that nobody interferes with."""
    folder = tmp_path_factory.mktemp("calm")
    home_with_photos(folder / "home")
    backup_s = Worked.on(BACKUP, folder / "home", folder / "backups").seconds()
    ((backup, _),) = backups_in(folder / "backups")
    return backup_s, Worked.on(RESTORE, backup, folder / "new").seconds()


def all_whole(folder: Path) -> list[Path]:
    """The backups in a folder, after what stands there was found to be whole backups only."""
    found = backups_in(folder)
    assert [broken_files(place, manifest) for place, manifest in found] == [[]] * len(found)
    visible = {one for one in folder.iterdir() if not one.name.startswith(".")}
    assert visible == {place for place, _ in found}
    return [place for place, _ in found]


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_backup_and_a_killed_restore_given_again_are_whole(
    tmp_path: Path, usual_s: tuple[float, float], seed: int
) -> None:
    dice = random.Random(seed)
    home, backups, new = tmp_path / "home", tmp_path / "backups", tmp_path / "new"
    backups.mkdir()
    warehouse = home_with_photos(home)
    stopped_after(Worked.on(BACKUP, home, backups).process, dice.uniform(0, 1.1) * usual_s[0])
    all_whole(backups)
    make_backup(warehouse, {}, folder=str(backups), reason="again", by="b")
    there = all_whole(backups)
    assert [one.name for one in backups.iterdir() if one.name.startswith(".")] == [".lock"]
    assert sorted(warehouse.read("operations.backups")["path"]) == sorted(map(str, there))
    manifest = backups_in(backups)[-1][1]

    stopped_after(Worked.on(RESTORE, there[-1], new).process, dice.uniform(0, 1.1) * usual_s[1])
    if new.exists():
        assert (new / "promotion.yaml").read_text() == "version: 1"
    restore(there[-1], new, reason="again", by="b", prepare=end_unfinished_runs)
    assert fingerprint_of(fingerprint_home(Warehouse.at(new / "warehouse.duckdb"), [])) == (
        manifest.fingerprint
    )
    assert sorted(path.name for path in (new / "photos").rglob("*.jpg")) == sorted(
        path.name for path in (home / "photos").rglob("*.jpg")
    )
    assert {one.name for one in tmp_path.iterdir()} == {"home", "backups", "new"}


def home_with_old_things(home: Path) -> Warehouse:
    """Four hundred refused files of a year ago, old models, and a warehouse mostly of free room."""
    warehouse = tiny_home(home)
    bloated(warehouse)
    rows = [model(f"v{n}", 1000 - n) for n in range(20)]
    warehouse.replace("modeling.models", pl.DataFrame(rows, schema=SCHEMA))
    for row in rows:
        for n in range(10):
            put(home, f"{row['artifact']}/member_{n}.ubj")
    for n in range(400):
        put(home, f"refused/{n}.csv")
    text = "version: 1\nrefused: {keep_days: 30}\nmodels: {keep_newest: 1}\n"
    (home / "retention.yaml").write_text(text)
    return warehouse


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_retention_run_given_again_has_let_go_of_each_thing_once(
    tmp_path: Path, seed: int
) -> None:
    dice, home = random.Random(seed), tmp_path / "home"
    warehouse = home_with_old_things(home)
    before = fingerprint_home(warehouse, [])
    for _ in range(2):
        stopped_after(Worked.on(RETAIN, home, home).process, dice.uniform(0, 2.5))
        assert fingerprint_home(warehouse, []) == before
    told = retain(warehouse, {}, reason="again", by="b")
    assert told["bytes_after"] < 3 << 20
    assert list((home / "refused").iterdir()) == []
    assert [one.name for one in (home / "models").iterdir()] == ["v19"]
    assert list(home.glob("warehouse.duckdb.*")) == []
    rows = warehouse.read("operations.retention")
    assert rows["state"].unique().to_list() == ["removed"]
    assert sorted(rows["item"]) == sorted(
        [*(f"refused/{n}.csv" for n in range(400)), *(f"models/v{n}" for n in range(19))]
    )
    acted = set(warehouse.read("operations.actions")["action_id"])
    assert set(rows["action_id"]) <= acted
    assert fingerprint_home(warehouse, []) == before


@pytest.mark.parametrize("seed", range(KILLS_OF_COMMANDS))
def test_killed_commands_on_a_market_given_again_end_whole(
    kept: Kept, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    home, new = copy_tree(kept.home, tmp_path / "home"), tmp_path / "new"
    usual = 2 * kept.made["seconds"]
    killed_after(home, dice.uniform(0.3, 1.0) * usual, "backup")
    made = realty_json(home, "backup")
    assert Path(made["backup"]) in all_whole(home / "backups")
    usual = 2 * kept.told["rto_s"]
    killed_after(home, dice.uniform(0.3, 1.0) * usual, "restore", made["backup"], "--to", new)
    if not (new.exists() and not (new / ".restored.json").exists()):
        realty(home, "restore", made["backup"], "--to", new)
    assert (
        fingerprint_of(fingerprint_home(Warehouse.at(new / "warehouse.duckdb"), []))
        == (made["fingerprint"])
    )
    assert {one.name for one in tmp_path.iterdir()} == {"home", "new"}
