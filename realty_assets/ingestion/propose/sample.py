"""The beginning of a file nobody knows: its headings and as many rows as it takes to judge them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from realty_assets.errors import RealtyError
from realty_assets.ingestion import reading
from realty_assets.ingestion.propose.words import likeness, names, word_list

SAMPLE_BYTES, SAMPLE_ROWS = 8 << 20, 20_000
_HEADER_WITHIN = 8


class ProposalError(RealtyError):
    """A file for which no mapping can be drafted."""


@dataclass(frozen=True)
class Sample:
    """Headings as they stand in the file, and text cells by column; rows may be none."""

    headings: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]

    @property
    def n_rows(self) -> int:
        return len(self.columns[0]) if self.columns else 0


def read_sample(path: Path) -> Sample:
    """The headings and first rows of a delimited text file.

    Raises ProposalError, or FileRefused for one that is no text, with one sentence.
    """
    rows = _rows(_beginning(path))
    if not rows:
        raise ProposalError(f"{path.name} holds nothing but blank lines: export it again.")
    at = max(
        range(min(len(rows), _HEADER_WITHIN)), key=lambda place: (_telling(rows[place]), -place)
    )
    headings = tuple(cell.strip() for cell in rows[at])
    if len(headings) < 2 or not _telling(rows[at]):
        raise ProposalError(
            f"{path.name} has no header row that names a price, an address or the like in its "
            f"first {_HEADER_WITHIN} lines: is it an export of listings, with its headings?"
        )
    whole = [row for row in rows[at + 1 :] if len(row) == len(headings)][:SAMPLE_ROWS]
    return Sample(headings, tuple(zip(*whole, strict=True)) if whole else ())


def _beginning(path: Path) -> str:
    if not path.is_file():
        raise ProposalError(f"There is no file {path}.")
    reading.stamp(path)
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith((b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"%PDF", b"PAR1")):
        raise ProposalError(
            f"{path.name} is an archive, a spreadsheet or a picture: give its table as CSV."
        )
    pieces: list[bytes] = []
    size = 0
    for piece in reading.stream(path):
        pieces.append(piece)
        size += len(piece)
        if size >= SAMPLE_BYTES:
            break
    data = b"".join(pieces)
    if size >= SAMPLE_BYTES:
        data = data[: data.rfind(b"\n", 0, SAMPLE_BYTES) + 1]
    text = reading.text(data)
    if text.lstrip()[:1] in ("<", "{", "["):
        raise ProposalError(f"{path.name} is a web page or JSON: give its table as CSV.")
    return text


def _rows(text: str) -> list[list[str]]:
    """Records that are not blank, split by the delimiter that gives the most telling header."""
    start = "\n".join(text.split("\n")[:_HEADER_WITHIN])

    def promise(delimiter: str) -> tuple[int, int]:
        heads = _split(start, delimiter, _HEADER_WITHIN)
        return max(((_telling(row), len(row)) for row in heads), default=(0, 0))

    delimiter = max(reading.DELIMITERS, key=promise)
    return _split(text, delimiter, SAMPLE_ROWS + _HEADER_WITHIN)


def _split(text: str, delimiter: str, most: int) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter)
    csv.field_size_limit(SAMPLE_BYTES)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) == most:
                break
    except csv.Error:
        # A quote mark that never closes: what came before it is enough.
        return rows
    return rows


def _telling(row: list[str]) -> int:
    """How many cells of a record read like headings of listings."""
    return sum(
        any(likeness(words, column)[0] >= 0.5 for column in names())
        for cell in row
        if len(cell) < 80
        and not re.fullmatch(r"[\d\s.,$:/-]*", cell)
        and (words := frozenset(word_list(cell)))
    )
