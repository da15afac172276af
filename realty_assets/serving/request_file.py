"""A file that asks for values: its headings and every row of it, from text or a workbook.

Every record between the headings and the last filled one is a row, blank and broken ones too: what
becomes of a row is said beside it, never by leaving it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from realty_assets.ingestion import packed, reading, workbook
from realty_assets.ingestion.headers import HEADER_WITHIN, unique
from realty_assets.ingestion.reading import FileRefused
from realty_assets.ingestion.records import Splitter

BLANK = "the row is blank"
OPEN_QUOTE = "a quote mark in the row is not closed"


@dataclass(frozen=True)
class RequestFile:
    """Headings (unique), and per row its cells as text, its physical line and what is wrong."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # as many cells as headings
    lines: tuple[int, ...]
    faults: tuple[str | None, ...]  # a reason why the row cannot be valued
    n_above: int  # records above the headings: notes, not rows
    sheet: str = ""


# How many cells of a record are headings that can be used.
Telling = Callable[[Sequence[str]], int]


def read_request(path: Path, telling: Telling) -> RequestFile:
    """The rows of a delimited text file (gz too) or of a workbook's first sheet with headings.

    Raises FileRefused with one sentence when it is no table, or has no headings that tell anything
    of a home; `telling` judges a record.
    """
    if not path.is_file():
        raise FileRefused(f"There is no file {path}.")
    if workbook.is_one(path):
        packed.refuse_bomb(path)
        return _of_workbook(path, telling)
    if packed.is_zip(path):
        raise FileRefused(f"{path.name} is a zip archive: unpack it, and give the table itself.")
    start = reading.beginning(path)
    if start.lstrip()[:1] in (b"{", b"["):
        raise FileRefused(f"{path.name} is JSON: give the homes as CSV or xlsx.")
    data = b"".join(reading.stream(path))
    found = _of_text(data, reading.DELIMITERS, telling)
    if found is None:
        raise _no_headings(path, [_first_cells(data)])
    return found


def _of_workbook(path: Path, telling: Telling) -> RequestFile:
    seen = []
    for sheet in workbook.sheets(path):
        data = b"".join(workbook.text_of(path, sheet))
        if not data.strip():
            continue
        if found := _of_text(data, (",",), telling, sheet):
            return found
        seen.append(_first_cells(data))
    raise _no_headings(path, seen)


def _of_text(
    data: bytes, delimiters: Sequence[str], telling: Telling, sheet: str = ""
) -> RequestFile | None:
    """The table by the delimiter and the heading record that tell the most; None: none does."""
    promises = []
    for place, delimiter in enumerate(delimiters):
        splitter = Splitter(delimiter, 0)
        for at, (_, cells) in enumerate(_heads(data, splitter)):
            promises.append((telling(cells), -place, -at))
    if not promises or max(promises)[0] == 0:
        return None
    _, place, above = max(promises)
    delimiter, above = delimiters[-place], -above
    line, cells = list(_heads(data, Splitter(delimiter, 0)))[above]
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    return _rows_below(data, Splitter(delimiter, len(cells)), tuple(cells), line, above, sheet)


def _heads(data: bytes, splitter: Splitter) -> Iterator[tuple[int, list[str]]]:
    """(physical line, cells) of the first records that are not blank."""
    start = b"\n".join(data.split(b"\n", 4 * HEADER_WITHIN)[: 4 * HEADER_WITHIN]) + b"\n"
    found = 0
    for record, n_fields, line in _records(start, splitter):
        if n_fields and record.strip():
            yield line, [cell.strip() for cell in _cells(record, splitter)]
            found += 1
        if found == HEADER_WITHIN:
            return


def _records(data: bytes, splitter: Splitter) -> Iterator[tuple[bytes, int, int]]:
    """(bytes, fields, physical line) of each record; fields below 1: blank, or quoting is open."""
    split = splitter.split(data, 1, final=True)
    for start, end, fields, line, closed in zip(
        split.starts.tolist(),
        split.ends.tolist(),
        split.fields.tolist(),
        split.lines.tolist(),
        split.closed.tolist(),
        strict=True,
    ):
        yield data[start:end].rstrip(b"\r\n"), fields if closed else -1, line


def _cells(record: bytes, splitter: Splitter) -> list[str]:
    return [reading.text(cell) for cell in splitter.cells(record)]


def _rows_below(
    data: bytes, splitter: Splitter, headings: tuple[str, ...], line: int, above: int, sheet: str
) -> RequestFile:
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    faults: list[str | None] = []
    n_filled = 0
    for record, fields, at in _records(data, splitter):
        if at <= line:
            continue
        cells = _cells(record, splitter) if record else []
        row, fault = _fitted(cells, len(headings), fields < 0, padded=bool(sheet))
        rows.append(row)
        lines.append(at)
        faults.append(fault)
        if any(cell.strip() for cell in cells):
            n_filled = len(rows)
    # Spreadsheets save formatted but empty rows below the last one that holds something.
    return RequestFile(
        unique(list(headings)),
        tuple(rows[:n_filled]),
        tuple(lines[:n_filled]),
        tuple(faults[:n_filled]),
        above,
        sheet,
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


def _first_cells(data: bytes) -> list[str]:
    """The cells of the first record, by the delimiter that gives the most."""
    firsts = [
        next((cells for _, cells in _heads(data, Splitter(mark, 0))), [])
        for mark in reading.DELIMITERS
    ]
    return max(firsts, key=len)


NEEDED = (
    "give listing_key, property_key, parcel_number or address, or living_area with latitude and "
    "longitude or postal_code (docs/values.md names the headings)"
)


def _no_headings(path: Path, seen: list[list[str]]) -> FileRefused:
    told = [
        ", ".join(cell[:40] for cell in cells[:12]) + (", ..." if len(cells) > 12 else "")
        for cells in seen
        if cells
    ]
    if not told:
        return FileRefused(f"{path.name} is a workbook without a filled sheet.")
    return FileRefused(
        f"{path.name} has no heading by which a home could be found or valued (its first row: "
        f"{'; '.join(told)}): {NEEDED}."
    )
