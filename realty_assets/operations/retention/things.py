"""What may go, and how files and folders go: out of sight at once, then for good."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

DAY_S = 86_400.0
# Folders on their way out; what a killed process left of them goes with the next run.
LEAVING = ".retired-"
PLACES = ("archive", "refused", "blocked", "models", "backups", "scratch", "mlflow/artifacts")
FOR_EVER = "kept for ever"


@dataclass(frozen=True)
class Thing:
    """One thing: its class, its path below the home or its id, bytes, age in days, why it stays
    (None: it may go), and other names by which a person may hold it."""

    kind: str
    item: str
    n_bytes: int
    age_days: float
    kept: str | None
    names: tuple[str, ...] = ()


class Keeper(Protocol):
    """Who knows the things of a class."""

    def things(self) -> list[Thing]:
        """All of them, with why each stays."""

    def exists(self, item: str) -> bool:
        """Whether it stands whole; False from the first moment of its removal."""

    def remove(self, item: str) -> None:
        """Removes it; also ends a removal that was killed."""


def young(age_days: float, keep_days: int | None) -> str | None:
    """Why the age of a thing keeps it."""
    if keep_days is None:
        return FOR_EVER
    return f"younger than {keep_days} days" if age_days < keep_days else None


@dataclass(frozen=True)
class Files:
    """Files and folders below a home by pattern; those that a table names stay."""

    home: Path
    kind: str
    patterns: Sequence[str]
    keep_days: int | None
    named: Collection[str] = ()

    def things(self) -> list[Thing]:
        found = {
            path.relative_to(self.home).as_posix(): path
            for pattern in self.patterns
            for path in sorted(self.home.glob(pattern))
            if LEAVING not in path.name
        }
        made = []
        for item, path in found.items():
            n_bytes, age_days = size_and_age(path)
            kept = "named by a table" if item in self.named else young(age_days, self.keep_days)
            made.append(Thing(self.kind, item, n_bytes, age_days, kept))
        return made

    def exists(self, item: str) -> bool:
        return (self.home / item).exists()

    def remove(self, item: str) -> None:
        take_away(self.home / item)


def size_and_age(path: Path) -> tuple[int, float]:
    """(bytes, days since anything in it was written) of a file or a folder."""
    stats = [one for one in map(_stat, [path, *_below(path)]) if one is not None]
    newest = max((one.st_mtime for one in stats), default=time.time())
    n_bytes = sum(one.st_size for one in stats if not _is_folder(one))
    return n_bytes, max(0.0, time.time() - newest) / DAY_S


def _below(path: Path) -> Iterator[Path]:
    if path.is_dir() and not path.is_symlink():
        yield from path.rglob("*")


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _is_folder(stat: os.stat_result) -> bool:
    return (stat.st_mode & 0o170000) == 0o040000


def take_away(path: Path) -> None:
    """Removes a file or a folder, which is never seen half there."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    leaving = path.with_name(f"{LEAVING}{uuid.uuid4().hex[:8]}")
    path.rename(leaving)
    shutil.rmtree(leaving)


def sweep(home: Path) -> None:
    """Ends the removal of folders that a killed process left on their way out."""
    for place in PLACES:
        for path in (home / place).glob(f"{LEAVING}*"):
            shutil.rmtree(path)
