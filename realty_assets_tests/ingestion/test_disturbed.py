"""Ingestion under disturbance: the rerun's fingerprint is that of a calm one.

Through the command line, in processes of their own. A sample runs with every test run; all of it
with `make torture` (REALTY_TORTURE=full).
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from realty_assets_tests.markets import (
    Market,
    environment,
    ingest,
    killed_after,
    make_sample,
    realty,
    realty_json,
)

pytestmark = [pytest.mark.slow, pytest.mark.torture]

FULL = os.environ.get("REALTY_TORTURE") == "full"
KILLS = 50 if FULL else 1
TINY = {"listings": 400, "months": 6, "photos": 12, "seed": 5}
ROWS = ("raw.listings", "staging.listings", "staging.quarantine")
HOLD = (
    "import duckdb, sys, time\n"
    "conn = duckdb.connect(sys.argv[1], config={'custom_user_agent': 'dagster'})\n"
    "print('held', flush=True)\n"
    "time.sleep(float(sys.argv[2]))\n"
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A tiny sample, and the home of a calm ingestion of it."""
    folder = tmp_path_factory.mktemp("tiny")
    sample = make_sample(folder / "sample", **TINY)
    made = Market(sample, folder / "calm")
    ingest(made.home, made.exports)
    return made


@pytest.fixture(scope="module")
def calm(tiny: Market) -> dict[str, Any]:
    return realty_json(tiny.home, "fingerprint")


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_a_random_moment(
    tiny: Market, calm: dict[str, Any], tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    words = ["ingest", tiny.exports, "--source", "har"]
    if killed_after(tmp_path, dice.uniform(0.2, 1.0) * tiny.ingest_s(), *words):
        realty(tmp_path, *words)
    assert realty_json(tmp_path, "fingerprint") == calm


def test_two_ingestions_at_once_stage_each_row_once(
    tiny: Market, calm: dict[str, Any], tmp_path: Path
) -> None:
    words = [sys.executable, "-m", "realty_assets.cli", "ingest", str(tiny.exports)]
    both = [
        subprocess.Popen(
            [*words, "--source", "har"], env=environment(tmp_path), stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [process.communicate()[1].decode() for process in both]
    # One of them may find that the other has taken its files; it says so, and nothing is lost.
    assert all(code in (0, 1) for code in (process.returncode for process in both)), said
    assert "Traceback" not in "".join(said)
    realty(tmp_path, "run", "ingestion")
    found = realty_json(tmp_path, "fingerprint")
    assert {name: found[name] for name in ROWS} == {name: calm[name] for name in ROWS}


@contextmanager
def held(warehouse: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the warehouse."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(warehouse), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        yield holder
    finally:
        holder.kill()
        holder.wait()


def test_a_warehouse_held_for_a_while_is_waited_for_and_for_long_is_told(
    tiny: Market, calm: dict[str, Any], tmp_path: Path
) -> None:
    words = ["ingest", tiny.exports, "--source", "har"]
    warehouse = tmp_path / "warehouse.duckdb"
    with held(warehouse, 120.0) as holder:
        told = realty(tmp_path, *words, check=False, REALTY_LOCK_TIMEOUT_S="1")
        assert told.returncode == 1
        assert f"held by process {holder.pid}" in told.stderr
        assert "Traceback" not in told.stderr
    with held(warehouse, 6.0):
        realty(tmp_path, *words)
    assert realty_json(tmp_path, "fingerprint") == calm


def test_a_disk_that_fills_and_then_has_room(
    tiny: Market, calm: dict[str, Any], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    needed = sum(path.stat().st_size for path in tiny.home.rglob("*") if path.is_file())
    size = f"size={needed * 2 // 3}"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(home)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        # Only root may make a small disk; its sentence is tested in test_intake.py.
        return
    try:
        told = realty(home, "ingest", tiny.exports, "--source", "har", check=False)
        assert told.returncode == 1
        assert "disk is full" in told.stderr
        assert "Traceback" not in told.stderr
        bigger = ["mount", "-o", "remount,size=512m", str(home)]
        subprocess.run(bigger, check=True, capture_output=True)
        realty(home, "ingest", tiny.exports, "--source", "har")
        found = realty_json(home, "fingerprint")
        assert {name: found[name] for name in ROWS} == {name: calm[name] for name in ROWS}
    finally:
        subprocess.run(["umount", str(home)], check=True)
        shutil.rmtree(home)
