"""`make bench`: runs every benchmark, prints the table and writes benchmarks/RESULTS.md.

A benchmark module has `run() -> list[dict]` with name, ours_s, rival_s, ratio, limit and note.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MODULES = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def main(names: list[str]) -> int:
    rows: list[dict[str, Any]] = []
    for name in names or MODULES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").run()
    table = _table(rows)
    print(table)
    if not names:
        (HERE / "RESULTS.md").write_text(_page(table), encoding="utf-8")
    return int(any(_missed(row) for row in rows))


def _missed(row: dict[str, Any]) -> bool:
    return row["limit"] is not None and row["ratio"] > row["limit"]


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| what | ours, s | rival or limit, s | ratio | at most | | note |",
        "| --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for row in rows:
        limit = "" if row["limit"] is None else f"{row['limit']:g}"
        verdict = "" if row["limit"] is None else ("**missed**" if _missed(row) else "met")
        lines.append(
            f"| {row['name']} | {row['ours_s']:.2f} | {row['rival_s']:.2f} | {row['ratio']:.2f} "
            f"| {limit} | {verdict} | {row['note']} |"
        )
    return "\n".join(lines)


def _page(table: str) -> str:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return (
        "# Benchmarks\n\nMade by `make bench`. Each row is a ratio to a rival or limit in the same "
        f"run.\n\n{table}\n\n{machine}; {datetime.now(UTC):%Y-%m-%d}.\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
