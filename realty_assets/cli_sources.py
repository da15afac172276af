"""`realty sources`: the mappings there are, a draft for an unknown file, and what is blocked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import source_actions as actions

app = typer.Typer(
    name="sources", no_args_is_help=True, help="Where files come from, and how they are read."
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Name = Annotated[str, typer.Argument(help="A mapping, or a vendor's family of mappings.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides (default: the user).")]


@app.command("list")
def list_sources(as_json: Json = False) -> None:
    """The sources that files are recognised as: built-in ones, and the home's own."""
    out.show(actions.list_sources(), as_json)


@app.command()
def propose(
    file: Annotated[Path, typer.Argument(help="A file that no source fits; headings are enough.")],
    to: Annotated[
        Path | None, typer.Option("--out", help="YAML file for the draft (default: print it).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Draft a mapping for an unknown file, with a confidence and a question mark where unsure."""
    told = actions.propose(file, to)
    if as_json or to is not None:
        out.show(told, as_json)
    else:
        out.text(told["yaml"])


@app.command()
def block(
    name: Name, reason: Reason, by: By = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Keep new files of a source waiting from now on; they are put aside, whole."""
    out.show(actions.turn_source("block", name, reason, by, dry_run, out.progress), as_json)


@app.command()
def unblock(
    name: Name, reason: Reason, by: By = None, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Let a source in again; what was put aside waits in the inbox."""
    out.show(actions.turn_source("unblock", name, reason, by, dry_run, out.progress), as_json)
