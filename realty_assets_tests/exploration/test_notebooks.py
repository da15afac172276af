"""The notebooks run on the small market, see staging only, and reach no network."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from realty_assets.exploration import notebooks
from realty_assets.home import QUIET
from realty_assets_tests.markets import Market, environment

FOLDER = Path(notebooks.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
# Nothing of the room that opens a warehouse by itself.
MAY_IMPORT = {
    "marimo",
    "polars",
    "realty_assets.exploration.distributions",
    "realty_assets.exploration.drift",
    "realty_assets.exploration.making",
    "realty_assets.exploration.pictures",
    "realty_assets.exploration.price_tellers",
    "realty_assets.exploration.rendering",
    "realty_assets.exploration.window",
    "realty_assets.ingestion.sources",
    "realty_assets.settings",
}
AUDITED = """
import sys
calls = []
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        calls.append((event, str(args[-1])))
sys.addaudithook(hook)
import importlib
module = importlib.import_module(sys.argv[1])
outputs, defined = module.app.run()
assert outputs and defined
print(calls)
"""


def test_there_are_notebooks() -> None:
    assert NAMES == ["fields", "hygiene"]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_over_the_same_functions(
    name: str, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALTY_HOME", str(market.home))
    module = importlib.import_module(f"realty_assets.exploration.notebooks.{name}")
    _, defined = module.app.run()
    if name == "hygiene":
        assert defined["chosen"] in defined["reports"].values()
        page = market.home / "reports" / "exploration" / f"{defined['chosen'].name}.md"
        assert defined["text"] == page.read_text()
    else:
        assert defined["field"].value in defined["spread"]["field"].to_list()
        assert {row["month"] for row in defined["drift"]}
        assert [teller.form for teller in defined["tellers"]] == [
            "list_price",
            "original_list_price",
        ]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_reaches_no_network(name: str, market: Market) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AUDITED, f"realty_assets.exploration.notebooks.{name}"],
        env=environment(market.home),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_imports_nothing_but_the_room(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    assert found <= MAY_IMPORT


def test_the_editor_does_not_ask_for_updates() -> None:
    """Set for every child of the home; the only call that marimo makes by itself."""
    assert QUIET["MARIMO_SKIP_UPDATE_CHECK"] == "1"
    assert os.environ["MARIMO_SKIP_UPDATE_CHECK"] == "1"
