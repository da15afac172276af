"""Who did what to the home, and which backups it has: rows that are only added."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.operations.copying import sha256_of
from realty_assets.operations.manifest import MANIFEST, Manifest, backups_in
from realty_assets.statements import sql
from realty_assets.warehouse import Tx

ACTIONS, BACKUPS = "operations.actions", "operations.backups"
# Of a backup that was whole when the command that made it was killed.
FOUND = "the command that made it was killed before this row"


class BadAction(RealtyError):
    """An action without a reason, or by nobody."""


def create_tables(tx: Tx) -> None:
    tx.conn.execute("CREATE SCHEMA IF NOT EXISTS operations")
    for name in (
        *("actions", "backups", "retention", "holds", "costs", "bills", "rescored", "reviews"),
    ):
        tx.conn.execute(sql(f"operations/{name}_table.sql").text)


def check_action(reason: str, by: str) -> None:
    """Raises BadAction when one of them is blank."""
    if not reason.strip():
        raise BadAction("The reason is blank: say with --reason why.")
    if not by.strip():
        raise BadAction("The name is blank: say with --by who asks for it.")


def record_action(
    tx: Tx,
    verb: str,
    target: str,
    *,
    reason: str,
    by: str,
    outcome: str,
    detail: Mapping[str, Any],
    run_id: str | None = None,
    action_id: str | None = None,
    acted_at: datetime | None = None,
) -> str:
    """Adds a row to operations.actions, a new one of now unless id and time (UTC) are given;
    returns its id."""
    create_tables(tx)
    action_id = action_id or uuid.uuid4().hex[:16]
    row = {
        "action_id": action_id,
        "acted_at": acted_at or utc_now(),
        "acted_by": by.strip(),
        "run_id": run_id,
        "verb": verb,
        "target": target,
        "reason": reason.strip(),
        "outcome": outcome,
        "detail": json.dumps(detail, default=str, sort_keys=True),
    }
    tx.append(ACTIONS, pl.DataFrame([row], schema_overrides={"run_id": pl.String}))
    return action_id


def record_backup(tx: Tx, place: Path, manifest: Manifest, action_id: str) -> None:
    """Adds a row to operations.backups."""
    row = {
        "backup_id": manifest.backup_id,
        "made_at": manifest.made_at,
        "path": str(place),
        "manifest_sha256": sha256_of(place / MANIFEST),
        "fingerprint": manifest.fingerprint,
        "n_tables": len(manifest.tables),
        "n_files": len(manifest.files),
        "n_linked": manifest.n_linked,
        "total_bytes": manifest.n_bytes,
        "duration_s": manifest.duration_s,
        "action_id": action_id,
    }
    tx.append(BACKUPS, pl.DataFrame([row]))


def record_found(tx: Tx, home: Path, folder: Path) -> list[str]:
    """Adds rows for backups of `home` in `folder` that have none: a kill came between a backup and
    its row. Returns their ids."""
    create_tables(tx)
    known = set(tx.read(BACKUPS, columns=["backup_id"])["backup_id"])
    found = [
        (place, manifest)
        for place, manifest in backups_in(folder)
        if manifest.home == str(home.resolve()) and manifest.backup_id not in known
    ]
    for place, manifest in found:
        action_id = record_action(
            tx,
            "backup",
            str(place),
            reason=FOUND,
            by="backup",
            outcome="done",
            detail={"backup_id": manifest.backup_id},
        )
        record_backup(tx, place, manifest, action_id)
    return [manifest.backup_id for _, manifest in found]
