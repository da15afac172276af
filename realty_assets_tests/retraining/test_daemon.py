"""Dagster's own daemon on a home, killed at whatever moment: one due retrain is one run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import TickStatus

from realty_assets.home_runs import instance_of
from realty_assets.retraining.assets import TRIGGER_TAG
from realty_assets.settings import REPO_ROOT
from realty_assets_tests.markets import environment
from realty_assets_tests.retraining import daemon_home

FULL = os.environ.get("REALTY_TORTURE") == "full"
PATIENCE_S = 120.0
OF_T1 = dg.RunsFilter(tags={TRIGGER_TAG: "t1"})


@contextmanager
def daemon(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon process in a group of its own, all of which is gone at the end."""
    command = [sys.executable, "-W", "ignore", "-m", "dagster._daemon", "run"]
    with (home / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "-m", daemon_home.__name__],
            cwd=REPO_ROOT,
            env=environment(home),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def ticks(instance: dg.DagsterInstance) -> int:
    """How many ticks of the sensor have ended."""
    states = instance.all_instigator_state()
    return sum(
        len(
            instance.get_ticks(
                state.instigator_origin_id,
                state.selector_id,
                statuses=[TickStatus.SKIPPED, TickStatus.SUCCESS],
            )
        )
        for state in states
    )


if FULL:  # two starts of the daemon take longer than a test may

    @pytest.mark.slow
    @pytest.mark.torture
    @pytest.mark.parametrize("seed", range(6))
    def test_a_killed_and_restarted_daemon_starts_one_run_of_one_due_retrain(
        home: Path, seed: int
    ) -> None:
        with instance_of(home) as instance:
            instance.report_runless_asset_event(daemon_home.look())
            with daemon(home) as process:
                until(instance.all_instigator_state)
                # Before the run is there, as soon as it is there, or while it works.
                if seed % 3:
                    until(lambda: instance.get_runs_count(OF_T1))
                time.sleep(random.Random(seed).uniform(0.0, 1.5 if seed % 3 == 2 else 0.3))
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                with daemon(home):
                    until(lambda: any(run.is_success for run in instance.get_runs(OF_T1)))
                    n = ticks(instance)
                    until(lambda: ticks(instance) > n)  # it has looked again, and knows
            runs = instance.get_runs(OF_T1)
        assert [run.status.value for run in runs] == ["SUCCESS"]
        assert (home / daemon_home.DONE).read_text() == "t1\n"
