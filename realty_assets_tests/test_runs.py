"""Runs of the command line: their Dagster instance comes into being whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from realty_assets_tests.markets import environment, realty

TURNS = 5 if os.environ.get("REALTY_TORTURE") == "full" else 1
OPEN = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "import dagster\n"
    "from realty_assets.home import prepare_home\n"
    "from realty_assets.runs import open_instance\n"
    "prepare_home(Path(sys.argv[1]))\n"
    "Path(sys.argv[1], sys.argv[2]).touch()\n"
    "while len(list(Path(sys.argv[1]).glob('ready-*'))) < 3: time.sleep(0.001)\n"
    "with open_instance() as instance: instance.get_runs_count()\n"
)


@pytest.mark.torture
def test_processes_that_come_first_at_once_leave_an_instance_that_can_be_read(
    tmp_path: Path,
) -> None:
    for turn in range(TURNS):
        home = tmp_path / str(turn)
        started = [
            subprocess.Popen(
                [sys.executable, "-c", OPEN, str(home), f"ready-{number}"],
                env=environment(home),
                stderr=subprocess.PIPE,
            )
            for number in range(3)
        ]
        said = [process.communicate()[1].decode() for process in started]
        assert [process.returncode for process in started] == [0, 0, 0], said
        realty(home, "run", "ingestion")
