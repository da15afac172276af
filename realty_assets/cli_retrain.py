"""`realty retrain` and `realty replay`: make models anew, and see what that is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import retrain_actions as actions

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
MONTHS = [
    *("month", "n", "managed_mdape", "never_mdape", "monthly_mdape", "managed_coverage"),
    *("fired", "outcome"),
]
ROWS = ["kind", "track", "decision", "rung", "reason"]


def retrain(
    rung: Annotated[
        str,
        typer.Option("--rung", help="recalibrate, index, refit, retune, search or person."),
    ] = "refit",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "",
    by: Annotated[
        str | None, typer.Option("--by", help="Who asks for it (default: the user).")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what each trigger says and what would be; do nothing."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make models anew, as far up the ladder as is said; the gate judges what comes of it."""
    if dry_run:
        out.show(actions.looked(rung, reason, by, out.progress), as_json, {"triggers": ROWS})
        return
    out.show(actions.retrain(rung, reason, by, out.progress), as_json)


def replay(
    from_month: Annotated[str, typer.Option("--from", help="First month, YYYY-MM.")],
    to_month: Annotated[str, typer.Option("--to", help="Last month (inclusive), YYYY-MM.")],
    track: Annotated[
        str, typer.Option("--track", help="What may be known: one of the three tracks.")
    ] = "off_market",
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the table and the page (default: reports/replay)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Play months again as if each were now: what the loop would have done, and its worth."""
    told = actions.replay(from_month, to_month, track, to, out.progress)
    out.show(told, as_json, {"months": MONTHS})
