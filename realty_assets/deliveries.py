"""An explicit delivery (`realty ingest`) happens exactly once, however often its command is killed.

A journal beside the inbox remembers the command while it runs. When a killed command is given
again, what it had already brought into the ledger is not delivered a second time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from realty_assets.ingestion import packed
from realty_assets.ingestion.inbox import DepositError
from realty_assets.ingestion.inbox import deposit as deposit_into_inbox
from realty_assets.ingestion.reading import FileRefused
from realty_assets.photo_deliveries import exports_in
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

# Journals of this process whose command has ended. They go when its result has been told.
_ended: list[Path] = []


@dataclass(frozen=True)
class Delivery:
    """One file of one command: its bytes and the name it came under; of an archive, a member."""

    path: Path
    file_name: str
    file_hash: str


@dataclass(frozen=True)
class Journal:
    """The command that is under way, and since when."""

    path: Path
    started_at: datetime
    resumed: bool


@contextmanager
def journal(home: Path, paths: Sequence[Path], source: str | None) -> Iterator[Journal]:
    """Remembers the command from its first step to its end; a journal left behind is resumed."""
    command = json.dumps([[str(path.resolve()) for path in paths], source])
    place = home / "journal" / f"{hashlib.sha256(command.encode()).hexdigest()[:24]}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    resumed = place.exists()
    if resumed:
        started_at = datetime.fromisoformat(json.loads(place.read_text())["started_at"])
    else:
        started_at = datetime.now(UTC).replace(tzinfo=None)
        beside = place.with_suffix(".tmp")
        beside.write_text(json.dumps({"command": command, "started_at": str(started_at)}))
        beside.replace(place)
    try:
        yield Journal(place, started_at, resumed)
    finally:
        # Also after an error that was told to the user: the next try is a new delivery.
        _ended.append(place)


def forget_ended() -> None:
    """Drops the journals of commands that came to their end; the last thing a process does."""
    while _ended:
        _ended.pop().unlink(missing_ok=True)


def deposit(
    home: Path, paths: Sequence[Path], source: str | None, journal: Journal
) -> list[Delivery]:
    """Puts the files into the inbox, but for those that a killed try brought to the ledger."""
    files = [path for given in paths for path in exports_in(given)]
    contents = {path: _contents(path) for path in files}
    waiting = [Delivery(path, *named) for path in files for named in contents[path]]
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    done: set[tuple[str, str]] = set()
    if journal.resumed and warehouse.exists("ledger.files"):
        told_since = sql("ledger/files_since.sql").bind(started_at=journal.started_at)
        rows = warehouse.read(told_since)
        done = set(zip(rows["file_name"], rows["file_hash"], strict=True))
    left = {one.path for one in waiting if (one.file_name, one.file_hash) not in done}
    for path in files:
        # Photos alone, in an archive, are known again by their bytes.
        if path in left or not contents[path]:
            deposit_into_inbox(path, home, source)
    return waiting


def _contents(path: Path) -> list[tuple[str, str]]:
    try:
        return packed.contents(path)
    except FileRefused as error:
        raise DepositError(str(error)) from error


def told(
    warehouse: Warehouse, waiting: Sequence[Delivery], since: datetime
) -> list[dict[str, Any]]:
    """What the ledger says of each file of this command."""
    rows = warehouse.read(sql("ledger/files_since.sql").bind(started_at=since))
    wanted = {(one.file_name, one.file_hash) for one in waiting}
    return [row for row in rows.to_dicts() if (row["file_name"], row["file_hash"]) in wanted]
