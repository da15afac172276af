"""`realty withdraw` and `reinstate`: what whoever is on duty does about published pages."""

from __future__ import annotations

from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import operations_actions as actions
from realty_assets.cli_operations import By, DryRun, Json, Reason

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
