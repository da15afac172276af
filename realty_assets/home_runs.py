"""Runs of a home's Dagster instance, seen from outside: those that ended without saying so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from realty_assets.home import place_dagster_yaml
from realty_assets.operations.doctor.finding import Finding, Patient
from realty_assets.runs import UNFINISHED, dead_runs

WAITING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]
REPLACE = (
    "stop what uses it and copy dagster/ from a backup; or move it away: the history of runs goes "
    "with it, facts and decisions stand in the warehouse"
)
NOT_CARRIED_ON = "This run was under way when the home was backed up: it is not carried on here."


@contextmanager
def instance_of(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance in `home`, whatever the environment says."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        yield instance


def end_unfinished_runs(home: Path) -> list[str]:
    """Ends every run that a restored home brought along unfinished, and gives back its place in the
    pool; returns their ids.

    Their processes may well live: they belong to the home that was backed up.
    """
    (home / "dagster").mkdir(parents=True, exist_ok=True)
    place_dagster_yaml(home)
    with instance_of(home) as instance:
        runs = instance.get_runs(filters=dg.RunsFilter(statuses=[*UNFINISHED, *WAITING]))
        for run in runs:
            instance.report_run_failed(run, NOT_CARRIED_ON)
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in runs]


def dead_runs_of(home: Path) -> list[str]:
    """Ids of runs whose process is gone. Raises sqlite3.Error or a Dagster error when the storage
    cannot be read; changes nothing."""
    with instance_of(home) as instance:
        return [run.run_id for run in dead_runs(instance)]


def check_dagster(patient: Patient) -> Iterator[Finding]:
    """Dagster's databases can be read by this version, and no run's process has died."""
    folder = patient.home / "dagster"
    for path in sorted(folder.rglob("*.db")):
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
                said = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            said = str(error)
        if said != "ok":
            yield Finding(f"Dagster's database {path} is broken: {said}", REPLACE)
            return
    if not (folder / "history" / "runs.db").is_file():
        return
    try:
        yield from _dead(patient.home)
    except (dg.DagsterError, SQLAlchemyError) as error:
        first = " ".join(str(error).split())[:200]
        yield Finding(f"Dagster's storage in {folder} cannot be read: {first}", REPLACE)


def _dead(home: Path) -> Iterator[Finding]:
    with instance_of(home) as instance:
        for storage in (instance.run_storage, instance.event_log_storage):
            stands, wanted = storage.alembic_version() or (None, None)
            if stands != wanted:
                yield Finding(
                    f"Dagster's storage is of schema {stands}, this version wants {wanted}",
                    f"DAGSTER_HOME={home / 'dagster'} dagster instance migrate",
                )
    for run_id in dead_runs_of(home):
        yield Finding(
            f"the run {run_id} counts as under way, and its process is gone",
            "any `realty run` ends it and gives back its place; so does `realty ui`",
        )
