"""What the verbs on a home as a whole do; every function returns what there is to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from realty_assets import cli_actions
from realty_assets.cli_decisions import user
from realty_assets.cli_output import Progress

if TYPE_CHECKING:
    from realty_assets.settings import Settings

Report = dict[str, Any]


def backup(folder: Path | None, reason: str, by: str | None, progress: Progress) -> Report:
    """Makes a backup as a run of the home, so that it takes its turn at the warehouse."""
    from realty_assets.operations.backup import BackupFailed
    from realty_assets.operations.home_files import BACKUPS
    from realty_assets.operations.records import check_action

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
    return {"run_id": done.run_id, **_told(done.run_id, "backups", "backup")}


def _told(run_id: str, table: str, what: str) -> Report:
    """What a run of the room says of the action that it carried out."""
    import dagster as dg

    from realty_assets.runs import open_instance

    with open_instance() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["operations", table]))
    if event is None or event.run_id != run_id or event.asset_materialization is None:
        return {}
    told = event.asset_materialization.metadata[what].value
    return dict(told) if isinstance(told, dict) else {}


def retain(reason: str, by: str | None, dry_run: bool, progress: Progress) -> Report:
    """Lets go of what the policy does not keep, as a run of the home; or says what would go."""
    from realty_assets.home_history import KIND, RunKeeper
    from realty_assets.operations.records import check_action
    from realty_assets.operations.retention.policy import read_policy
    from realty_assets.operations.retention.retain import plan
    from realty_assets.runs import open_instance

    settings = cli_actions._home()
    policy, warehouse = read_policy(settings.home), cli_actions._warehouse()
    _require_warehouse(settings)
    if dry_run:
        with progress("retain"), open_instance() as instance:
            runs = RunKeeper(instance, settings.home, policy.runs.keep_days)
            return plan(warehouse, {KIND: runs})
    who = by if by is not None else user()
    check_action(reason, who)
    asked = {"reason": reason, "by": who}
    done = cli_actions._execute(
        "retain", progress, title="retain", ops={"operations": {"config": {"retain": asked}}}
    )
    return {"run_id": done.run_id, **_told(done.run_id, "retention", "retain")}


def hold(verb: str, what: str, reason: str, by: str | None) -> Report:
    """Puts a legal hold on something, or takes it off."""
    from realty_assets.operations.retention.holds import set_hold

    settings = cli_actions._home()
    _require_warehouse(settings)
    who = by if by is not None else user()
    return set_hold(cli_actions._warehouse(), verb, what, reason=reason, by=who)


def holds() -> Report:
    from realty_assets.holding import holds_now

    cli_actions._home()
    return {"holds": holds_now(cli_actions._warehouse())}


def costs() -> Report:
    """What the runs of the home cost; what was measured since is taken in first."""
    from realty_assets.operations.costing import take_in, told_of

    settings = cli_actions._home()
    _require_warehouse(settings)
    warehouse = cli_actions._warehouse()
    take_in(warehouse)
    return told_of(warehouse)


def reconcile(bill: Path, reason: str, by: str | None) -> Report:
    """Takes a bill in; what was measured since is taken in first."""
    from realty_assets.operations.bills import reconcile as take_bill
    from realty_assets.operations.costing import take_in

    settings = cli_actions._home()
    _require_warehouse(settings)
    warehouse = cli_actions._warehouse()
    take_in(warehouse)
    return take_bill(warehouse, bill, reason=reason, by=by if by is not None else user())


def _require_warehouse(settings: Settings) -> None:
    if not settings.warehouse_path.is_file():
        from realty_assets.warehouse import WarehouseMissing

        raise WarehouseMissing(f"{settings.home} has no warehouse yet: `realty ingest` makes one.")


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


def turn_page(verb: str, page: str, reason: str, by: str | None, dry_run: bool) -> Report:
    """Withdraws a page or gives it back; at once, as a pause."""
    from realty_assets.operations.withdrawing import turn_page as turn_published

    cli_actions._home()
    who = by if by is not None else user()
    warehouse = cli_actions._warehouse()
    return turn_published(warehouse, verb, page, reason=reason, by=who, dry_run=dry_run)


def rescore(
    first: str,
    last: str,
    track: str,
    reason: str,
    by: str | None,
    dry_run: bool,
    progress: Progress,
) -> Report:
    """Values of a window again, as a run of the home; or only what would change."""
    from realty_assets.operations.rescore import rescore as rescore_window

    cli_actions.check_track(track)
    settings = cli_actions._home()
    _require_warehouse(settings)
    who = by if by is not None else user()
    asked = {"first": first, "last": last, "track": track, "reason": reason, "by": who}
    with progress("rescore"):
        # Raises what the run would, before there is one.
        told = rescore_window(cli_actions._warehouse(), **asked, dry_run=True)
    if dry_run or told["already"]:
        return told if dry_run else _without_note(told)
    done = cli_actions._execute(
        "rescore", progress, title="rescore", ops={"operations": {"config": {"rescore": asked}}}
    )
    return {"run_id": done.run_id, **_told(done.run_id, "rescored", "rescore")}


def evidence(
    to: Path, reason: str, by: str | None, seed: int, n: int, dry_run: bool, progress: Progress
) -> Report:
    """Makes the evidence pack, as a run of the home; or only says what it would hold."""
    from realty_assets.check_states import check_states
    from realty_assets.operations.evidence.pack import make_pack, named_checks
    from realty_assets.operations.records import check_action
    from realty_assets.runs import open_instance

    settings = cli_actions._home()
    _require_warehouse(settings)
    who = by if by is not None else user()
    check_action(reason, who)
    asked = {"folder": str(to.absolute()), "reason": reason, "by": who, "seed": seed, "n": n}
    if dry_run:
        with open_instance() as instance:
            states = check_states(instance, named_checks())
        warehouse = cli_actions._warehouse()
        return make_pack(
            warehouse, states, folder=str(to), reason=reason, by=who, seed=seed, n=n, dry_run=True
        )
    done = cli_actions._execute(
        "evidence", progress, title="evidence", ops={"operations": {"config": {"evidence": asked}}}
    )
    return {"run_id": done.run_id, **_told(done.run_id, "reviews", "review")}


def review(sheet: Path, reason: str, by: str | None, dry_run: bool, progress: Progress) -> Report:
    """Takes the verdicts of a filled-in sheet in, as a run of the home."""
    from realty_assets.operations.evidence.review import take_reviews

    settings = cli_actions._home()
    _require_warehouse(settings)
    who = by if by is not None else user()
    # Raises what the run would, before there is one.
    told = take_reviews(cli_actions._warehouse(), sheet, reason=reason, by=who, dry_run=True)
    if dry_run:
        return told
    asked = {"sheet": str(sheet.absolute()), "reason": reason, "by": who}
    done = cli_actions._execute(
        "review", progress, title="review", ops={"operations": {"config": {"review": asked}}}
    )
    return {"run_id": done.run_id, **_told(done.run_id, "reviews", "review")}


def _without_note(told: Report) -> Report:
    return {name: value for name, value in told.items() if name not in ("dry_run", "note")}


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
