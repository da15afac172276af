"""kill -9 between any two steps of a promotion, a rollback and a demotion: no alias is lost, no
version is orphaned, MLflow follows the table at the next start, and the command given again ends as
ever.

A sample runs with every test run; all of it with `make torture` (REALTY_TORTURE=full).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from realty_assets.fingerprint import mlflow_registry
from realty_assets.modeling.model import load_valuer
from realty_assets.recovery import recover
from realty_assets.runs import open_instance
from realty_assets.settings import REPO_ROOT
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import environment, realty_here
from realty_assets_tests.promotion.conftest import settings_of
from realty_assets_tests.promotion.homes import held, prints
from realty_assets_tests.promotion.verbs import VERBS

pytestmark = [pytest.mark.slow, pytest.mark.torture]
KILLS = 50 if os.environ.get("REALTY_TORTURE") == "full" else 2
Prints = list[tuple[int, str]]


def work(home: Path, last: int = 0) -> list[tuple[str, int]]:
    """Runs VERBS in a process that dies at step `last`; its notes, by step."""
    notes = home.parent / "notes.txt"
    done = subprocess.run(
        [
            *[sys.executable, "-m", "realty_assets_tests.promotion.killing"],
            *[str(notes), str(last)],
        ],
        env=environment(home, **settings_of(home)),
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (-signal.SIGKILL if last else 0), done.stderr[-3000:]
    if not notes.exists():
        return []
    lines = [line.split() for line in notes.read_text().splitlines()]
    return [(what, int(step)) for what, step in lines]


def copy_of(home: Path, folder: Path) -> Warehouse:
    shutil.copytree(home, folder / "home")
    return Warehouse.at(folder / "home" / "warehouse.duckdb")


@dataclass(frozen=True)
class Calm:
    """What the commands that nobody kills leave: tables, titles, and notes."""

    tables: Prints
    held: dict[str, str]
    notes: list[tuple[str, int]]

    def step(self, dice: random.Random, seed: int) -> int:
        """A step to die at: of all that there are, or, every second time, between the commit of
        one of them and its end, where table and MLflow differ."""
        if seed % 2:
            return dice.randint(1, self.notes[-1][1])
        pairs = zip(self.notes[::2], self.notes[1::2], strict=True)
        (_, first), (_, end) = dice.choice(list(pairs))
        return dice.randint(first, end)


@pytest.fixture(scope="module")
def calm(rivals: Path, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    warehouse = copy_of(rivals, tmp_path_factory.mktemp("calm"))
    notes = work(warehouse.home)
    assert [what for what, _ in notes] == [word for verb in VERBS for word in ("committed", verb)]
    return Calm(prints(warehouse), held(warehouse), notes)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_promotion_rollback_or_demotion_loses_no_title_and_no_version(
    rivals: Path, tmp_path: Path, calm: Calm, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = copy_of(rivals, tmp_path)
    home, versions = warehouse.home, mlflow_registry(rivals / "mlflow" / "mlflow.db")
    step = calm.step(random.Random(seed), seed)
    done = {what for what, _ in work(home, step)}
    for name, value in settings_of(home).items():
        monkeypatch.setenv(name, value)

    models = warehouse.read("modeling.models")
    titles = warehouse.read("promotion.aliases")
    assert set(titles["model_version"]) <= set(models["model_version"])
    # Who was taken down holds previous_champion until it comes back.
    speaking = titles.filter(pl.col("alias").is_in(["champion", "previous_champion"]))
    assert speaking.height >= 1
    for artifact in models["artifact"]:
        load_valuer(home / artifact)
    registry = mlflow_registry(home / "mlflow" / "mlflow.db")
    assert {(n, v) for n, v, _ in registry} == {(n, v) for n, v, _ in versions}
    assert any(alias in ("champion", "previous_champion") for _, _, alias in registry)

    with open_instance() as instance:
        recover(instance, warehouse)
    held(warehouse)  # MLflow's are those of the table

    for verb, words in VERBS.items():
        if verb not in done:
            realty_here(home, *words, **settings_of(home))
    assert held(warehouse) == calm.held
    assert prints(warehouse) == calm.tables
