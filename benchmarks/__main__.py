"""`make bench`: runs every benchmark, prints the table and writes benchmarks/RESULTS.md.

A benchmark module has `run() -> list[dict]` with name, ours_s, rival_s, ratio, limit and note.
`python -m benchmarks NAME...` runs some and puts their rows in place of their last ones: every row
says on which day it was measured.
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
RESULTS = HERE / "RESULTS.md"
MODULES = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
HEAD = (
    "| what | ours, s | rival or limit, s | ratio | at most | | measured | note |\n"
    "| --- | ---: | ---: | ---: | ---: | --- | --- | --- |"
)


def main(names: list[str]) -> int:
    if unknown := sorted(set(names) - set(MODULES)):
        print(f"no benchmark {', '.join(unknown)}: one of {', '.join(MODULES)}", file=sys.stderr)
        return 2
    told: dict[str, str] = {}
    missed = False
    for name in names or MODULES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        for row in importlib.import_module(f"benchmarks.{name}").run():
            told[row["name"]] = _line(row)
            missed = missed or _missed(row)
    print(HEAD, *told.values(), sep="\n")
    RESULTS.write_text(_page({**(_standing() if names else {}), **told}), encoding="utf-8")
    return int(missed)


def _missed(row: dict[str, Any]) -> bool:
    return row["limit"] is not None and row["ratio"] > row["limit"]


def _line(row: dict[str, Any]) -> str:
    limit = "" if row["limit"] is None else f"{row['limit']:g}"
    verdict = "" if row["limit"] is None else ("**missed**" if _missed(row) else "met")
    return (
        f"| {row['name']} | {row['ours_s']:.2f} | {row['rival_s']:.2f} | {row['ratio']:.2f} "
        f"| {limit} | {verdict} | {datetime.now(UTC):%Y-%m-%d} | {row['note']} |"
    )


def _standing() -> dict[str, str]:
    """The rows of the page as it stands, by name."""
    page = RESULTS.read_text(encoding="utf-8")
    if HEAD not in page:
        raise SystemExit(f"{RESULTS.name} is of another form: `make bench` makes it anew.")
    rows = page.split(HEAD, 1)[1].strip().split("\n\n", 1)[0].splitlines()
    return {row.split("|")[1].strip(): row for row in rows}


def _page(rows: dict[str, str]) -> str:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return (
        "# Benchmarks\n\nMade by `make bench`; `python -m benchmarks NAME...` renews some rows. "
        "Each row is a ratio to a rival or limit in the same run.\n\n"
        + "\n".join([HEAD, *rows.values()])
        + f"\n\n{machine}.\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
