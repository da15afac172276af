"""A home from a backup: hashes first, then the files, then ten values of each track made again.

The home appears under its name only when all of that has succeeded.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.home import FOLDERS
from realty_assets.operations import copying
from realty_assets.operations.drill import Drilled, drill
from realty_assets.operations.home_files import WAREHOUSE
from realty_assets.operations.manifest import (
    FILES,
    MANIFEST,
    BackupBroken,
    Manifest,
    broken_files,
    read_manifest,
    versions_here,
)
from realty_assets.operations.moved import mend_addresses
from realty_assets.operations.parquet_export import wrong_rows
from realty_assets.operations.records import check_action, record_action
from realty_assets.warehouse import Warehouse

# What a restored home says of itself until its user has been told: a command that was killed after
# the last step is given again, and must not find its own work in its way.
NOTE = ".restored.json"
SHOWN = 5


class RestoreFailed(RealtyError):
    """A home could not be restored; nothing was put in its place."""


class DrillFailed(RestoreFailed):
    """A restored home does not give the values that it gave."""


def restore(
    backup: Path,
    to: Path,
    *,
    reason: str,
    by: str,
    prepare: Callable[[Path], Any],
    n_threads: int = 2,
    without_drill: bool = False,
) -> dict[str, Any]:
    """Makes the home `to` from the folder `backup`; returns what there is to say.

    `prepare` is called with the folder that will be the home, before it is. Raises BackupBroken for
    a backup that is not whole, RestoreFailed, or DrillFailed naming the homes whose values differ.
    """
    started = time.monotonic()
    check_action(reason, by)
    backup, to = backup.resolve(), to.absolute()
    manifest = read_manifest(backup)
    beside_name = f".{to.name}.restoring"
    lock = to.parent / f"{beside_name}.lock"
    if (before := _told_before(backup, to)) is not None:
        lock.unlink(missing_ok=True)
        return before | {"already_restored": True}
    _require_room(backup, to)
    if wrong := broken_files(backup, manifest, n_threads):
        shown = "; ".join(wrong[:SHOWN])
        if len(wrong) > SHOWN:
            shown += f"; and {len(wrong) - SHOWN} more"
        raise BackupBroken(
            f"The backup {backup} is broken, and nothing was restored: {shown}. Take another."
        )
    try:
        with copying.made_whole(to, lock, f"{beside_name}-") as beside:
            _copy(backup / FILES, beside, manifest)
            addresses = mend_addresses(beside, to)
            prepare(beside)
            with copying.kept_open(Warehouse.at(beside / WAREHOUSE)) as warehouse:
                if wrong := list(wrong_rows(backup, manifest, warehouse)):
                    raise BackupBroken(f"{backup} was not restored: {'; '.join(wrong[:SHOWN])}.")
                drilled = [] if without_drill else drill(warehouse)
            _require_values(manifest, drilled, to)
            told: dict[str, Any] = {
                "home": str(to),
                "backup_id": manifest.backup_id,
                "n_files": len(manifest.files),
                "n_exports": len(manifest.exports),
                "fingerprint": manifest.fingerprint,
                "rpo_s": round((utc_now() - manifest.made_at).total_seconds(), 1),
                "drill": [one.as_dict() for one in drilled],
                "mended_addresses": addresses,
                "other_versions": other_versions(manifest),
            }
            with warehouse.transaction() as tx:
                record_action(
                    tx, "restore", str(backup), reason=reason, by=by, outcome="done", detail=told
                )
            told["rto_s"] = round(time.monotonic() - started, 2)
            seal = copying.sha256_of(backup / MANIFEST)
            note = {"manifest_sha256": seal, "told": told}
            (beside / NOTE).write_text(json.dumps(note, default=str), encoding="utf-8")
    except OSError as error:
        raise RestoreFailed(
            f"The home {to} could not be restored ({error.strerror}: {error.filename or to}): mend "
            "that, or name another folder with --to."
        ) from error
    lock.unlink(missing_ok=True)
    return told | {"already_restored": False}


def other_versions(manifest: Manifest) -> dict[str, str]:
    """Packages of another version than the backup was made with: 'then, now' by name."""
    here = versions_here()
    return {
        name: f"{then}, now {here[name]}"
        for name, then in manifest.versions.items()
        if here.get(name) != then
    }


def _told_before(backup: Path, to: Path) -> dict[str, Any] | None:
    """What a command that was killed at its very end would have said."""
    with suppress(FileNotFoundError, NotADirectoryError):
        note = json.loads((to / NOTE).read_text(encoding="utf-8"))
        if note["manifest_sha256"] == copying.sha256_of(backup / MANIFEST):
            told: dict[str, Any] = note["told"]
            return told
    return None


def _require_room(backup: Path, to: Path) -> None:
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise RestoreFailed(f"{to} is no folder: name a new one for the home with --to.")
    if to.is_dir() and any(to.iterdir()):
        raise RestoreFailed(
            f"The folder {to} is not empty, and nothing in it was touched: name a new one for the "
            "home with --to."
        )
    if to.resolve().is_relative_to(backup):
        raise RestoreFailed(f"{to} lies in the backup itself: name another folder with --to.")


def _copy(source: Path, target: Path, manifest: Manifest) -> None:
    for folder in FOLDERS:
        (target / folder).mkdir(parents=True, exist_ok=True)
    for path, entry in manifest.files.items():
        sha256, _ = copying.copy_file(source / path, target / path)
        if sha256 != entry.sha256:
            raise BackupBroken(
                f"{source / path} changed while it was copied: nothing was restored."
            )
        os.chmod(target / path, entry.mode | 0o600)


def _require_values(manifest: Manifest, drilled: list[Drilled], to: Path) -> None:
    """Raises DrillFailed when a track that gave its values in the backup does not give them now."""
    gave = {one["track"] for one in manifest.drill if one["state"] == "reproduced"}
    wrong = [one for one in drilled if one.track in gave and one.state != "reproduced"]
    if not wrong:
        return
    told = "; ".join(
        f"{one.track}: "
        + (f"homes {', '.join(one.differing)} differ" if one.differing else one.detail)
        for one in wrong
    )
    versions = [f"{name} {was}" for name, was in other_versions(manifest).items()]
    hint = f" Other versions than then: {'; '.join(versions)}." if versions else ""
    raise DrillFailed(
        f"The values of the backup are not those of the restored home ({told}), so {to} was not "
        f"made.{hint} Install the backup's {'requirements.lock'}, or restore it as it is with "
        "--without-drill."
    )
