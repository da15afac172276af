"""`realty evidence` and `realty review`: what a release can show, and what reviewers said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import operations_actions as actions
from realty_assets.cli_operations import By, DryRun, Json, Reason

FACTOR = ["factor", "n_checks_passed", "n_checks", "n_figures", "missing"]


def evidence(
    to: Annotated[Path, typer.Option("--out", help="Folder for the pack; must be empty or new.")],
    reason: Reason = "by hand",
    by: By = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and values, same sample.")] = 7,
    n: Annotated[int, typer.Option("--homes", min=1, help="To review, of each track.")] = 30,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make the evidence pack: what answers to each factor of the AVM rule, with hashes."""
    told = actions.evidence(to, reason, by, seed, n, dry_run, out.progress)
    out.show(told, as_json, {"factors": FACTOR})


def review(
    sheet: Annotated[Path, typer.Argument(help="The pack's review.csv, with verdicts filled in.")],
    reason: Reason,
    by: By = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a reviewer's verdicts in: supported, too high, too low, or wrong facts."""
    out.show(actions.review(sheet, reason, by, dry_run, out.progress), as_json)
