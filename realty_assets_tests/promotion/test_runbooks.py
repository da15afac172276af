"""The runbooks of promotion say what happens, on a home whose challenger waits for a person."""

from __future__ import annotations

import shlex

import pytest

from realty_assets.promotion.policy import FILE
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import realty_here
from realty_assets_tests.operations.test_runbooks import (
    RUNBOOKS,
    WITH_CHALLENGER,
    promised,
    steps,
)
from realty_assets_tests.promotion.conftest import judge, settings_of
from realty_assets_tests.promotion.homes import held
from realty_assets_tests.promotion.test_home import LENIENT


@pytest.mark.slow
def test_the_commands_of_the_pages_do_what_they_say(warehouse: Warehouse) -> None:
    """One after the other: what was promoted is rolled back."""
    home = warehouse.home
    (home / FILE).write_text(LENIENT)
    assert judge(warehouse).success
    before = held(warehouse)
    for name in WITH_CHALLENGER:
        for commands, lines in steps((RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")):
            printed = ""
            for command in commands.splitlines():
                program, *words = shlex.split(command)
                assert program == "realty"
                done = realty_here(home, *words, **settings_of(home), COLUMNS="200")
                printed += done.stdout + done.stderr
            for line in lines:
                assert promised(line).search(printed), f"promises {line!r}, says\n{printed}"
    assert held(warehouse) == before
