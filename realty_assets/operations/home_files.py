"""Which files make up a home, and how each may be copied while the home is in use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["warehouse", "sqlite", "content", "other"]
WAREHOUSE, BACKUPS = "warehouse.duckdb", "backups"
# Files below these are written once and never changed; those that change lie elsewhere.
CONTENT = ("models/", "raw/", "archive/", "photos/", "mlflow/artifacts/")
# Databases of MLflow and of Dagster. Known by their place: to open a live one only to look at its
# first bytes, and close it again, would drop the locks that this process holds on it.
_SQLITE = ("mlflow/", "dagster/")
# Room for work that is under way, and the backups themselves.
_NEVER = ("scratch", BACKUPS)
_UNFINISHED = (".tmp", ".part")
# What people deliver may have any name.
_DELIVERED = ("archive/", "refused/", "blocked/", "inbox/")


@dataclass(frozen=True)
class HomeFile:
    """A file by its path below the home, with forward slashes."""

    path: str
    kind: Kind


@dataclass(frozen=True)
class HomeFiles:
    """What belongs to a home, and what stands in it that cannot be copied (links to nowhere,
    sockets)."""

    files: tuple[HomeFile, ...]
    left_out: tuple[str, ...]

    def of_kind(self, *kinds: Kind) -> list[HomeFile]:
        return [one for one in self.files if one.kind in kinds]


def files_of(home: Path, but_not: Path | None = None) -> HomeFiles:
    """Every file of a home, by path; none below `but_not`.

    All but what is known to be passing: a folder that a later release adds is not forgotten.
    """
    files, left_out = [], []
    for path in sorted(_walk(home, None if but_not is None else but_not.resolve())):
        relative = path.relative_to(home).as_posix()
        if _passing(relative):
            continue
        if path.is_file():
            files.append(HomeFile(relative, _kind(relative)))
        else:
            left_out.append(relative)
    return HomeFiles(tuple(files), tuple(left_out))


def _walk(home: Path, but_not: Path | None) -> Iterator[Path]:
    """Files below `home`; a folder that is a link (a photo store on another disk) is entered."""
    seen = {home.resolve()}
    for place, folders, names in os.walk(home, followlinks=True, onerror=_refuse):
        folder = Path(place)
        kept = []
        for name in folders:
            real = (folder / name).resolve()
            barred = name.startswith(".") or (folder == home and name in _NEVER)
            if barred or real == but_not or real in seen:
                continue
            seen.add(real)
            kept.append(name)
        folders[:] = kept
        yield from (folder / name for name in names)


def _refuse(error: OSError) -> None:
    """A folder that cannot be entered is an error, not an empty one."""
    raise error


def _passing(relative: str) -> bool:
    """Whether a file is only of a moment: a copy under way, a lock, a database's own journal."""
    name = relative.rsplit("/", 1)[-1]
    if name.startswith(".") or relative.startswith(f"{WAREHOUSE}."):
        return True
    if relative.startswith(_SQLITE) and name.endswith((".db-wal", ".db-shm", ".db-journal")):
        return True
    return name.endswith(_UNFINISHED) and not relative.startswith(_DELIVERED)


def _kind(relative: str) -> Kind:
    if relative == WAREHOUSE:
        return "warehouse"
    if relative.startswith(CONTENT):
        return "content"
    if relative.startswith(_SQLITE) and relative.endswith(".db"):
        return "sqlite"
    return "other"
