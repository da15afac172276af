"""What `realty backup` does and writes down: the backup, its row, and the rows that were owed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realty_assets.errors import RealtyError
from realty_assets.operations.backup import back_up
from realty_assets.operations.manifest import Manifest
from realty_assets.operations.pausing import record_turns
from realty_assets.operations.records import (
    check_action,
    record_action,
    record_backup,
    record_found,
)
from realty_assets.warehouse import Warehouse


def make_backup(
    warehouse: Warehouse,
    settings: Mapping[str, Any],
    *,
    folder: str,
    reason: str,
    by: str,
    run_id: str | None = None,
) -> dict[str, Any]:
    """Makes a backup below `folder` and records it; what fails is recorded as failed, and raised.

    Raises BadAction, and all that `back_up` raises.
    """
    check_action(reason, by)
    asked: dict[str, Any] = {"reason": reason, "by": by, "run_id": run_id}
    into = Path(folder)
    with warehouse.transaction() as tx:
        owed = record_found(tx, warehouse.home, into)
    record_turns(warehouse)
    try:
        place, manifest = back_up(warehouse, into, settings)
    except RealtyError as error:
        with warehouse.transaction() as tx:
            why = {"error": str(error)}
            record_action(tx, "backup", folder, outcome="failed", detail=why, **asked)
        raise
    told = told_of(place, manifest) | {"recorded_late": owed}
    with warehouse.transaction() as tx:
        action_id = record_action(tx, "backup", str(place), outcome="done", detail=told, **asked)
        record_backup(tx, place, manifest, action_id)
    return told | {"action_id": action_id}


def told_of(place: Path, manifest: Manifest) -> dict[str, Any]:
    """What there is to say of a backup."""
    return {
        "backup": str(place),
        "backup_id": manifest.backup_id,
        "n_files": len(manifest.files),
        "n_linked": manifest.n_linked,
        "total_bytes": manifest.n_bytes,
        "n_tables": len(manifest.tables),
        "fingerprint": manifest.fingerprint,
        "seconds": manifest.duration_s,
        "drill": [
            {name: one[name] for name in ("track", "state", "n", "detail")}
            for one in manifest.drill
        ],
    }
