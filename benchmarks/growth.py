"""What a row costs in a file four times as long. Needs some 15 GB of disk at the full size."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks._large import ROWS, Told, ours, row, write

TIMES, ROUNDS = 4, 2
LIMIT = 1.15
# Disk that the longer run takes: the export, its copy in the inbox, raw and the warehouse.
BYTES_PER_ROW = 3_000


def run() -> list[Told]:
    """One row of the benchmark table: microseconds for a row of the long file and of the short."""
    cost: dict[int, list[float]] = {}
    peak_gb = 0.0
    with tempfile.TemporaryDirectory(prefix="realty-bench-") as folder:
        base = Path(folder)
        wanted = TIMES * ROWS * BYTES_PER_ROW
        if shutil.disk_usage(base).free < wanted:
            raise SystemExit(
                f"The benchmark of growth needs {wanted / 1e9:.0f} GB in {base.parent}: free some, "
                "or set REALTY_BENCH_ROWS lower, or TMPDIR elsewhere."
            )
        for n_rows in (ROWS, TIMES * ROWS):
            export = base / "export.csv"
            write(export, n_rows)
            for _ in range(ROUNDS):
                told = ours(export, base)
                cost.setdefault(n_rows, []).append(1e6 * told["wall_s"] / n_rows)
                peak_gb = max(peak_gb, told["peak_gb"])
            export.unlink()
    short, long = min(cost[ROWS]), min(cost[TIMES * ROWS])
    note = f"microseconds for a row of {TIMES * ROWS:,} and of {ROWS:,}; peak {peak_gb:.2f} GB"
    return [row("ingestion, cost of a row in a longer file", long, short, LIMIT, note)]
