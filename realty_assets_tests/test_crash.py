"""kill -9 at random moments of ingestion and of a full run: the rerun ends where nothing happened.

A sample runs with every test run; all of it with `make torture` (REALTY_TORTURE=full).
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from realty_assets_tests.markets import Market, killed_after, realty, realty_json

pytestmark = [pytest.mark.slow, pytest.mark.torture]

FULL = os.environ.get("REALTY_TORTURE") == "full"
KILLS = 20 if FULL else 1


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_ingestion_and_a_killed_run_end_as_if_nothing_had_happened(
    market: Market, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    ingest_s, run_s = market.took_s()
    home = tmp_path / "killed"
    commands = [(["ingest", market.exports, "--source", "har"], ingest_s), (["run", "all"], run_s)]
    if not FULL:  # a killed ingestion is sampled by test_disturbed.py
        assert market.ingested is not None
        shutil.copytree(market.ingested, home)
        del commands[0]
    kills = 0
    for words, usual_s in commands:
        # A command that came to its end before the kill is not given again: the same file
        # delivered twice is two deliveries.
        if killed_after(home, dice.uniform(0.1, 1.0) * usual_s, *words):
            kills += 1
            realty(home, *words)
    found = realty_json(home, "fingerprint")
    calm = realty_json(market.home, "fingerprint")
    differing = [table for table in calm if found.get(table) != calm[table]]
    assert not differing, f"{kills} kills"
    assert found == calm
    shutil.rmtree(home)
