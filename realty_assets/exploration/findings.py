"""What a hygiene report is made of: findings in sentences, tables, and pictures beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
from markupsafe import Markup

# warn: something to mend or to keep away from a model; note: worth knowing; unjudged: too little
# to go by, and said so.
Severity = Literal["warn", "note", "unjudged"]
SEVERITIES: tuple[Severity, ...] = ("warn", "note", "unjudged")
LEAKS = ("after_the_close", "tells_the_price", "predicts_the_split", "time_travel")
Cell = str | int | float | None
FINDING_SCHEMA = {
    "report": pl.String,
    "number": pl.Int32,
    "kind": pl.String,
    "severity": pl.String,
    "source": pl.String,
    "field": pl.String,
    "n_rows": pl.Int64,
    "sentence": pl.String,
}


@dataclass(frozen=True)
class Finding:
    """One thing that a report found. `n_rows`: how many rows it is about."""

    kind: str
    severity: Severity
    source: str
    field: str
    n_rows: int
    sentence: str


@dataclass(frozen=True)
class Table:
    """Figures, with a heading for each column."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawing; the figures in it stand in a table of the same report."""

    title: str
    svg: Markup
    note: str = ""


@dataclass(frozen=True)
class Report:
    """One hygiene report: `about` says in a sentence or two what it looks at."""

    name: str
    title: str
    about: str
    findings: tuple[Finding, ...]
    parts: tuple[Table | Picture, ...]

    def count(self, severity: Severity) -> int:
        return sum(finding.severity == severity for finding in self.findings)


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The weightiest first, then by source, kind and field: the same for the same findings."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (SEVERITIES.index(f.severity), f.source, f.kind, f.field, f.sentence),
        )
    )


def as_frame(reports: Sequence[Report]) -> pl.DataFrame:
    """The rows of exploration.findings: report, its number there, and the finding."""
    rows = [
        {"report": report.name, "number": number, **vars(finding)}
        for report in reports
        for number, finding in enumerate(report.findings, start=1)
    ]
    return pl.DataFrame(rows, schema=FINDING_SCHEMA)


def share(part: int, whole: int) -> str:
    """3 of 400 -> 0.8%; exact ends only where they are exact: 0.04% -> <0.1%, 99.96% -> >99.9%."""
    if whole == 0:
        return "–"
    text = f"{100 * part / whole:.1f}%"
    if text == "0.0%" and part:
        return "<0.1%"
    return ">99.9%" if text == "100.0%" and part < whole else text


def figure(value: float | None) -> str:
    """A number as people write it: 1234567.0 -> 1,234,567; 0.125 -> 0.125; None -> –."""
    if value is None:
        return "–"
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.6g}" if abs(value) < 1000 else f"{value:,.1f}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """a, b and 3 more."""
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return ", ".join(shown[:-1]) + (" and " if shown[1:] else "") + shown[-1] if shown else ""
