"""A report as Markdown, whose differences tell what changed, and as a page of HTML with pictures.

Neither holds a clock, a run or a path, and neither needs the network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from realty_assets.exploration.findings import (
    SEVERITIES,
    Cell,
    Picture,
    Report,
    Table,
    figure,
)
from realty_assets.pages import environment

TEMPLATES = Path(__file__).parent / "templates"
SAYS = {"warn": "Warning", "note": "Note", "unjudged": "Not judged"}
_FIGURE = re.compile(r"[<>]?-?\d[\d,.]*%?")
_MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def said(cell: Cell) -> str:
    """A cell of a table as text, on one line."""
    text = cell if isinstance(cell, str) else figure(cell)
    return " ".join(text.split())


def is_figure(table: Table, column: int) -> bool:
    """Whether a column holds figures, which are set to the right."""
    cells = [said(row[column]) for row in table.rows]
    return bool(cells) and all(cell == "–" or _FIGURE.fullmatch(cell) for cell in cells)


def markdown(report: Report) -> str:
    """The findings and tables of a report. What comes from the data is never read as markup."""
    lines = [f"# {report.title}", "", report.about, "", "## Findings", ""]
    if not report.findings:
        lines += ["Nothing was found.", ""]
    for severity in SEVERITIES:
        found = [item.sentence for item in report.findings if item.severity == severity]
        if found:
            lines += [f"### {SAYS[severity]} ({len(found)})", ""]
            lines += [f"- {_plain(sentence)}" for sentence in found] + [""]
    for part in report.parts:
        if isinstance(part, Table):
            lines += [f"## {part.title}", "", *_table(part), ""]
            lines += [_plain(part.note), ""] if part.note else []
    return "\n".join(lines)


def html(report: Report, all_reports: Sequence[Report]) -> str:
    """One page that needs nothing beside it, with links to the pages of `all_reports`."""
    template = environment(TEMPLATES).get_template("hygiene.html.j2")
    return template.render(
        report=report,
        reports=all_reports,
        said=said,
        says=SAYS,
        severities=SEVERITIES,
        is_figure=is_figure,
        is_picture=lambda part: isinstance(part, Picture),
    )


def with_colours(svg: str) -> str:
    """A drawing with the stylesheet that gives it its colours, for a page that has none."""
    style = environment(TEMPLATES).get_template("drawing.css.j2").render()
    return f"<style>{style}</style>{svg}"


def _table(table: Table) -> list[str]:
    if not table.rows:
        return ["None."]
    sides = ["---:" if is_figure(table, at) else "---" for at in range(len(table.columns))]
    return [
        f"| {' | '.join(_plain(name) for name in table.columns)} |",
        f"| {' | '.join(sides)} |",
        *(f"| {' | '.join(_plain(said(cell)) for cell in row)} |" for row in table.rows),
    ]


def _plain(text: str) -> str:
    # An underscore inside a word is no markup, and every field has one.
    return re.sub(r"(?<=\w)\\_(?=\w)", "_", _MARKUP.sub(r"\\\1", " ".join(text.split())))
