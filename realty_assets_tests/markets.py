"""Whole small markets for tests: made once per test run, through the command line."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# In the shared home: how long its ingestion and its run took.
TOOK = (".ingested.json", ".run.json")
SMALL = {"listings": 1600, "months": 14, "photos": 6, "seed": 3}


@dataclass(frozen=True)
class Market:
    """A sample market on disk, a home that took it in, and, where it was kept, that home before the
    graph was run."""

    sample: Path
    home: Path
    ingested: Path | None = None

    @property
    def exports(self) -> Path:
        return self.sample / "exports"

    def took_s(self) -> tuple[float, float]:
        """Seconds that the home's ingestion and the run of its graph took, undisturbed."""
        return self.ingest_s(), json.loads((self.home / TOOK[1]).read_text())

    def ingest_s(self) -> float:
        """Seconds that the home's ingestion took, undisturbed."""
        return json.loads((self.home / TOOK[0]).read_text())


def realty(
    home: Path, *words: str | Path, check: bool = True, **env: str
) -> subprocess.CompletedProcess[str]:
    """Runs `realty` in a process of its own, on `home`."""
    done = subprocess.run(
        [sys.executable, "-m", "realty_assets.cli", *map(str, words)],
        env=environment(home, **env),
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"realty {' '.join(map(str, words))}: {done.stderr[-3000:]}")
    return done


def realty_here(
    home: Path, *words: str | Path, check: bool = True, **env: str
) -> subprocess.CompletedProcess[str]:
    """As `realty`, in this process: seconds less, for tests of what a command does and says.

    Kills, waits for another process and what a process leaves open are tested with `realty`.
    """
    from realty_assets import cli, cli_actions

    before, argv = dict(os.environ), sys.argv
    out, err = io.StringIO(), io.StringIO()
    try:
        os.environ.clear()
        os.environ.update(environment(home, **env))
        sys.argv = ["realty", *map(str, words)]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.run_command()
        cli_actions.forget_ended_deliveries()
    finally:
        sys.argv = argv
        os.environ.clear()
        os.environ.update(before)
    if check and code != 0:
        raise AssertionError(f"realty {' '.join(map(str, words))}: {err.getvalue()[-3000:]}")
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def realty_json(home: Path, *words: str | Path, **env: str) -> dict[str, Any]:
    """What `realty ... --json` prints; in this process."""
    return json.loads(realty_here(home, *words, "--json", **env).stdout)


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process that sees only `home`; small markets get the fast profile."""
    # MLflow leaves the addresses of the home that this process used last in its environment.
    ours = ("REALTY_", "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return clean | {"REALTY_HOME": str(home), "REALTY_PROFILE": "fast", **more}


def make_sample(folder: Path, **size: int) -> Path:
    """A sample market below `folder`: the small one, unless `size` says otherwise."""
    from realty_assets.sample_market import generate

    generate(folder, **(size or SMALL))
    return folder


def once(folder: Path, make: Callable[[Path], Any]) -> Path:
    """`folder` as `make` fills it, once for all processes of a test run."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            beside = folder.with_name(folder.name + ".making")
            shutil.rmtree(beside, ignore_errors=True)
            make(beside)
            beside.rename(folder)
    return folder


def ingest(home: Path, exports: Path) -> None:
    """Takes a folder of exports in."""
    started = time.monotonic()
    realty(home, "ingest", exports, "--source", "har")
    (home / TOOK[0]).write_text(json.dumps(time.monotonic() - started))


def run_all(home: Path, ingested: Path) -> None:
    """Materializes the whole graph in a copy of a home that was `ingested`."""
    shutil.copytree(ingested, home)
    started = time.monotonic()
    realty(home, "run", "all")
    (home / TOOK[1]).write_text(json.dumps(time.monotonic() - started))


def killed_after(home: Path, seconds: float, *words: str | Path) -> bool:
    """Runs `realty` and kills its process group after a while; whether it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "realty_assets.cli", *map(str, words)],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return stopped_after(process, seconds)


def stopped_after(process: subprocess.Popen, seconds: float) -> bool:
    """Waits for the leader of a process group; kills it after a while; whether it was killed."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False
