"""Whether a full run would find nothing to do, without starting one.

After a full run that succeeded, `ledger.full_runs` gets a hash of all that the graph depends on:
code, SQL, settings, lock file, what every table was made from and holds, and the files that tables
name. When the inbox is empty and the hash is still the same, the next full run would only look at
everything again and reuse it. Dagster is not imported here: that is most of what it saves.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.fingerprint import mlflow_registry
from realty_assets.ingestion.inbox import pending
from realty_assets.operations.retention.records import retired
from realty_assets.settings import REPO_ROOT, Settings
from realty_assets.statements import SQL_ROOT, sql
from realty_assets.warehouse import Tx, Warehouse

FULL_RUNS = "ledger.full_runs"
# Tables that name files: see ledger/named_files.sql.
NAMING_FILES = (
    *("serving.reports", "serving.evaluation_reports", "modeling.models"),
    *("publish.manifests", "exploration.reports", "analysis.takeaways"),
    *("monitoring.days", "monitoring.evidently_reports"),
)
PACKAGE = Path(__file__).parent
# Settings of the machine, which change no table; weights are known by their sha256.
MACHINE = {"home", "lock_timeout_s", "n_threads", "inbox_quiet_s", "photo_weights"}
CODE_SUFFIXES = {".py", ".sql", ".yaml", ".j2", ".css"}


def last_full_run(settings: Settings, warehouse: Warehouse) -> str | None:
    """Id of the run after which nothing has changed; None when something has, or none was."""
    if pending(settings.home) or not warehouse.exists(FULL_RUNS):
        return None
    with warehouse.connect() as conn:
        tx = Tx(conn)
        state = _state(settings, tx)
        if state is None:
            return None
        runs = tx.read(FULL_RUNS).filter(pl.col("state_hash") == state)
    return None if runs.is_empty() else runs["run_id"][-1]


def remember_full_run(settings: Settings, warehouse: Warehouse, run_id: str) -> None:
    """Writes down that `run_id` made everything as it now stands."""
    with warehouse.transaction() as tx:
        state = _state(settings, tx)
        if state is None:
            return
        if tx.exists(FULL_RUNS) and state in tx.read(FULL_RUNS)["state_hash"]:
            return
        now = utc_now()
        row = {"state_hash": [state], "run_id": [run_id], "ended_at": [now]}
        tx.append(FULL_RUNS, pl.DataFrame(row))


def _state(settings: Settings, tx: Tx) -> str | None:
    """The hash of all that a full run depends on; None when a file that a table names is gone."""
    if not all(tx.exists(table) for table in NAMING_FILES):
        return None
    named = set(tx.read(sql("ledger/named_files.sql"))["path"]) - retired(tx)
    if not all((settings.home / path).exists() for path in named):
        return None
    builds = tx.read(sql("ledger/builds_state.sql")).rows()
    if not all(tx.exists(table) for table, *_ in builds):
        return None
    parts = {
        "code": _code_hash(),
        "settings": settings.model_dump(mode="json", exclude=MACHINE),
        "builds": builds,
        "registry": mlflow_registry(settings.home / "mlflow" / "mlflow.db"),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _code_hash() -> str:
    digest = hashlib.sha256()
    lock = REPO_ROOT / "requirements.lock"
    files = [path for root in (PACKAGE, SQL_ROOT) for path in sorted(root.rglob("*"))]
    for path in [*files, lock]:
        if path == lock or path.suffix in CODE_SUFFIXES:
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
