"""Which process a run lives in: written on the run, so that a dead one can be told."""

from __future__ import annotations

import os
from collections.abc import Mapping

import psutil

PID_TAG, BORN_TAG = "realty/pid", "realty/pid_born"


def process_tags() -> dict[str, str]:
    """Tags that name this process beyond the reuse of its number."""
    return {PID_TAG: str(os.getpid()), BORN_TAG: str(psutil.Process().create_time())}


def alive(tags: Mapping[str, str]) -> bool:
    """Whether the process that wrote itself on a run (by its tags) still lives."""
    try:
        process = psutil.Process(int(tags[PID_TAG]))
        return abs(process.create_time() - float(tags[BORN_TAG])) < 1.0
    except (psutil.NoSuchProcess, ValueError, KeyError):
        return False
