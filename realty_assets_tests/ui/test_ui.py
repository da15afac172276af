"""The Dagster UI and daemon as real processes: a person's click, and a file that is dropped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from realty_assets.cli_output import progress
from realty_assets.demo import fill_empty_home
from realty_assets.home import prepare_home
from realty_assets.settings import Settings
from realty_assets.warehouse import Warehouse
from realty_assets_tests.browser import browser_page
from realty_assets_tests.markets import SMALL, Market, environment, realty

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Server:
    """A running UI with its daemon."""

    url: str
    home: Path


def eventually(what: str, holds: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def server(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`realty ui` on a copy of the small market."""
    home = tmp_path_factory.mktemp("ui") / "home"
    shutil.copytree(market.home, home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (home / "ui.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "realty_assets.cli", "ui", "--port", str(port)],
        env=environment(home),
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"

    def up() -> bool:
        assert process.poll() is None, (home / "ui.log").read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=2):
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    try:
        eventually("the UI answers", up, 90)
        yield Server(url, home)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def runs(home: Path, job: str | None = None) -> list[dg.DagsterRun]:
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        return list(instance.get_runs(filters=dg.RunsFilter(job_name=job)))


def ended(home: Path, run_id: str) -> bool:
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        run = instance.get_run_by_id(run_id)
    return run is not None and run.is_finished


def test_a_person_sees_the_graph_and_materializes_all_of_it(server: Server) -> None:
    before = {run.run_id for run in runs(server.home)}
    with browser_page() as page:
        page.goto(f"{server.url}/asset-groups", wait_until="domcontentloaded")
        page.get_by_text("ingestion", exact=False).first.wait_for(timeout=60_000)
        shown = page.inner_text("body")
        for group in ("ingestion", "cleaning", "features", "modeling", "promotion", "serving"):
            assert group in shown
        page.get_by_role("button", name="Materialize all").first.click()
        eventually("a run was launched", lambda: len(runs(server.home)) > len(before), 60)
        (run,) = [run for run in runs(server.home) if run.run_id not in before]
        # A page that follows a run draws each of its events: it is opened when the run has ended.
        page.goto("about:blank")
        eventually("the run ended", lambda: ended(server.home, run.run_id), 180)
        page.goto(f"{server.url}/runs/{run.run_id}", wait_until="domcontentloaded")
        page.get_by_text("Success", exact=True).first.wait_for(timeout=60_000)
        page.get_by_text("serving__valuations").first.wait_for(timeout=60_000)


def test_runs_of_the_command_line_show_with_their_metadata(server: Server) -> None:
    (run,) = [run for run in runs(server.home, "all") if "realty/pid" in run.tags]
    n_values = Warehouse.at(server.home / "warehouse.duckdb").read("serving.valuations").height
    with browser_page() as page:
        page.goto(f"{server.url}/runs", wait_until="domcontentloaded")
        page.get_by_text(run.run_id[:8]).first.wait_for(timeout=60_000)
        page.goto(f"{server.url}/assets/serving/valuations", wait_until="domcontentloaded")
        page.get_by_text(f"{n_values:,}", exact=False).first.wait_for(timeout=60_000)


def test_a_dropped_file_is_taken_in_within_a_minute_by_itself(
    server: Server, market: Market
) -> None:
    export = sorted(market.exports.glob("*.csv"))[0]
    inbox = server.home / "inbox" / "har"
    inbox.mkdir(parents=True, exist_ok=True)
    n_before = len(runs(server.home, "ingest"))
    shutil.copy(export, inbox / ".dropped.tmp")
    (inbox / ".dropped.tmp").rename(inbox / "dropped.csv")

    def taken_in() -> bool:
        done = runs(server.home, "ingest")
        return len(done) > n_before and done[0].status is dg.DagsterRunStatus.SUCCESS

    eventually("an ingestion run succeeded", taken_in, 60)
    files = Warehouse.at(server.home / "warehouse.duckdb").read("ledger.files")
    assert "dropped.csv" in files["file_name"].to_list()
    assert not (inbox / "dropped.csv").exists()


def test_a_killed_run_of_the_daemon_does_not_block_the_command_line(
    market: Market, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(market.home, home)
    code = (
        "import os, signal, dagster as dg\n"
        "from realty_assets.definitions import defs\n"
        "from realty_assets.warehouse import Warehouse\n"
        "from realty_assets.cleaning import assets\n"
        "Warehouse.transaction = lambda self: os.kill(os.getpid(), signal.SIGKILL)\n"
        "with dg.DagsterInstance.get() as instance:\n"
        "    defs.resolve_job_def('all').execute_in_process(instance=instance)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(home), check=False)
    assert done.returncode == -signal.SIGKILL
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        assert instance.event_log_storage.get_concurrency_info("duckdb").claimed_slots
    realty(home, "run", "cleaning")


def test_an_empty_home_gets_the_sample_market_and_is_told_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "empty"
    prepare_home(home)
    size = {name: value for name, value in SMALL.items() if name != "seed"}
    assert fill_empty_home(Settings(home=home), progress, size)
    assert "empty" in capfd.readouterr().err
    assert list((home / "inbox").rglob("*.csv"))
    assert not fill_empty_home(Settings(home=home), progress, size)
