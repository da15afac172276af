"""Ingestion of one large HAR file against DuckDB's read of the same file into one typed table.

Ours is everything: hash, every cell to raw parquet, typed rows, rules, quarantine with raw text,
comparison with what is staged, commit. Each side runs in a process of its own, several times in
turn; the best time of each counts, since what disturbs a run can only make it slower.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = int(os.environ.get("REALTY_BENCH_ROWS", "500000"))
ROUNDS = 3
LIMIT_RATIO = 3.5
LIMIT_MEMORY_GB = 3.0
LIMIT_AGAIN = 0.10


def run() -> list[dict[str, Any]]:
    """Rows of the benchmark table: name, ours_s, rival_s, ratio, limit, note."""
    with tempfile.TemporaryDirectory(prefix="realty-bench-") as folder:
        base = Path(folder)
        export = base / "export.csv"
        _child("write", export, base)
        ours, rival = [], []
        for _ in range(ROUNDS):
            rival.append(_child("rival", export, base))
            ours.append(_child("ours", export, base))
    best = min(ours, key=lambda one: one["wall_s"])
    rival_s = min(one["wall_s"] for one in rival)
    memory_gb = max(one["peak_gb"] for one in ours)
    again = min(one["again_s"] for one in ours) / best["wall_s"]
    told = f"{ROWS:,} rows, {best['columns']} columns, {best['megabytes']:.0f} MB"
    return [
        _row("ingestion of a large export", best["wall_s"], rival_s, LIMIT_RATIO, told),
        {
            "name": "ingestion, peak memory in GB against the limit",
            "ours_s": round(memory_gb, 2),
            "rival_s": LIMIT_MEMORY_GB,
            "ratio": round(memory_gb / LIMIT_MEMORY_GB, 2),
            "limit": 1.0,
            "note": f"DuckDB alone {max(one['peak_gb'] for one in rival):.2f} GB",
        },
        {
            "name": "ingestion of the same file again",
            "ours_s": round(min(one["again_s"] for one in ours), 2),
            "rival_s": round(best["wall_s"], 2),
            "ratio": round(again, 3),
            "limit": LIMIT_AGAIN,
            "note": "against its first ingestion",
        },
    ]


def _row(name: str, ours_s: float, rival_s: float, limit: float, note: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours_s": round(ours_s, 2),
        "rival_s": round(rival_s, 2),
        "ratio": round(ours_s / rival_s, 2),
        "limit": limit,
        "note": note,
    }


def _child(what: str, export: Path, base: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, what, str(export), str(base)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    )
    return json.loads(done.stdout.splitlines()[-1])


def _write(export: Path, base: Path) -> dict[str, Any]:
    from realty_assets.sample_market import write_big_export

    write_big_export(export, ROWS, 7)
    return {"megabytes": export.stat().st_size / 1e6}


def _rival(export: Path, base: Path) -> dict[str, Any]:
    """The least that anyone could do: one typed table, types as DuckDB finds them."""
    import duckdb

    place = base / "rival.duckdb"
    place.unlink(missing_ok=True)
    started = time.perf_counter()
    with duckdb.connect(str(place), config={"threads": os.cpu_count() or 1}) as conn:
        conn.execute("CREATE TABLE listings AS SELECT * FROM read_csv(?)", [str(export)])
    wall_s = time.perf_counter() - started
    with duckdb.connect(str(place)) as conn:
        n_rows = conn.execute("SELECT count(*) FROM listings").fetchall()[0][0]
    assert n_rows == ROWS, f"the rival read {n_rows} rows"
    return {"wall_s": wall_s}


def _ours(export: Path, base: Path) -> dict[str, Any]:
    import shutil

    from realty_assets.ingestion.inbox import deposit
    from realty_assets.ingestion.intake import take_in
    from realty_assets.warehouse import Warehouse

    home = base / "home"
    shutil.rmtree(home, ignore_errors=True)
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    deposit(export, home)
    started = time.perf_counter()
    row = take_in(warehouse, max_share=0.2).rows[0]
    wall_s = time.perf_counter() - started
    assert row.rows_read == ROWS, f"{row.rows_read} of {ROWS} rows were read"
    assert row.rows_staged + row.rows_quarantined + row.rows_unchanged == ROWS
    again = home / "inbox" / "renamed.csv"
    os.link(next((home / "archive").rglob("*.csv")), again)
    started = time.perf_counter()
    told = take_in(warehouse, max_share=0.2).rows[0]
    again_s = time.perf_counter() - started
    assert told.status == "unchanged"
    with export.open("rb") as file:
        columns = file.readline().count(b",") + 1
    return {
        "wall_s": wall_s,
        "again_s": again_s,
        "columns": columns,
        "megabytes": export.stat().st_size / 1e6,
        "quarantined": row.rows_quarantined,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        work = {"write": _write, "rival": _rival, "ours": _ours}[sys.argv[1]]
        told = work(Path(sys.argv[2]), Path(sys.argv[3]))
        told["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(told))
    else:
        for line in run():
            print(json.dumps(line))
