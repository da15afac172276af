"""The runbooks say what happens: their commands are run, and print what the pages promise."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from realty_assets.settings import REPO_ROOT
from realty_assets_tests.markets import environment, realty_here
from realty_assets_tests.monitoring.alert_samples import alerts_of_every_kind
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import copy_tree

FULL = os.environ.get("REALTY_TORTURE") == "full"
# Pages of a home with a challenger: promotion/test_runbooks.py.
WITH_CHALLENGER = ("promote", "rollback", "demote")
RUNBOOKS = REPO_ROOT / "docs" / "runbooks"
# Each test run follows these pages of alerts; all of them with REALTY_TORTURE=full.
SAMPLED = ("alert-drift", "alert-stopped")
PAGES = sorted(
    page
    for page in RUNBOOKS.glob("*.md")
    if page.stem not in WITH_CHALLENGER
    and (FULL or page.stem in SAMPLED or not page.stem.startswith("alert-"))
)
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(page: str) -> list[tuple[str, list[str]]]:
    """(commands, lines that they print) in the order of a page."""
    found: list[tuple[str, list[str]]] = []
    for kind, text in BLOCK.findall(page):
        if kind == "sh":
            found.append((text, []))
        else:
            found[-1][1].extend(text.splitlines())
    return found


def promised(line: str) -> re.Pattern[str]:
    """What a line of a page stands for: `...` is anything, and spaces are of any width."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in line.split("...")]
    return re.compile(".*".join(parts))


def plain_commands(commands: str) -> list[list[str]]:
    """The words behind each `realty` where that is all there is; else none: a shell is needed."""
    if re.search(r"[|&;<>$`*?~\\]", commands):
        return []
    lines = [shlex.split(line, comments=True) for line in commands.splitlines()]
    words = [line for line in lines if line]
    return [line[1:] for line in words] if all(line[0] == "realty" for line in words) else []


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_runbook_do_what_it_says(
    kept: Kept, tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copy_tree(kept.home, tmp_path / "home")
    if page.stem.startswith("alert-"):
        alerts_of_every_kind(home)
    own = environment(home)
    env = own | {"PATH": f"{Path(sys.executable).parent}:{own['PATH']}", "COLUMNS": "200"}
    found = steps(page.read_text(encoding="utf-8"))
    assert found
    monkeypatch.chdir(tmp_path)
    for commands, lines in found:
        if plain := plain_commands(commands):
            parts = [realty_here(home, *words, check=False, COLUMNS="200") for words in plain]
        else:
            shell = ["bash", "-euo", "pipefail", "-c", commands]
            parts = [subprocess.run(shell, env=env, capture_output=True, text=True, check=False)]
        printed = "".join(done.stdout + done.stderr for done in parts)
        assert all(done.returncode == 0 for done in parts), f"{commands}\n{printed}"
        for line in lines:
            assert promised(line).search(printed), f"{commands}\npromises {line!r}, says\n{printed}"
