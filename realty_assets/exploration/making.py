"""All hygiene reports of a home: made through the window, written to reports/exploration/."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.exploration.distributions import distributions
from realty_assets.exploration.drift import drift
from realty_assets.exploration.duplicates import duplicates
from realty_assets.exploration.findings import SEVERITIES, Report, Table, as_frame, in_order
from realty_assets.exploration.leakage import Withheld, leakage
from realty_assets.exploration.missingness import missingness
from realty_assets.exploration.photos import photos
from realty_assets.exploration.rendering import html, markdown
from realty_assets.exploration.window import QUARANTINE, Window, window
from realty_assets.ingestion.sources import Source
from realty_assets.warehouse import Warehouse, sql

FINDINGS, REPORTS = "exploration.findings", "exploration.reports"
FOLDER = Path("reports") / "exploration"
OVERVIEW = "overview"
# What the helper columns of a mapping give away.
HELPERS = {
    "_close_price_per_sqft": ("price per square foot × living_area", "close_price"),
    "_list_price_per_sqft": ("list price per square foot × living_area", "list_price"),
}


class ReportNotWritten(RealtyError):
    """A report's file could not be written."""


def all_reports(seen: Window, withheld: Sequence[Withheld] = ()) -> list[Report]:
    """The six hygiene reports of what a window shows."""
    return [
        missingness(seen),
        distributions(seen),
        duplicates(seen),
        leakage(seen, withheld),
        drift(seen),
        photos(seen),
    ]


def overview(seen: Window, reports: Sequence[Report]) -> Report:
    """What is staged, and every warning of the other reports."""
    sizes = seen.find("source_sizes")
    kept_out = seen.find("quarantined").rows() if seen.shows(QUARANTINE) else []
    return Report(
        OVERVIEW,
        "Overview",
        "What is staged, and what the hygiene reports warn of. They see the staging tables and "
        "nothing else, and never the raw text of a record.",
        in_order([f for report in reports for f in report.findings if f.severity == "warn"]),
        (
            Table(
                "Sources",
                ("source", "versions", "listings", "sales", "first known", "last known"),
                tuple((*row[:4], *(f"{day}" for day in row[4:])) for row in sizes.iter_rows()),
            ),
            Table(
                "Reports",
                ("report", "warnings", "notes", "not judged"),
                tuple(
                    (report.title, *(report.count(severity) for severity in SEVERITIES))
                    for report in reports
                ),
            ),
            Table(
                "Records kept out of staging, by rule",
                ("source", "rule", "records"),
                tuple(kept_out),
                "A record that breaks several rules counts for each. Its text is not shown here.",
            ),
        ),
    )


def withheld_by(sources: Iterable[Source]) -> list[Withheld]:
    """The headings that mappings read for their rules only, and that give a price away."""
    found = {
        Withheld(source.group, heading, *HELPERS[cell.to])
        for source in sources
        for heading, cell in source.cells()
        if cell.to in HELPERS
    }
    return sorted(found, key=lambda entry: (entry.source, entry.target, entry.heading))


def pages(seen: Window, withheld: Sequence[Withheld] = ()) -> tuple[list[Report], dict[str, str]]:
    """(the reports, {file name: text}) of a window: Markdown and HTML for each, and an overview."""
    reports = all_reports(seen, withheld)
    shown = [overview(seen, reports), *reports]
    texts = {f"{report.name}.md": markdown(report) for report in shown}
    return reports, texts | {f"{report.name}.html": html(report, shown) for report in shown}


def make(warehouse: Warehouse, withheld: Sequence[Withheld] = ()) -> dict[str, pl.DataFrame]:
    """Writes all reports of a home; gives the rows of exploration.findings and .reports.

    Each file is written beside its place and renamed. Raises ReportNotWritten when that fails.
    """
    with window(warehouse) as seen:
        reports, texts = pages(seen, withheld)
    rows = [_write(warehouse.home, name, text) for name, text in sorted(texts.items())]
    return {FINDINGS: as_frame(reports), REPORTS: pl.DataFrame(rows)}


def damaged(warehouse: Warehouse) -> list[str]:
    """Paths of report files that are gone, or no longer what the table says they are."""
    wrong = []
    for path, digest in warehouse.read(REPORTS).select("path", "sha256").sort("path").iter_rows():
        file = warehouse.home / path
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            wrong.append(path)
    return wrong


def counted(warehouse: Warehouse) -> dict[str, int]:
    """{n_warn, n_note, n_unjudged} of exploration.findings."""
    rows = warehouse.read(sql("exploration/severities.sql"))
    counts = dict(rows.iter_rows())
    return {f"n_{severity}": counts.get(severity, 0) for severity in SEVERITIES}


def _write(home: Path, name: str, text: str) -> dict[str, str | int]:
    body = text.encode("utf-8")
    target = home / FOLDER / name
    unfinished = target.with_name(name + ".tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(body)
        os.replace(unfinished, target)
    except OSError as error:
        raise ReportNotWritten(
            f"The report {target} could not be written ({error.strerror}): free some space or mend "
            "its permissions, and run `realty explore` again."
        ) from error
    return {
        "name": target.stem,
        "form": target.suffix[1:],
        "path": (FOLDER / name).as_posix(),
        "sha256": hashlib.sha256(body).hexdigest(),
        "n_bytes": len(body),
    }
