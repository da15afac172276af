"""A process that promotes, rolls back and demotes, and kills itself at a step of those counted.

A step is every call and every return in the code that writes: the room of promotion, the door to
the warehouse, and MLflow's registry on its SQLite file. So a kill falls between any two of them,
also where the clock would hit once in a thousand tries.

Usage: python -m realty_assets_tests.promotion.killing NOTES [STEP]; the environment names the home.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from realty_assets import cli, definitions
from realty_assets_tests.promotion.verbs import VERBS

WRITERS = (
    "/realty_assets/promotion/actions.py",
    "/realty_assets/promotion/assets.py",
    "/realty_assets/promotion/ledger.py",
    "/realty_assets/promotion/registry.py",
    "/realty_assets/warehouse.py",
    "/store/model_registry/sqlalchemy_store.py",
)


class Steps:
    """Counts steps, writes to `notes` what they belong to, and dies at `last` (0: never)."""

    def __init__(self, notes: Path, last: int) -> None:
        self.notes, self.last, self.n = notes, last, 0

    def note(self, what: str) -> None:
        with self.notes.open("a") as file:
            file.write(f"{what} {self.n}\n")

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if not frame.f_code.co_filename.endswith(WRITERS):
            return
        self.n += 1
        if event == "call" and frame.f_code.co_name == "follow_aliases":
            self.note("committed")
        if self.n == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def main(notes: str, last: str = "0") -> None:
    assert definitions.defs
    steps = Steps(Path(notes), int(last))
    for verb, words in VERBS.items():
        sys.argv = ["realty", *words]
        sys.setprofile(steps)
        code = cli.run_command()
        sys.setprofile(None)
        assert code == 0, verb
        steps.note(verb)


if __name__ == "__main__":
    main(*sys.argv[1:])
