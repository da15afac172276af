"""A process that withdraws a page, gives it back, draws a sample and takes a review in, and kills
itself at a step of those that are counted: every call and return in the code that writes.

Usage: python -m realty_assets_tests.operations.killing HOME SHEET [STEP]; prints the steps it took.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from realty_assets.operations.evidence.review import drawn, record_drawn, take_reviews, write_sheet
from realty_assets.operations.withdrawing import turn_page
from realty_assets.warehouse import Warehouse

WRITERS = (
    "/realty_assets/operations/withdrawing.py",
    "/realty_assets/operations/pausing.py",
    "/realty_assets/operations/records.py",
    "/realty_assets/operations/evidence/review.py",
    "/realty_assets/switches.py",
    "/realty_assets/warehouse.py",
    "/realty_assets/withdrawals.py",
)
ASKED = {"reason": "a drill", "by": "Ann"}


def work(home: Path, sheet: Path) -> None:
    """All of it, from whatever was done before."""
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    if not (home / "withdrawn" / ".done").exists():
        turn_page(warehouse, "withdraw", "market", **ASKED)
        (home / "withdrawn" / ".done").touch()
    turn_page(warehouse, "reinstate", "market", **ASKED)
    sample = drawn(warehouse, 7, 5)
    record_drawn(warehouse, sample)
    write_sheet(sample, sheet)
    sheet.write_text(sheet.read_text().replace(",,\n", ",supported,\n"))
    take_reviews(warehouse, sheet, **ASKED)


def counted(body: Callable[[], None], writers: tuple[str, ...], last: int) -> int:
    """Runs `body` and dies at step `last` (0: never): every call and every return in a file whose
    path ends in one of `writers` is one; the steps there are."""
    n = 0
    writes: dict[str, bool] = {}  # by file name: asked for every call of a process

    def step() -> None:
        nonlocal n
        n += 1
        if n == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def left(frame: FrameType, event: str, arg: Any) -> None:
        if event == "return":
            step()

    def called(frame: FrameType, event: str, arg: Any) -> Callable[..., None] | None:
        name = frame.f_code.co_filename
        if name not in writes:
            writes[name] = name.endswith(writers)
        if not writes[name]:
            return None
        frame.f_trace_lines = False
        step()
        return left

    sys.settrace(called)
    body()
    sys.settrace(None)
    return n


def main(home: str, sheet: str, last: str = "0") -> None:
    n = counted(lambda: work(Path(home), Path(sheet)), WRITERS, int(last))
    sys.stdout.write(f"{n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
