"""A process that rescores a window and makes an evidence pack, and kills itself at a step of those
that are counted: every call and return in the code that writes.

Usage: python -m realty_assets_tests.operations.killing_pack HOME PACK [STEP]; prints the steps.
"""

from __future__ import annotations

import sys
from pathlib import Path

from realty_assets.operations.evidence.pack import make_pack
from realty_assets.operations.records import ACTIONS
from realty_assets.operations.rescore import rescore
from realty_assets.warehouse import Warehouse
from realty_assets_tests.operations.killing import counted

WRITERS = (
    "/realty_assets/operations/rescore.py",
    "/realty_assets/operations/records.py",
    "/realty_assets/operations/copying.py",
    "/realty_assets/operations/evidence/pack.py",
    "/realty_assets/operations/evidence/review.py",
    "/realty_assets/warehouse.py",
)
WINDOW = ("2022-06-01", "2023-12-31", "off_market")
ASKED = {"reason": "a drill", "by": "Ann"}


def work(home: Path, pack: Path) -> None:
    """All of it, from whatever was done before; a pack that has its row would be refused."""
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    rescore(warehouse, *WINDOW, **ASKED)
    if "evidence" not in warehouse.read(ACTIONS)["verb"]:
        make_pack(warehouse, {}, folder=str(pack), n=5, **ASKED)


def main(home: str, pack: str, last: str = "0") -> None:
    n = counted(lambda: work(Path(home), Path(pack)), WRITERS, int(last))
    sys.stdout.write(f"{n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
