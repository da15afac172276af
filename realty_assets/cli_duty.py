"""`realty withdraw`, `reinstate` and `rescore`: mending what was said."""

from __future__ import annotations

from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import operations_actions as actions
from realty_assets.cli_operations import By, DryRun, Json, Reason
from realty_assets.cli_promote import Track

Page = Annotated[str, typer.Argument(help="A page by its name, or its path below the home.")]


def withdraw(
    page: Page, reason: Reason, by: By = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Take a published page back: it is kept, and a notice with the reason stands in its place."""
    out.show(actions.turn_page("withdraw", page, reason, by, dry_run), as_json)


def reinstate(
    page: Page, reason: Reason, by: By = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Give a withdrawn page back, as it stands now."""
    out.show(actions.turn_page("reinstate", page, reason, by, dry_run), as_json)


def rescore(
    first: Annotated[str, typer.Option("--from", help="First day of the values, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", help="Last day (inclusive), YYYY-MM-DD.")],
    reason: Reason,
    track: Track = "off_market",
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make the values of a window again with the champion of now: what changed, by how much."""
    out.show(actions.rescore(first, last, track, reason, by, dry_run, out.progress), as_json)
