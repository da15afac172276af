"""What a check looks at, what it finds, and how findings are put in a table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from realty_assets.errors import RealtyError
from realty_assets.warehouse import Warehouse

State = Literal["ok", "note", "wrong", "not looked at"]
GIB = 1 << 30
RESTORE = "restore the newest backup to a new home: `realty restore BACKUP --to NEW_HOME`"


@dataclass(frozen=True)
class Finding:
    """One thing: what and where (`detail`), and how to mend it. A note needs no mending now."""

    detail: str
    mend: str
    state: State = "wrong"


@dataclass(frozen=True)
class Patient:
    """A home as the doctor sees it. `tables` are those of the graph; `deep` reads everything."""

    home: Path
    tables: Sequence[str] = ()
    deep: bool = False
    min_free_bytes: int = GIB
    lock_timeout_s: float = 2.0

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse.at(self.home / "warehouse.duckdb")


Check = Callable[[Patient], Iterable[Finding]]


def looked_at(patient: Patient, checks: Mapping[str, Check]) -> list[dict[str, Any]]:
    """A row per finding, or per check that found nothing: check, state, detail, mend."""
    rows: list[dict[str, Any]] = []
    for name, check in checks.items():
        try:
            found = list(check(patient))
        except (RealtyError, OSError) as error:
            found = [Finding(str(error), "see the detail")]
        except (duckdb.Error, sqlite3.Error) as error:
            said = " ".join(str(error).split())[:200]
            found = [Finding(f"a database cannot be read: {said}", RESTORE)]
        if not found:
            found = [Finding("", "", "ok")]
        rows += [
            {"check": name, "state": one.state, "detail": one.detail, "mend": one.mend}
            for one in found
        ]
    return rows
