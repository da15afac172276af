"""`realty backup`, `restore`, `doctor`, `pause` and `resume`: keeping a home alive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import operations_actions as actions

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
By = Annotated[str | None, typer.Option("--by", help="Who asks for it (default: the user).")]
Switch = Annotated[str, typer.Argument(help="publishing, or automation.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the action.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
DRILL = ["track", "state", "n", "detail"]


def backup(
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of backups (default: the home's backups/)."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "by hand",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Copy the whole home, as of one moment, into a new folder that `realty restore` reads."""
    out.show(actions.backup(to, reason, by, out.progress), as_json, {"drill": DRILL})


def restore(
    backup: Annotated[Path, typer.Argument(help="Folder that `realty backup` named.")],
    to: Annotated[Path, typer.Option("--to", help="The new home; must be empty or new.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "by hand",
    by: By = None,
    without_drill: Annotated[
        bool, typer.Option("--without-drill", help="Restore without making values again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a home from a backup, and make ten stored values of each track again, bit for bit."""
    told = actions.restore(backup, to, reason, by, without_drill, out.progress)
    out.show(told, as_json, {"drill": DRILL})
    actions.forget_restored(to)


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every table, and every file of the newest backup.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check everything that can be wrong with a home, and say how to mend each finding."""
    told = actions.doctor(deep, out.progress)
    out.show(told, as_json)
    if told["n_wrong"]:
        raise typer.Exit(1)


def pause(
    switch: Switch,
    reason: Reason,
    by: By = None,
    until: Annotated[
        str | None, typer.Option("--until", help="First day (YYYY-MM-DD, UTC) on which it is over.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Stop what happens by itself (automation), or what is published (publishing), at once."""
    out.show(actions.turn("pause", switch, reason, by, until, dry_run), as_json)


def resume(
    switch: Switch,
    reason: Reason,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let automation or publishing go on."""
    out.show(actions.turn("resume", switch, reason, by, None, dry_run), as_json)
