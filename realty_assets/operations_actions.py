"""What the verbs on a home as a whole do; every function returns what there is to print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from realty_assets import cli_actions
from realty_assets.cli_decisions import user
from realty_assets.cli_output import Progress

Report = dict[str, Any]


def backup(folder: Path | None, reason: str, by: str | None, progress: Progress) -> Report:
    """Makes a backup as a run of the home, so that it takes its turn at the warehouse."""
    import dagster as dg

    from realty_assets.operations.backup import BackupFailed
    from realty_assets.operations.home_files import BACKUPS
    from realty_assets.operations.records import check_action
    from realty_assets.runs import open_instance

    who = by if by is not None else user()
    check_action(reason, who)
    settings = cli_actions._home()
    if not settings.warehouse_path.is_file():
        raise BackupFailed(f"There is nothing to back up: {settings.home} has no warehouse yet.")
    into = settings.home / BACKUPS if folder is None else folder.absolute()
    asked = {"folder": str(into), "reason": reason, "by": who}
    done = cli_actions._execute(
        "backup", progress, title="backup", ops={"operations": {"config": {"backup": asked}}}
    )
    key = dg.AssetKey(["operations", "backups"])
    with open_instance() as instance:
        event = instance.get_latest_materialization_event(key)
    told: Any = {}
    if event is not None and event.run_id == done.run_id and event.asset_materialization:
        told = event.asset_materialization.metadata["backup"].value
    return {"run_id": done.run_id, **told}


def turn(
    verb: str, switch: str, reason: str, by: str | None, until: str | None, dry_run: bool
) -> Report:
    """Pauses or resumes; at once, so not as a run, which would wait for its turn."""
    from realty_assets.operations.pausing import turn as turn_switch

    who = by if by is not None else user()
    cli_actions._home()
    return turn_switch(
        cli_actions._warehouse(),
        verb,
        switch,
        reason=reason,
        by=who,
        until=until,
        dry_run=dry_run,
    )


def restore(
    backup: Path, to: Path, reason: str, by: str | None, without_drill: bool, progress: Progress
) -> Report:
    """Restores a backup to a new home; the home of this command line is not looked at."""
    from realty_assets.home_runs import end_unfinished_runs
    from realty_assets.operations.restore import restore as restore_home
    from realty_assets.settings import get_settings

    with progress("restore"):
        return restore_home(
            backup,
            to,
            reason=reason,
            by=by if by is not None else user(),
            prepare=end_unfinished_runs,
            n_threads=get_settings().n_threads,
            without_drill=without_drill,
        )


def forget_restored(to: Path) -> None:
    """The user has been told: the home needs no note of how it came any more."""
    from realty_assets.operations.restore import NOTE

    (to / NOTE).unlink(missing_ok=True)


def doctor(deep: bool, progress: Progress) -> Report:
    """Looks at everything that can be wrong with the home, and changes nothing."""
    from realty_assets.definitions import defs
    from realty_assets.home_runs import check_dagster
    from realty_assets.operations.doctor.examine import examine
    from realty_assets.operations.doctor.finding import Patient
    from realty_assets.settings import get_settings

    home = get_settings().home
    tables = sorted(".".join(spec.key.path) for spec in defs.resolve_all_asset_specs())
    with progress("doctor"):
        rows = examine(Patient(home, tables, deep), {"dagster": check_dagster})
    counts = {state: sum(row["state"] == state for row in rows) for state in ("wrong", "note")}
    return {"home": str(home), **{f"n_{state}": n for state, n in counts.items()}, "checks": rows}
