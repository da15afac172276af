"""kill -9 between any two steps of a withdrawal, a reinstatement and a review: given again, they
end as if nothing had happened, each with one row.

A sample runs with every test run; all of it with `make torture` (REALTY_TORTURE=full).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from realty_assets.operations.evidence.review import REVIEWS
from realty_assets.operations.records import ACTIONS
from realty_assets.pages import write_page
from realty_assets.settings import REPO_ROOT
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import environment
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


def work(home: Path, last: int = 0) -> int:
    """Does it all in a process that dies at step `last`; the steps it took."""
    module = "realty_assets_tests.operations.killing"
    done = subprocess.run(
        [sys.executable, "-m", module, str(home), str(home.parent / "sheet.csv"), str(last)],
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
