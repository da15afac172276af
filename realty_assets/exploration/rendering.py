"""A report as Markdown, whose differences tell what changed, and as a page of HTML with pictures.

Neither holds a clock, a run or a path, and neither needs the network.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from realty_assets.exploration.findings import (
    SEVERITIES,
    Cell,
    Picture,
    Report,
    Table,
    figure,
)

TEMPLATES = Path(__file__).parent / "templates"
SAYS = {"warn": "Warning", "note": "Note", "unjudged": "Not judged"}
_FIGURE = re.compile(r"[<>]?-?\d[\d,.]*%?")
_MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def templates_hash() -> str:
    """sha256 (hex) of the templates: pages are made anew when their form changes."""
    parts = [path.name.encode() + path.read_bytes() for path in sorted(TEMPLATES.glob("*.j2"))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


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
    return (
        _templates()
        .get_template("hygiene.html.j2")
        .render(
            report=report,
            reports=all_reports,
            said=said,
            says=SAYS,
            severities=SEVERITIES,
            is_figure=is_figure,
            is_picture=lambda part: isinstance(part, Picture),
        )
    )


def with_colours(svg: str) -> str:
    """A drawing with the stylesheet that gives it its colours, for a page that has none."""
    return f"<style>{_templates().get_template('drawing.css.j2').render()}</style>{svg}"


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


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
