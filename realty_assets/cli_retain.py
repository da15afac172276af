"""`realty retain`: letting go of what a home need not keep, and holding what it must."""

from __future__ import annotations

from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import operations_actions as actions

app = typer.Typer(
    name="retain",
    invoke_without_command=True,
    help="Let go of what the retention policy does not keep; hold what must stay.",
)
hold_app = typer.Typer(name="hold", no_args_is_help=True, help="Legal holds.")
app.add_typer(hold_app)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with it.")]
By = Annotated[str | None, typer.Option("--by", help="Who asks for it (default: the user).")]
What = Annotated[
    str, typer.Argument(help="A class, a path below the home, a model version, a run id; or a *.")
]


@app.callback()
def retain(
    context: typer.Context,
    reason: Reason = "by hand",
    by: By = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would go and why the rest stays.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let go of what the retention policy does not keep; hold what must stay."""
    if context.invoked_subcommand is None:
        out.show(actions.retain(reason, by, dry_run, out.progress), as_json)


@hold_app.command()
def add(what: What, reason: Reason, by: By = None, as_json: Json = False) -> None:
    """Hold something: it stays, whatever the policy says."""
    out.show(actions.hold("add", what, reason, by), as_json)


@hold_app.command()
def remove(what: What, reason: Reason, by: By = None, as_json: Json = False) -> None:
    """Take a hold off again."""
    out.show(actions.hold("remove", what, reason, by), as_json)


@hold_app.command("list")
def list_holds(as_json: Json = False) -> None:
    """What is held, since when, by whom and why."""
    out.show(actions.holds(), as_json)
