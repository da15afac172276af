"""All hygiene reports of a home: made through the window, written to reports/exploration/."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

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
from realty_assets.pages import write_page
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

FINDINGS, REPORTS = "exploration.findings", "exploration.reports"
FOLDER = Path("reports") / "exploration"
OVERVIEW = "overview"
# What the helper columns of a mapping give away.
HELPERS = {
    "_close_price_per_sqft": ("price per square foot × living_area", "close_price"),
    "_list_price_per_sqft": ("list price per square foot × living_area", "list_price"),
}


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

    Raises PageNotWritten.
    """
    with window(warehouse) as seen:
        reports, texts = pages(seen, withheld)
    written = [
        write_page(warehouse.home, FOLDER / name, text, "realty explore")
        for name, text in sorted(texts.items())
    ]
    form = pl.col("path").str.split(".").list.last().alias("form")
    rows = pl.concat(written).select("name", form, "path", "sha256", "n_bytes")
    return {FINDINGS: as_frame(reports), REPORTS: rows}


def counted(warehouse: Warehouse) -> dict[str, int]:
    """{n_warn, n_note, n_unjudged} of exploration.findings."""
    rows = warehouse.read(sql("exploration/severities.sql"))
    counts = dict(rows.iter_rows())
    return {f"n_{severity}": counts.get(severity, 0) for severity in SEVERITIES}
