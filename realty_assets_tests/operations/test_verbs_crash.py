"""kill -9 between any two steps of a withdrawal, a reinstatement, a review, a rescoring and an
evidence pack: given again, they end as if nothing had happened, each with one row.

A sample runs with every test run; all of it with `make torture` (REALTY_TORTURE=full).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from realty_assets.operations.copying import sha256_of
from realty_assets.operations.evidence.review import REVIEWS
from realty_assets.operations.records import ACTIONS
from realty_assets.operations.rescore import RESCORED
from realty_assets.pages import write_page
from realty_assets.settings import REPO_ROOT
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, environment
from realty_assets_tests.operations.homes import copy_tree
from realty_assets_tests.operations.test_evidence import valued

pytestmark = [pytest.mark.torture]
KILLS = 50 if os.environ.get("REALTY_TORTURE") == "full" else 1
PAGE = Path("reports/market.html")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("given") / "home"
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    warehouse.replace("serving.reports", write_page(home, PAGE, "<html>said", "realty report"))
    warehouse.replace("serving.valuations", valued(20))
    return home


def work(home: Path, last: int = 0, module: str = "killing", to: str = "sheet.csv") -> int:
    """Does it all in a process that dies at step `last`; the steps it took."""
    module = f"realty_assets_tests.operations.{module}"
    done = subprocess.run(
        [sys.executable, "-m", module, str(home), str(home.parent / to), str(last)],
        env=environment(home),
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (-signal.SIGKILL if last else 0), done.stderr[-3000:]
    return 0 if last else int(done.stdout)


def left(home: Path) -> tuple[str, list[str], list[tuple]]:
    """The page, the verbs that have a row, and the reviews."""
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    rows = warehouse.read(REVIEWS).drop("written_at").sort("review_id").rows()
    return (home / PAGE).read_text(), warehouse.read(ACTIONS)["verb"].to_list(), rows


@pytest.fixture(scope="module")
def calm(given: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, tuple]:
    home = copy_tree(given, tmp_path_factory.mktemp("calm") / "home")
    return work(home), left(home)


@pytest.mark.parametrize("seed", range(KILLS))
def test_verbs_that_were_killed_end_as_ever_when_they_are_given_again(
    given: Path, tmp_path: Path, calm: tuple[int, tuple], seed: int
) -> None:
    n_steps, said = calm
    home = copy_tree(given, tmp_path / "home")
    work(home, random.Random(seed).randint(1, n_steps))
    # Whatever was killed: the page is whole, a notice, or kept aside.
    page, kept = home / PAGE, home / "withdrawn" / PAGE
    assert page.is_file() or kept.read_text() == "<html>said"
    work(home)
    assert left(home) == said


def packed(home: Path, last: int = 0) -> int:
    return work(home, last, "killing_pack", "pack")


def left_of_pack(home: Path) -> tuple[list[tuple], list[str], list[tuple], list[str]]:
    """The rescored rows, the verbs that have a row, the sample, and the files of the whole pack."""
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    pack = home.parent / "pack"
    said = json.loads((pack / "manifest.json").read_text())
    found = {
        path.relative_to(pack).as_posix(): sha256_of(path)
        for path in pack.rglob("*")
        if path.is_file() and path != pack / "manifest.json"
    }
    assert found == said["files"]
    assert [path.name for path in pack.parent.iterdir() if path.name.startswith(".")] == []
    actions = warehouse.read(ACTIONS)
    assert json.loads(actions["detail"][-1])["manifest_sha256"] == sha256_of(pack / "manifest.json")
    return (
        warehouse.read(RESCORED).sort(["track", "listing_key", "property_key", "as_of"]).rows(),
        actions["verb"].to_list(),
        warehouse.read(REVIEWS).drop("written_at").sort("review_id").rows(),
        sorted(found),
    )


@pytest.fixture(scope="module")
def calm_pack(market: Market, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, tuple]:
    home = copy_tree(market.home, tmp_path_factory.mktemp("calm_pack") / "home")
    n_steps, said = packed(home), left_of_pack(home)
    assert said[1] == ["rescore", "evidence"]
    return n_steps, said


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_rescoring_and_a_killed_pack_given_again_are_whole(
    market: Market, tmp_path: Path, calm_pack: tuple[int, tuple], seed: int
) -> None:
    n_steps, said = calm_pack
    home = copy_tree(market.home, tmp_path / "home")
    # Every second time among the last steps: between the pack and its row.
    first = 1 if seed % 2 else n_steps - 20
    packed(home, random.Random(seed).randint(first, n_steps))
    packed(home)
    assert left_of_pack(home) == said
