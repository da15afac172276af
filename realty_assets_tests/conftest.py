"""What the tests share: where the real data is, homes of their own, and the rule about skips."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from realty_assets.home import QUIET
from realty_assets_tests.markets import Market, ingest, once, run_all
from realty_assets_tests.private_marks import marked_sample

REPO_ROOT = Path(__file__).resolve().parent.parent
NO_SHARED_DATA = "shared data not found: ../shared/data"
# With CI=true any other skip is a failure.
ALLOWED_SKIPS = (NO_SHARED_DATA, "no GPU")

os.environ.update(QUIET)
# How long an example takes says nothing on a machine that others use too.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project, or where REALTY_SHARED_DATA points."""
    given = os.environ.get("REALTY_SHARED_DATA")
    folder = Path(given) if given else REPO_ROOT.parent / "shared" / "data"
    if not (folder / "README.md").exists():
        pytest.skip(NO_SHARED_DATA)
    return folder


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test ever sees the user's home."""
    for name in [name for name in os.environ if name.startswith("REALTY_")]:
        if name != "REALTY_SHARED_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("REALTY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home" / "dagster"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home, ready to use."""
    from realty_assets.home import prepare_home

    folder = tmp_path / "home"
    prepare_home(folder)
    return folder


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A small sample market and a home that took it in; read-only, made once per test run."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    sample = once(base / "shared" / "sample", marked_sample)
    ingested = once(base / "shared" / "ingested", lambda to: ingest(to, sample / "exports"))
    home = once(base / "shared" / "home", lambda to: run_all(to, ingested))
    return Market(sample, home, ingested)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, so that no process is left alone with them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(hookwrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """Turns a skip that CI must not have into a failure of the run."""
    yield
    if os.environ.get("CI") != "true" or hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    barred = [
        f"{report.nodeid}: {report.longrepr[2]}"
        for report in reporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
        and not any(reason in report.longrepr[2] for reason in ALLOWED_SKIPS)
    ]
    if barred:
        reporter.write_line("skips that CI does not allow:", red=True)
        for line in barred:
            reporter.write_line(f"  {line}", red=True)
        session.exitstatus = 1
