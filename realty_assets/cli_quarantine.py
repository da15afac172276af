"""`realty quarantine`: look at rows that were kept out, and decide on them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from realty_assets import cli_decisions as decisions
from realty_assets import cli_output as out

app = typer.Typer(
    name="quarantine",
    no_args_is_help=True,
    help="Rows that were kept out: list, show, release, discard, retry.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Id = Annotated[str | None, typer.Argument(help="A row by its id, or how that begins.")]
Rules = Annotated[list[str] | None, typer.Option("--rule", help="A rule that rows break.")]
File = Annotated[
    str | None, typer.Option("--file", help="A file by a name it came under, or by its sha256.")
]
Source = Annotated[str | None, typer.Option("--source", help="A mapping, or a vendor's family.")]
Key = Annotated[str | None, typer.Option("--key", help="A listing key.")]
Line = Annotated[int | None, typer.Option("--line", min=1, help="The line of a file.")]
Every = Annotated[bool, typer.Option("--all", help="Every row of that resolution.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the decision.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides (default: the user).")]
Standing = Annotated[
    str, typer.Option("--resolution", help="What was decided of the rows so far: open, discarded.")
]
# What fits a terminal; --json has all.
ROW_COLUMNS = ("quarantine_id", "file_name", "line_number", "listing_key", "rule_ids")
DECISION_COLUMNS = ("decided_at", "decided_by", "verb", "outcome", "fate", "reason")


def _selection(
    row: str | None,
    rules: list[str] | None,
    file: str | None,
    source: str | None,
    key: str | None,
    line: int | None,
) -> dict[str, Any]:
    said = {
        "quarantine_id": row,
        "rule_ids": rules or None,
        "file": file,
        "source": source,
        "listing_key": key,
        "line_number": line,
    }
    return {name: value for name, value in said.items() if value is not None}


@app.command("list")
def list_rows(
    row: Id = None,
    rule: Rules = None,
    file: File = None,
    source: Source = None,
    key: Key = None,
    line: Line = None,
    resolution: Annotated[
        str, typer.Option(help="open, released, discarded, retried or all.")
    ] = "open",
    limit: Annotated[int, typer.Option(min=0, help="Most rows to list.")] = 30,
    as_json: Json = False,
) -> None:
    """Count the rows that were kept out, by rule and file, and list them without their cells."""
    selection = _selection(row, rule, file, source, key, line)
    out.show(
        decisions.list_quarantine(selection, resolution, limit), as_json, {"rows": ROW_COLUMNS}
    )


@app.command()
def show(
    row: Id = None,
    rule: Rules = None,
    file: File = None,
    source: Source = None,
    key: Key = None,
    line: Line = None,
    as_json: Json = False,
) -> None:
    """Tell everything of one row: raw text, place, every rule it breaks, and its history."""
    found = decisions.show_row(_selection(row, rule, file, source, key, line))
    out.show(found, as_json, {"history": DECISION_COLUMNS})


@app.command()
def release(
    reason: Reason,
    row: Id = None,
    rule: Rules = None,
    file: File = None,
    source: Source = None,
    key: Key = None,
    line: Line = None,
    every_row: Every = False,
    resolution: Standing = "open",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let rows flow on as if they had been staged the first time, with a flag."""
    selection = _selection(row, rule, file, source, key, line)
    _decide("release", reason, by, selection, every_row, resolution, as_json)


def _decide(
    verb: str,
    reason: str,
    by: str | None,
    selection: dict[str, Any],
    every_row: bool,
    resolution: str,
    as_json: bool,
) -> None:
    told = decisions.decide(
        verb,
        reason,
        by,
        out.progress,
        selection=selection,
        every_row=every_row,
        resolution=resolution,
    )
    out.show(told, as_json)


def _command(verb: str, says: str) -> None:
    """The command `verb`, which decides on open rows."""

    @app.command(verb, help=says)
    def command(
        reason: Reason,
        row: Id = None,
        rule: Rules = None,
        file: File = None,
        source: Source = None,
        key: Key = None,
        line: Line = None,
        every_row: Every = False,
        by: By = None,
        as_json: Json = False,
    ) -> None:
        selection = _selection(row, rule, file, source, key, line)
        _decide(verb, reason, by, selection, every_row, "open", as_json)


_command("discard", "Keep rows out for good; they stay on record.")
_command(
    "retry",
    "Judge rows anew by the rules and the mapping of today; those that pass are staged.",
)
