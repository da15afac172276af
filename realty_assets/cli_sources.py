"""`realty sources`: the mappings there are, and a draft for a file that none of them fits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realty_assets import cli_output as out
from realty_assets import source_actions as actions

app = typer.Typer(no_args_is_help=True, help="Mappings from a vendor's headings to RESO columns.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


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
