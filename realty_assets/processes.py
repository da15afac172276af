"""Which process a run lives in: written on the run, so that a dead one can be told."""

from __future__ import annotations

import os

import psutil

PID_TAG, BORN_TAG = "realty/pid", "realty/pid_born"


def process_tags() -> dict[str, str]:
    """Tags that name this process beyond the reuse of its number."""
    return {PID_TAG: str(os.getpid()), BORN_TAG: str(psutil.Process().create_time())}
