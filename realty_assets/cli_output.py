"""How the command line speaks: progress on stderr, results on stdout, errors as one sentence."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from rich.console import Console

# Told of each step: ("step" | "done" | "failed", its name, seconds when it has ended).
OnStep = Callable[[str, str, float | None], None]
Progress = Callable[[str], AbstractContextManager[OnStep]]
_MOST_ROWS = 30


def _err() -> Console:
    """Made when it is needed, as wide as the terminal is then."""
    return Console(stderr=True, highlight=False)


def _out() -> Console:
    return Console(highlight=False)


def fail(sentence: str) -> None:
    """One sentence on stderr, as text: what comes from a file is never read as markup."""
    _err().print(
        "error: " + " ".join(sentence.split()), style="bold red", markup=False, soft_wrap=True
    )


@contextmanager
def progress(title: str) -> Iterator[OnStep]:
    """A line for each step that ends, and a spinner for the one that runs."""
    console = _err()
    with console.status(title) as spinner:

        def on_step(state: str, name: str, seconds: float | None) -> None:
            if state == "step":
                spinner.update(f"{title}: {name}")
                return
            mark = "[green]done[/]  " if state == "done" else "[red]failed[/]"
            took = "" if seconds is None else f"{seconds:7.1f} s"
            console.print(f"  {mark} {name:<34}{took}")

        yield on_step


def show(
    result: Mapping[str, Any], as_json: bool, columns: Mapping[str, Sequence[str]] | None = None
) -> None:
    """A result as JSON, or as lines and tables for a person.

    `columns`: of a table that is too wide for a terminal, the columns that a person sees.
    """
    columns = columns or {}
    if as_json:
        sys.stdout.write(json.dumps(result, indent=2, default=str, ensure_ascii=False) + "\n")
        return
    for name, value in result.items():
        rows = _rows(name, value)
        if rows is None:
            _line(name, value)
        else:
            shown = columns.get(name, list(rows[0]))
            _table(name, [{column: row[column] for column in shown} for row in rows])


def _rows(name: str, value: Any) -> list[dict[str, Any]] | None:
    """`value` as rows of a table, when it is a list of mappings or a mapping of them."""
    if isinstance(value, Mapping) and value:
        return [
            {name: key, **(one if isinstance(one, Mapping) else {"": one})}
            for key, one in value.items()
        ]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [dict(row) for row in value]
    return None


def _line(name: str, value: Any) -> None:
    _out().print(f"{name.replace('_', ' '):<24} {_cell(value)}", markup=False, soft_wrap=True)


def _table(title: str, rows: list[Mapping[str, Any]]) -> None:
    from rich.table import Table

    table = Table(title=title.replace("_", " "), title_justify="left", box=None, pad_edge=False)
    for column in rows[0]:
        number = all(isinstance(row[column], int | float) or row[column] is None for row in rows)
        table.add_column(
            column.replace("_", " "), justify="right" if number else "left", overflow="fold"
        )
    for row in rows[:_MOST_ROWS]:
        table.add_row(*(_plain(_cell(value)) for value in row.values()))
    _out().print(table)
    if len(rows) > _MOST_ROWS:
        _out().print(f"... and {len(rows) - _MOST_ROWS} more (use --json)", markup=False)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value) or "-"
    return str(value)


def text(content: str) -> None:
    """A file's content on stdout, as it is."""
    sys.stdout.write(content)


def say(text: str) -> None:
    """A line on stderr for the person at the terminal."""
    _err().print(text, markup=False, soft_wrap=True)
