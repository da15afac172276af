"""Blocked sources: their files are put aside whole, until somebody lets the source in again."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from realty_assets.ingestion import inbox
from realty_assets.ingestion.sources import Source, all_sources
from realty_assets.statements import sql
from realty_assets.warehouse import Tx

NOTE = ".reason.txt"


@dataclass(frozen=True)
class Block:
    """A source (a mapping or a family) that is blocked, by whom and why."""

    source: str
    by: str
    reason: str
    at: datetime | None = None

    def sentence(self, file_name: str) -> str:
        return (
            f"{file_name}: the source {self.source} was blocked by {self.by} ({self.reason}); "
            "nothing of it was taken in, and it waits in the folder blocked until `realty sources "
            f"unblock {self.source}`."
        )


def blocked(tx: Tx) -> dict[str, Block]:
    """The sources that are blocked now, by name."""
    rows = tx.read(sql("ledger/blocked_sources.sql")).to_dicts()
    return {
        row["source"]: Block(
            row["source"], row["decided_by"], row["reason"].rstrip(". "), row["decided_at"]
        )
        for row in rows
    }


def block_of(source: Source, blocks: dict[str, Block]) -> Block | None:
    """The block that a file of `source` meets: that of its mapping, or of its family."""
    return blocks.get(source.name) or blocks.get(source.group)


def waiting(home: Path, names: Collection[str] | None = None) -> list[dict[str, Any]]:
    """What waits because its source is blocked, a row per mapping: source, n_files, files. `names`:
    of these mappings or families alone."""
    known = {source.name: source.group for source in all_sources(home)}
    found = []
    for folder in sorted((home / "blocked").glob("*")):
        mine = {folder.name, known.get(folder.name, folder.name)}
        if not folder.is_dir() or (names is not None and not mine & set(names)):
            continue
        files = [
            path.relative_to(folder).as_posix()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.endswith(NOTE)
        ]
        if files:
            found.append({"source": folder.name, "n_files": len(files), "files": files})
    return found


def put_back(home: Path, blocks: dict[str, Block]) -> list[Path]:
    """Moves files of sources that are no longer blocked to the inbox; returns where they wait."""
    placed = []
    folders = [folder for folder in sorted((home / "blocked").glob("*")) if folder.is_dir()]
    known = {source.name: source for source in all_sources(home)} if folders else {}
    for folder in folders:
        source = known.get(folder.name)
        if folder.name in blocks or (source is not None and block_of(source, blocks)):
            continue
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.endswith(NOTE):
                placed.append(inbox.put_back(path, home, folder.name))
        shutil.rmtree(folder)
    return placed
