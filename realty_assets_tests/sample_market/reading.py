"""Read the exports back with the standard library alone, as a second opinion."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """A record of a file: its number (1 = first data record), its line and its cells."""

    number: int
    line: int
    cells: list[str]


def decode(data: bytes) -> str:
    """Text of a file that may be Windows-1252 in part: each line is UTF-8 if it can be."""
    lines = []
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\r\n"):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(line.decode("cp1252"))
    return "\r\n".join(lines)


def read(path: Path) -> tuple[list[str], list[Record], list[int]]:
    """(headings, records, lines that are no records) of an export."""
    reader = csv.reader(io.StringIO(decode(path.read_bytes()), newline=""))
    headings = next(reader)
    records: list[Record] = []
    others: list[int] = []
    before = reader.line_num
    for cells in reader:
        line, before = before + 1, reader.line_num
        if len(cells) <= 1 or cells[0].startswith("Total"):
            others.append(line)
        else:
            records.append(Record(len(records) + 1, line, cells))
    return headings, records, others
