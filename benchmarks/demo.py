"""The demo at its default size against its budget, and a second run against the first."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BUDGET_S = 180.0


def _realty(home: Path, *words: str) -> float:
    env = {name: value for name, value in os.environ.items() if not name.startswith("REALTY_")}
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "realty_assets.cli", *words],
        env=env | {"REALTY_HOME": str(home)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        first_s = _realty(home, "demo")
        again_s = _realty(home, "run", "all")
        forced_s = _realty(home, "run", "all", "--force")
    return [
        {
            "name": "realty demo, default size",
            "ours_s": first_s,
            "rival_s": BUDGET_S,
            "ratio": first_s / BUDGET_S,
            "limit": 1.0,
            "note": "limit: three minutes",
        },
        {
            "name": "realty run all, nothing new",
            "ours_s": again_s,
            "rival_s": first_s,
            "ratio": again_s / first_s,
            "limit": 0.1,
            "note": "against the first run, processes included",
        },
        {
            "name": "realty run all --force, nothing new",
            "ours_s": forced_s,
            "rival_s": first_s,
            "ratio": forced_s / first_s,
            "limit": None,
            "note": "every step and check of the graph, each finding nothing to do",
        },
    ]
