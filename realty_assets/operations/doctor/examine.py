"""All checks, in the order in which one thing rests on another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realty_assets.operations.doctor import files, models, places, tables
from realty_assets.operations.doctor.finding import Check, Patient, looked_at

OUTSIDE: Mapping[str, Check] = {
    "folders": places.folders,
    "disk space": places.disk,
    "clock": places.clock,
    "policies and mappings": places.own_files,
    "switches": places.switches,
    "budgets": places.budgets,
    "inbox": places.inbox,
    "deliveries": places.commands,
    "warehouse": tables.opens,
}
# These read the warehouse.
INSIDE: Mapping[str, Check] = {
    "tables": tables.missing,
    "contents of tables": tables.builds,
    "models": models.folders,
    "aliases": models.aliases,
    "mlflow": models.mlflow,
    "reports and published files": files.named,
    "raw cells": files.raw,
    "photos": files.photos,
    "backups": files.backups,
}


def examine(patient: Patient, more: Mapping[str, Check]) -> list[dict[str, Any]]:
    """Rows of check, state, detail and mend; nothing is changed. `more`: checks of the caller."""
    rows = looked_at(patient, OUTSIDE)
    if any(row["check"] == "warehouse" and row["state"] == "wrong" for row in rows):
        rows += [
            {"check": name, "state": "not looked at", "detail": "no warehouse", "mend": ""}
            for name in INSIDE
        ]
    elif patient.warehouse.path.is_file():
        rows += looked_at(patient, INSIDE)
    return rows + looked_at(patient, more)
