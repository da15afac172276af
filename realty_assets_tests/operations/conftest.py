"""One home with one backup and one home restored from it, for all tests of the room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from realty_assets_tests.markets import Market, realty_json
from realty_assets_tests.operations.homes import copy_tree


@dataclass(frozen=True)
class Kept:
    """A home, what `realty backup` said of it, and what `realty restore` said; all read-only."""

    home: Path
    made: dict[str, Any]
    restored: Path
    told: dict[str, Any]

    @property
    def backup(self) -> Path:
        return Path(self.made["backup"])


@pytest.fixture(scope="session")
def kept(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    home = copy_tree(market.home, folder / "home")
    made = realty_json(home, "backup", "--reason", "before the tests", "--by", "Ann")
    restored = folder / "restored"
    # From a home that is not there: whoever restores one has lost it.
    told = realty_json(folder / "gone", "restore", made["backup"], "--to", restored)
    return Kept(home, made, restored, told)
