"""The full off_market matrix at 50,000, 200,000 and 800,000 sales: how its cost grows.

Ten years of an invented market whose towns multiply with its sales (`_market.py`), vintages of
every month included. Each size is built in a process of its own, on all cores; processor seconds
of all threads are compared, so that what else runs on the machine is no part of them. The exponent
is that of the power law through two sizes: 1 is a cost that is the same for each sale.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SIZES = [int(n) for n in os.environ.get("REALTY_BENCH_SALES", "50000,200000,800000").split(",")]
EXPONENT, MEMORY_GB = 1.15, 8.0


def run() -> list[dict[str, Any]]:
    """Rows of the benchmark table: name, ours_s, rival_s, ratio, limit, note."""
    told = {n: _built(n) for n in SIZES}
    rows = []
    small = SIZES[0]
    for large in SIZES[1:]:
        ours, rival = told[large]["processor_s"], told[small]["processor_s"]
        rows.append(
            {
                "name": f"full matrix, growth from {small:,} to {large:,} sales",
                "ours_s": ours,
                "rival_s": rival,
                "ratio": math.log(ours / rival) / math.log(large / small),
                "limit": EXPONENT,
                "note": "the ratio is the exponent of growth; processor time of the two sizes; "
                f"wall clock {told[large]['wall_s']:.0f} s, {told[large]['columns']} columns",
            }
        )
    peak = told[SIZES[-1]]["peak_gb"]
    rows.append(
        {
            "name": f"full matrix, peak memory at {SIZES[-1]:,} sales",
            "ours_s": peak,
            "rival_s": MEMORY_GB,
            "ratio": peak / MEMORY_GB,
            "limit": 1.0,
            "note": "gigabytes, not seconds: resident at most, and the limit",
        }
    )
    return rows


def _built(n_sales: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._features", str(n_sales)],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"The matrix of {n_sales:,} sales failed: {done.stderr[-2000:]}")
    told: dict[str, float] = json.loads(done.stdout)
    return told
