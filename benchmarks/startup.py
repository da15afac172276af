"""What it costs to start: the definitions against Dagster alone, the command line against Typer."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

REPEATS = 7


def _best(code: str) -> float:
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - started)
    return min(times)


def _row(name: str, ours: str, rival: str, note: str, limit: float | None) -> dict[str, Any]:
    ours_s, rival_s = _best(ours), _best(rival)
    return {
        "name": name,
        "ours_s": ours_s,
        "rival_s": rival_s,
        "ratio": ours_s / rival_s,
        "limit": limit,
        "note": note,
    }


def run() -> list[dict[str, Any]]:
    libraries = "import dagster, dagster_duckdb, duckdb, polars, numpy, pydantic"
    return [
        _row(
            "import realty_assets.definitions",
            "import realty_assets.definitions",
            libraries,
            "rival: importing dagster, duckdb, polars, numpy and pydantic alone",
            2.0,
        ),
        _row(
            "import realty_assets.cli",
            "import realty_assets.cli",
            "import typer, rich.console",
            "rival: importing typer and rich alone",
            1.5,
        ),
    ]
