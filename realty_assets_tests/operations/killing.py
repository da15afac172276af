"""A process that withdraws a page, gives it back, draws a sample and takes a review in, and kills
itself at a step of those that are counted: every call and return in the code that writes.

Usage: python -m realty_assets_tests.operations.killing HOME SHEET [STEP]; prints the steps it took.
"""

from __future__ import annotations

import os
import signal
import sys
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


def main(home: str, sheet: str, last: str = "0") -> None:
    n = 0

    def step(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal n
        if frame.f_code.co_filename.endswith(WRITERS):
            n += 1
            if n == int(last):
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)
    work(Path(home), Path(sheet))
    sys.setprofile(None)
    sys.stdout.write(f"{n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
