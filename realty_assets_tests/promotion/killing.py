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
from collections.abc import Callable
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
        self.writes: dict[str, bool] = {}  # by file name: asked for every call of a process

    def note(self, what: str) -> None:
        with self.notes.open("a") as file:
            file.write(f"{what} {self.n}\n")

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Callable[..., None] | None:
        name = frame.f_code.co_filename
        if (writes := self.writes.get(name)) is None:
            writes = self.writes[name] = name.endswith(WRITERS)
        if not writes:
            return None
        frame.f_trace_lines = False
        self.step()
        if frame.f_code.co_name == "follow_aliases":
            self.note("committed")
        return self.left

    def left(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "return":
            self.step()

    def step(self) -> None:
        self.n += 1
        if self.n == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def main(notes: str, last: str = "0") -> None:
    assert definitions.defs
    steps = Steps(Path(notes), int(last))
    for verb, words in VERBS.items():
        sys.argv = ["realty", *words]
        sys.settrace(steps)
        code = cli.run_command()
        sys.settrace(None)
        assert code == 0, verb
        steps.note(verb)


if __name__ == "__main__":
    main(*sys.argv[1:])
