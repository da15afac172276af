"""Homes with old and young things, for the tests of retention."""

from __future__ import annotations

import os
import time
from pathlib import Path

from realty_assets.warehouse import Warehouse
from realty_assets_tests.operations.homes import tiny_home

ASKED = {"reason": "a year is enough", "by": "Ann"}


def aged(path: Path, days: float) -> Path:
    """A file or folder, as if nobody had touched it for some days."""
    then = time.time() - days * 86_400
    for one in (path, *path.rglob("*")):
        os.utime(one, (then, then))
    return path


def put(home: Path, item: str, days: float = 400) -> Path:
    path = home / item
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("what was")
    return aged(path, days)


def refusing_home(home: Path) -> Warehouse:
    """A tiny home that keeps what was refused for a month."""
    made = tiny_home(home)
    (home / "retention.yaml").write_text("version: 1\nrefused: {keep_days: 30}\n")
    return made
