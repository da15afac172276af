"""A table that somebody hands in: its text, and where its headings stand, from CSV or a workbook.

What becomes of its rows is said by those who ask: request_file.py keeps every one as it came,
roll_files.py reads two columns of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from realty_assets.ingestion import packed, reading, workbook
from realty_assets.ingestion.headers import HEADER_WITHIN
from realty_assets.ingestion.reading import FileRefused
from realty_assets.ingestion.records import Splitter

# How many cells of a record are headings that can be used.
Telling = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Table:
    """Headings as they stand, in a text (UTF-8) whose records end with line breaks."""

    data: bytes
    delimiter: str
    headings: tuple[str, ...]
    line: int  # physical line of the headings
    body: int  # place in `data` at which the records below them begin
    n_above: int  # records above the headings: notes, not rows
    sheet: str = ""


def find_table(path: Path, telling: Telling, needed: str) -> Table:
    """The table of a delimited text file (gz too) or of a workbook's first sheet with headings.

    Of the first records, by each delimiter, the one of which `telling` counts the most cells are
    the headings. Raises FileRefused with one sentence, which ends in `needed`, when none tells
    anything, or the file is no table.
    """
    if not path.is_file():
        raise FileRefused(f"There is no file {path}.")
    if workbook.is_one(path):
        packed.refuse_bomb(path)
        texts = (
            (sheet, b"".join(workbook.text_of(path, sheet))) for sheet in workbook.sheets(path)
        )
        return _first_table(path, texts, (",",), telling, needed)
    if packed.is_zip(path):
        raise FileRefused(f"{path.name} is a zip archive: unpack it, and give the table itself.")
    start = reading.beginning(path)
    if start.lstrip()[:1] in (b"{", b"["):
        raise FileRefused(f"{path.name} is JSON: give the table as CSV or xlsx.")
    text = b"".join(reading.stream(path))
    return _first_table(path, iter([("", text)]), reading.DELIMITERS, telling, needed)


def records(data: bytes, splitter: Splitter) -> Iterator[tuple[bytes, int, int, int]]:
    """(bytes, fields, physical line, place of its end) of each record; fields below 1: blank, or
    quoting is open."""
    split = splitter.split(data, 1, final=True)
    for start, end, fields, line, closed in zip(
        split.starts.tolist(),
        split.ends.tolist(),
        split.fields.tolist(),
        split.lines.tolist(),
        split.closed.tolist(),
        strict=True,
    ):
        yield data[start:end].rstrip(b"\r\n"), fields if closed else -1, line, end


def cells_of(record: bytes, splitter: Splitter) -> list[str]:
    """The cells of a record as text."""
    return [reading.text(cell) for cell in splitter.cells(record)]


def _first_table(
    path: Path,
    texts: Iterator[tuple[str, bytes]],
    delimiters: Sequence[str],
    telling: Telling,
    needed: str,
) -> Table:
    seen = []
    for sheet, data in texts:
        if not data.strip():
            continue
        if found := _table(data, delimiters, telling, sheet):
            return found
        seen.append(_first_cells(data))
    told = [
        ", ".join(cell[:40] for cell in cells[:12]) + (", ..." if len(cells) > 12 else "")
        for cells in seen
        if cells
    ]
    if not told:
        raise FileRefused(f"{path.name} is a workbook without a filled sheet.")
    raise FileRefused(
        f"{path.name} has no heading that could be used (its first row: {'; '.join(told)}): "
        f"{needed}."
    )


def _table(data: bytes, delimiters: Sequence[str], telling: Telling, sheet: str) -> Table | None:
    """The table by the delimiter and the heading record that tell the most; None: none does."""
    promises = []
    for place, delimiter in enumerate(delimiters):
        for at, (_, _, cells) in enumerate(_heads(data, Splitter(delimiter, 0))):
            promises.append((telling(cells), -place, -at))
    if not promises or max(promises)[0] == 0:
        return None
    _, place, at = max(promises)
    delimiter, above = delimiters[-place], -at
    line, body, cells = list(_heads(data, Splitter(delimiter, 0)))[above]
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    return Table(data, delimiter, tuple(cells), line, body, above, sheet)


def _heads(data: bytes, splitter: Splitter) -> Iterator[tuple[int, int, list[str]]]:
    """(physical line, place of the end, cells) of the first records that are not blank."""
    start = b"\n".join(data.split(b"\n", 4 * HEADER_WITHIN)[: 4 * HEADER_WITHIN]) + b"\n"
    found = 0
    for record, n_fields, line, end in records(start, splitter):
        if n_fields and record.strip():
            yield line, end, [cell.strip() for cell in cells_of(record, splitter)]
            found += 1
        if found == HEADER_WITHIN:
            return


def _first_cells(data: bytes) -> list[str]:
    """The cells of the first record, by the delimiter that gives the most."""
    firsts = [
        next((cells for _, _, cells in _heads(data, Splitter(mark, 0))), [])
        for mark in reading.DELIMITERS
    ]
    return max(firsts, key=len)
