"""What the benchmarks of ingestion share: a large HAR export with faults, and a process per side.

Ours is everything: hash, every cell to raw parquet, typed rows, rules, quarantine with raw text,
comparison with what is staged, commit. Each side runs in a process of its own, so that its peak
memory is its own; the best time of several counts, since what disturbs a run only makes it slower.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = int(os.environ.get("REALTY_BENCH_ROWS", "1000000"))
# One row in so many has a fault that quarantines it.
FAULT_EVERY = 100
Told = dict[str, Any]


def row(name: str, ours: float, rival: float, limit: float | None, note: str) -> Told:
    """A row of the benchmark table."""
    return {
        "name": name,
        "ours_s": round(ours, 2),
        "rival_s": round(rival, 2),
        "ratio": round(ours / rival, 3),
        "limit": limit,
        "note": note,
    }


def child(script: Path | str, *words: Path | str | int) -> Told:
    """What a script tells on its last line, run in a process of its own, with its peak memory."""
    done = subprocess.run(
        [sys.executable, str(script), *map(str, words)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    )
    return json.loads(done.stdout.splitlines()[-1])


def write(export: Path, rows: int) -> Told:
    """Writes an export of `rows` records, one in a hundred with a fault."""
    return child(__file__, "write", export, rows)


def ours(export: Path, base: Path) -> Told:
    """Takes the export into a new home below `base`, and once more under another name."""
    return child(__file__, "ours", export, base)


def tell(work: Callable[..., Told], *words: Any) -> None:
    """Does the work of a child and prints what it tells, with the peak memory of the process."""
    told = work(*words)
    told["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps(told))


def _write(export: Path, rows: str) -> Told:
    from realty_assets.sample_market import write_big_export

    export = Path(export)
    sound = export.with_suffix(".sound")
    write_big_export(sound, int(rows), 7)
    n_faults = _damage(sound, export)
    sound.unlink()
    return {"megabytes": export.stat().st_size / 1e6, "n_faults": n_faults}


def _damage(sound: Path, export: Path) -> int:
    """Copies an export with a fault in every hundredth row: size, price, date and key in turn."""
    with sound.open("rb") as file, export.open("wb") as out:
        header = file.readline()
        out.write(header)
        heads = next(csv.reader([header.decode("utf-8-sig")]))
        n_faults = 0
        for number, line in enumerate(file, start=1):
            if number % FAULT_EVERY:
                out.write(line)
                continue
            cells = next(csv.reader([line.decode("utf-8")]))
            heading, cell = (
                ("Building SqFt", "-1"),
                ("Close Price", "$1"),
                ("List Date", "1/1/2099 12:00:00 AM"),
                ("MLS Number", ""),
            )[n_faults % 4]
            cells[heads.index(heading)] = cell
            text = io.StringIO()
            csv.writer(text, lineterminator="\r\n").writerow(cells)
            out.write(text.getvalue().encode())
            n_faults += 1
    return n_faults


def _ours(export: str, base: str) -> Told:
    import shutil

    from realty_assets.ingestion.inbox import deposit
    from realty_assets.ingestion.intake import take_in
    from realty_assets.warehouse import Warehouse

    home = Path(base) / "home"
    shutil.rmtree(home, ignore_errors=True)
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    deposit(Path(export), home)
    started = time.perf_counter()
    told = take_in(warehouse, max_share=0.2).rows[0]
    wall_s = time.perf_counter() - started
    assert told.status == "staged", told.reason
    assert told.rows_staged + told.rows_quarantined + told.rows_unchanged == told.rows_read
    again = home / "inbox" / "renamed.csv"
    os.link(next((home / "archive").rglob("*.csv")), again)
    started = time.perf_counter()
    twice = take_in(warehouse, max_share=0.2).rows[0]
    again_s = time.perf_counter() - started
    assert twice.status == "unchanged"
    with Path(export).open("rb") as file:
        columns = file.readline().count(b",") + 1
    shutil.rmtree(home)
    return {
        "wall_s": wall_s,
        "again_s": again_s,
        "columns": columns,
        "megabytes": Path(export).stat().st_size / 1e6,
        "rows_read": told.rows_read,
        "staged": told.rows_staged,
        "quarantined": told.rows_quarantined,
    }


if __name__ == "__main__":
    tell({"write": _write, "ours": _ours}[sys.argv[1]], *sys.argv[2:])
