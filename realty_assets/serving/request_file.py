"""A file that asks for values: its headings and every row of it, from text or a workbook.

Every record between the headings and the last filled one is a row, blank and broken ones too: what
becomes of a row is said beside it, never by leaving it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from realty_assets.ingestion.headers import unique
from realty_assets.ingestion.records import Splitter
from realty_assets.serving.table_file import Table, Telling, cells_of, find_table, records

BLANK = "the row is blank"
OPEN_QUOTE = "a quote mark in the row is not closed"
NEEDED = (
    "give listing_key, property_key, parcel_number or address, or living_area with latitude and "
    "longitude or postal_code (docs/values.md names the headings)"
)


@dataclass(frozen=True)
class RequestFile:
    """Headings (unique), and per row its cells as text, its physical line and what is wrong."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # as many cells as headings
    lines: tuple[int, ...]
    faults: tuple[str | None, ...]  # a reason why the row cannot be valued
    n_above: int  # records above the headings: notes, not rows
    sheet: str = ""


def read_request(path: Path, telling: Telling) -> RequestFile:
    """The rows of a delimited text file (gz too) or of a workbook's first sheet with headings.

    Raises FileRefused with one sentence when it is no table, or has no headings that tell anything
    of a home; `telling` judges a record.
    """
    return _rows_below(find_table(path, telling, NEEDED))


def _rows_below(table: Table) -> RequestFile:
    splitter = Splitter(table.delimiter, len(table.headings))
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    faults: list[str | None] = []
    n_filled = 0
    for record, fields, at, _ in records(table.data, splitter):
        if at <= table.line:
            continue
        cells = cells_of(record, splitter) if record else []
        row, fault = _fitted(cells, len(table.headings), fields < 0, padded=bool(table.sheet))
        rows.append(row)
        lines.append(at)
        faults.append(fault)
        if any(cell.strip() for cell in cells):
            n_filled = len(rows)
    # Spreadsheets save formatted but empty rows below the last one that holds something.
    return RequestFile(
        unique(list(table.headings)),
        tuple(rows[:n_filled]),
        tuple(lines[:n_filled]),
        tuple(faults[:n_filled]),
        table.n_above,
        table.sheet,
    )


def _fitted(
    cells: list[str], wanted: int, is_open: bool, padded: bool
) -> tuple[tuple[str, ...], str | None]:
    """(as many cells as headings, what is wrong with the row).

    `padded`: empty last cells are not stored, so a short row is a whole one.
    """
    fault = None
    n = len(cells)
    if not any(cell.strip() for cell in cells):
        fault = BLANK
    elif is_open:
        fault = OPEN_QUOTE
    elif any(cell.strip() for cell in cells[wanted:]) or (n < wanted and not padded):
        fault = f"fields in the row: {n}, headings: {wanted}"
    return tuple((cells + [""] * wanted)[:wanted]), fault
