"""The manifest of a backup: every file with its hash, every table with its rows, and what with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

from realty_assets.errors import RealtyError
from realty_assets.operations.copying import sha256_of

FORMAT = 1
MANIFEST, SEAL, FILES, EXPORTS = "manifest.json", "manifest.sha256", "home", "tables"
LOCK_FILE = "requirements.lock"
# Another version of these may read other bits from the same files, or make others of them.
PACKAGES = (
    *("duckdb", "dagster", "mlflow", "polars", "numpy", "xgboost-cpu", "scikit-learn"),
    *("pyarrow", "realty-assets"),
)


class BackupBroken(RealtyError):
    """A backup is not what was written; the message names the files."""


@dataclass(frozen=True)
class Entry:
    """One file of a backup."""

    sha256: str
    n_bytes: int
    mtime_ns: int
    mode: int


@dataclass(frozen=True)
class Export:
    """One table as a Parquet file of a backup."""

    sha256: str
    n_bytes: int
    n_rows: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `files` by path below the backup's own folder `home`; `exports` by
    table, none in backups of before there were any."""

    backup_id: str
    made_at: datetime
    home: str
    fingerprint: str
    tables: Mapping[str, Mapping[str, Any]]
    drill: list[dict[str, Any]]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    lock_sha256: str
    left_out: list[str]
    files: Mapping[str, Entry]
    n_linked: int
    duration_s: float
    exports: Mapping[str, Export] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        return sum(entry.n_bytes for entry in self.files.values())


def versions_here() -> dict[str, str]:
    """Versions of Python and of PACKAGES in this installation."""
    found = {"python": python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def fingerprint_of(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """One hash for what the tables of a home hold (those of `realty fingerprint`)."""
    told = {name: one["sha256"] for name, one in sorted(tables.items()) if one.get("sha256")}
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest and its seal, the last files of a backup."""
    said = asdict(manifest) | {"format": FORMAT, "made_at": manifest.made_at.isoformat()}
    body = json.dumps(said, indent=1, sort_keys=True, default=str).encode()
    (folder / MANIFEST).write_bytes(body)
    seal = f"{hashlib.sha256(body).hexdigest()}  {MANIFEST}\n"
    (folder / SEAL).write_text(seal, encoding="ascii")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the backup in `folder`. Raises BackupBroken."""
    if not (folder / MANIFEST).is_file():
        raise BackupBroken(
            f"{folder} is no backup: it has no {MANIFEST}. `realty backup` names the folder that "
            "it makes."
        )
    try:
        body = (folder / MANIFEST).read_bytes()
        seal = (folder / SEAL).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupBroken(f"The backup {folder} is broken: {SEAL} cannot be read.") from error
    if not seal or hashlib.sha256(body).hexdigest() != seal[0]:
        raise BackupBroken(
            f"The backup {folder} is broken: {MANIFEST} is not what {SEAL} says. Take another."
        )
    said = json.loads(body)
    if said.pop("format") != FORMAT:
        raise BackupBroken(f"The backup {folder} is of a format that this version does not read.")
    said["made_at"] = datetime.fromisoformat(said["made_at"])
    exports = said.get("exports", {})
    said["exports"] = {table: Export(**one) for table, one in exports.items()}
    said["files"] = {path: Entry(**entry) for path, entry in said["files"].items()}
    return Manifest(**said)


def broken_files(folder: Path, manifest: Manifest, n_threads: int = 2) -> list[str]:
    """What is wrong with the files of a backup, a sentence for each; [] for a whole one."""

    entries: dict[str, Entry | Export] = {
        f"{FILES}/{path}": e for path, e in manifest.files.items()
    }
    entries |= {f"{EXPORTS}/{name}.parquet": one for name, one in manifest.exports.items()}

    def look(item: tuple[str, Entry | Export]) -> str | None:
        place, entry = item
        file = folder / place
        path = place.removeprefix(f"{FILES}/")
        try:
            if file.stat().st_size != entry.n_bytes:
                return f"{path} has {file.stat().st_size:,} bytes, not {entry.n_bytes:,}"
            return None if sha256_of(file) == entry.sha256 else f"{path} was changed"
        except FileNotFoundError:
            return f"{path} is missing"
        except OSError as error:
            return f"{path} cannot be read ({error.strerror})"

    with ThreadPoolExecutor(max(1, n_threads)) as pool:
        found = [wrong for wrong in pool.map(look, entries.items()) if wrong]
    lock = folder / LOCK_FILE
    if not lock.is_file() or sha256_of(lock) != manifest.lock_sha256:
        found.append(f"{LOCK_FILE} is missing or was changed")
    return sorted(found)


def backups_in(folder: Path) -> list[tuple[Path, Manifest]]:
    """The backups in a folder, oldest first; what is no backup, or cannot be read, is passed by."""
    found = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        if place.name.startswith(".") or not (place / MANIFEST).is_file():
            continue
        try:
            found.append((place, read_manifest(place)))
        except BackupBroken:
            continue
    return sorted(found, key=lambda one: one[1].made_at)


def new_id(now: datetime) -> str:
    """20260102T030405Z-1a2b3c: by time, and told apart within a second."""
    return f"{now:%Y%m%dT%H%M%SZ}-{os.urandom(3).hex()}"
