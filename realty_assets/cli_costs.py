"""`realty costs`: what runs cost, and what bills say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import operations_actions as actions

app = typer.Typer(
    name="costs",
    invoke_without_command=True,
    help="What runs cost: this month, by run, by table, by unit of work; reconcile with a bill.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
COLUMNS = {
    "budgets": ["budgets", "soft", "hard"],
    "runs": ["job", "started_at", "wall_s", "cpu_s", "n_rebuilt", "est_cost_usd"],
    "assets": [
        *("asset", "n_rebuilt", "wall_s", "cpu_s", "n_rows", "table_bytes", "est_cost_usd"),
    ],
}


@app.callback()
def costs(context: typer.Context, as_json: Json = False) -> None:
    """What runs cost: this month and its budgets, by run, by table, by unit of work; what was spent
    for nothing, room on disk by class, and bills beside the estimate."""
    if context.invoked_subcommand is None:
        out.show(actions.costs(), as_json, COLUMNS)


@app.command()
def reconcile(
    bill: Annotated[Path, typer.Argument(help="A CSV file: day, usd, and service if several.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "by hand",
    by: Annotated[str | None, typer.Option("--by", help="Who does it (default: the user).")] = None,
    as_json: Json = False,
) -> None:
    """Take a bill in, and see it beside the estimate of the same days. Lines that cannot be read
    are refused one by one; the same file again changes nothing."""
    out.show(actions.reconcile(bill, reason, by), as_json)
