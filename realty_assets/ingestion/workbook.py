"""Excel workbooks (xlsx): the first sheet with known headings, read as if it were saved as CSV."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from realty_assets.ingestion import headers, packed
from realty_assets.ingestion.reading import FileRefused, Layout
from realty_assets.ingestion.sources import Source

PIECE_ROWS = 5_000
_BROKEN = (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, ParseError, EOFError)


def is_one(path: Path) -> bool:
    """Whether a file is a zip archive that holds a workbook."""
    names = packed.names(path)
    return "[Content_Types].xml" in names and "xl/workbook.xml" in names


def sniff(path: Path, sources: tuple[Source, ...]) -> Layout:
    """Layout of the first sheet whose headings are known.

    Raises FileRefused when no sheet has them, or the workbook is broken or far too large unpacked.
    """
    packed.refuse_bomb(path)
    tables = tuple(source for source in sources if source.form == "table")
    refused: FileRefused | None = None
    for sheet in sheets(path):
        start = next(text_of(path, sheet), b"")
        if not start.strip():
            continue
        try:
            return headers.find_header(path, start, tables, "utf-8", sheet=sheet)
        except FileRefused as error:
            refused = refused or error
    raise refused or FileRefused(f"{path.name} is a workbook without a filled sheet.")


def text_of(path: Path, sheet: str) -> Iterator[bytes]:
    """The sheet as comma-separated UTF-8, some thousand rows at a time.

    Raises FileRefused when it cannot be read.
    """
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            try:
                yield from _lines(book[sheet])
            finally:
                book.close()
    except _BROKEN as error:
        raise _broken(path) from error


def sheets(path: Path) -> list[str]:
    """The names of a workbook's sheets. Raises FileRefused when it cannot be read."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            return [sheet.title for sheet in book.worksheets]
        finally:
            book.close()
    except _BROKEN as error:
        raise _broken(path) from error


def _broken(path: Path) -> FileRefused:
    return FileRefused(f"{path.name} is a workbook that is damaged: save it again.")


def _lines(sheet: Any) -> Iterator[bytes]:
    # What the file says of its own size is often wrong.
    sheet.reset_dimensions()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    width = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [as_text(value) for value in row]
        while cells and cells[-1] == "":
            cells.pop()
        # As wide as the header, which stands among the first rows; empty last cells are not stored.
        if number <= headers.HEADER_WITHIN:
            width = max(width, len(cells))
        if cells:
            # A note of one cell above the header stays one.
            padded = cells if len(cells) == 1 else cells + [""] * (width - len(cells))
            writer.writerow(padded)
        else:
            out.write("\n")
        if number % PIECE_ROWS == 0:
            yield out.getvalue().encode("utf-8", "backslashreplace")
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode("utf-8", "backslashreplace")


def as_text(value: Any) -> str:
    """A cell as a person would read it: whole numbers without '.0', dates as ISO 8601 has them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
