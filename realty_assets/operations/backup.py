"""A backup of a home: everything it is made of, as of one moment, in a folder of its own.

It is made while no step that writes runs (the caller takes the turn at the warehouse), so that rows
and the files that they name belong together.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.fingerprint import LEFT_OUT, fingerprint_home
from realty_assets.operations import copying
from realty_assets.operations.drill import drill
from realty_assets.operations.home_files import WAREHOUSE, HomeFile, Kind, files_of
from realty_assets.operations.manifest import (
    FILES,
    LOCK_FILE,
    Entry,
    Manifest,
    backups_in,
    fingerprint_of,
    new_id,
    versions_here,
    write_manifest,
)
from realty_assets.operations.parquet_export import export_tables
from realty_assets.settings import REPO_ROOT
from realty_assets.warehouse import Warehouse

LOCK, MAKING = ".lock", ".making-"
# Left free for whoever else writes to the disk.
SPARE_BYTES = 64 << 20


class BackupFailed(RealtyError):
    """A backup could not be made; nothing of it is left."""


def back_up(
    warehouse: Warehouse, folder: Path, settings: Mapping[str, Any]
) -> tuple[Path, Manifest]:
    """Makes a backup of the warehouse's home in a new folder below `folder`.

    `settings`: those of the home's user, kept with it. Raises BackupFailed, CopyFailed or
    WarehouseBusy; the folder is there only when it is whole.
    """
    home, started, made_at = warehouse.home, time.monotonic(), utc_now()
    if not warehouse.path.is_file():
        raise BackupFailed(f"There is nothing to back up: {home} has no warehouse yet.")
    backup_id = new_id(made_at)
    place = folder / backup_id
    try:
        with copying.made_whole(place, _lock(folder), MAKING) as beside:
            before = backups_in(folder)
            earlier = before[-1] if before else None
            _require_space(home, folder, earlier is None)
            copy_of_warehouse = beside / FILES / WAREHOUSE
            # First: a file that comes later than the rows is no harm, a row without its file is.
            copying.copy_warehouse(warehouse, copy_of_warehouse)
            files, left_out, n_linked = _copy_files(home, beside / FILES, folder, earlier)
            shutil.copyfile(REPO_ROOT / LOCK_FILE, beside / LOCK_FILE)
            with copying.kept_open(Warehouse.at(copy_of_warehouse)) as copy:
                tables = _tables(copy)
                exports = export_tables(copy, beside, tables, earlier)
                drilled = [one.as_dict() for one in drill(copy)]
            files[WAREHOUSE] = _entry(copy_of_warehouse)
            manifest = Manifest(
                backup_id=backup_id,
                made_at=made_at,
                home=str(home.resolve()),
                fingerprint=fingerprint_of(tables),
                tables=tables,
                drill=drilled,
                settings=settings,
                versions=versions_here(),
                lock_sha256=copying.sha256_of(beside / LOCK_FILE),
                left_out=left_out,
                files=dict(sorted(files.items())),
                n_linked=n_linked,
                duration_s=round(time.monotonic() - started, 3),
                exports=exports,
            )
            write_manifest(beside, manifest)
    except OSError as error:
        raise BackupFailed(
            f"The backup could not be made ({error.strerror}: {error.filename or folder}): mend "
            "that, or name another folder with --out."
        ) from error
    return place, manifest


def _lock(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / LOCK


def _require_space(home: Path, folder: Path, is_first: bool) -> None:
    """Raises BackupFailed when it would not fit: the first with all its files, a later one with
    those that change."""
    kinds: list[Kind] = ["warehouse", "sqlite", "other"]
    if is_first:
        kinds.append("content")
    needed = sum((home / one.path).stat().st_size for one in files_of(home, folder).of_kind(*kinds))
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise BackupFailed(
            f"{folder} has {free >> 20:,} MiB free, and a backup takes {needed >> 20:,} MiB or "
            "more: free some space, or name another folder with --out."
        )


def _copy_files(
    home: Path, target: Path, folder: Path, earlier: tuple[Path, Manifest] | None
) -> tuple[dict[str, Entry], list[str], int]:
    """Copies all but the warehouse: (entries by path, what was left out, how many were linked)."""
    found = files_of(home, folder)
    entries: dict[str, Entry] = {}
    n_linked = 0
    for one in found.of_kind("sqlite", "content", "other"):
        try:
            linked = _linked(home, target, one, earlier)
            if linked is None:
                entries[one.path] = _copied(home, target, one)
            else:
                entries[one.path] = linked
                n_linked += 1
        except FileNotFoundError:
            if (home / one.path).exists():
                raise
            # It went while files were copied: a journal of a command that ended, say.
    return entries, list(found.left_out), n_linked


def _copied(home: Path, target: Path, one: HomeFile) -> Entry:
    if one.kind == "sqlite":
        copying.copy_sqlite(home / one.path, target / one.path)
        return _entry(target / one.path)
    sha256, n_bytes = copying.copy_file(home / one.path, target / one.path)
    stat = (target / one.path).stat()
    return Entry(sha256, n_bytes, stat.st_mtime_ns, stat.st_mode & 0o777)


def _linked(
    home: Path, target: Path, one: HomeFile, earlier: tuple[Path, Manifest] | None
) -> Entry | None:
    """The entry of a file that is the earlier backup's, under a second name; None to copy it.

    Only of what is never changed, and only after the earlier file itself was read and found whole:
    damage must not be handed on.
    """
    if earlier is None or one.kind != "content":
        return None
    entry, kept = earlier[1].files.get(one.path), earlier[0] / FILES / one.path
    stat = (home / one.path).stat()
    if entry is None or (entry.n_bytes, entry.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
        return None
    if not kept.is_file() or copying.sha256_of(kept) != entry.sha256:
        return None
    return entry if copying.link_file(kept, target / one.path) else None


def _entry(path: Path) -> Entry:
    stat = path.stat()
    return Entry(copying.sha256_of(path), stat.st_size, stat.st_mtime_ns, stat.st_mode & 0o777)


def _tables(copy: Warehouse) -> dict[str, dict[str, Any]]:
    """Rows and hash of every table of the copy; of those that fingerprints leave out, the rows."""
    tables = fingerprint_home(copy, [])
    with copy.connect() as conn:
        for name in LEFT_OUT:
            if copy.exists(name):
                n_rows = conn.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
                tables[name] = {"n_rows": n_rows}
    return tables
