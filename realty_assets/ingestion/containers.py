"""Files that hold a table in another form than delimited text, told as the text the rest reads.

A spreadsheet and a saved page of a RESO Web API become CSV in UTF-8, cell by cell and record by
record; a page's own text of a record is kept beside it, so that a quarantined one shows as it came.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from realty_assets.errors import RealtyError

ZIP_MAGIC, GZIP_MAGIC = b"PK\x03\x04", b"\x1f\x8b"
WORKBOOK = "xl/workbook.xml"
# What a container may unfold to: more is a bomb, or wants to be delivered in parts.
MOST_BYTES = 8 << 30
_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


class FileRefused(RealtyError):
    """A file that cannot be taken in at all; nothing of it is staged."""


@dataclass(frozen=True)
class Told:
    """A table as CSV text. `records`: what each record was, by its offset in the text.

    `remarks`: (offset, heading, rule id) of cells that came in an odd form.
    """

    text: bytes
    records: dict[int, str] = field(default_factory=dict)
    remarks: tuple[tuple[int, str, str], ...] = ()


def told_as_text(path: Path) -> Told | None:
    """The table in a spreadsheet or a Web API page; None for any other file.

    Raises FileRefused for one that is damaged, or holds no table.
    """
    stat = path.stat()
    return _told(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


# A file is read three times (header, rows, texts of what is quarantined): it is converted once.
@lru_cache(maxsize=2)
def _told(path: Path, n_bytes: int, mtime_ns: int, inode: int) -> Told | None:
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(ZIP_MAGIC):
        return _spreadsheet(path) if _is_spreadsheet(path) else None
    if head.startswith(GZIP_MAGIC):
        try:
            with gzip.open(path, "rb") as packed:
                head = packed.read(4096)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return None  # refused where it is read
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return None
    return _page(path)


def _is_spreadsheet(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return WORKBOOK in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _spreadsheet(path: Path) -> Told:
    import fastexcel
    import polars as pl

    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
            raise FileRefused(
                f"{path.name} unfolds to more than {MOST_BYTES >> 30} GB: save it as CSV."
            )
    try:
        book = fastexcel.read_excel(path)
        sheets = [
            book.load_sheet(name, header_row=None, dtypes="string").to_polars()
            for name in book.sheet_names
        ]
    except fastexcel.FastExcelError as error:
        raise FileRefused(
            f"{path.name} is a damaged spreadsheet ({_first_line(error)}): save it as CSV."
        ) from error
    filled = [sheet for sheet in sheets if sheet.height and sheet.width]
    if not filled:
        raise FileRefused(f"{path.name} is a spreadsheet without a filled sheet: export it again.")
    if len(filled) > 1:
        raise FileRefused(
            f"{path.name} has {len(filled)} filled sheets: save the one with the listings as a "
            "file of its own."
        )
    # A day is written as a moment at midnight.
    days = filled[0].select(pl.all().str.replace(r"^(\d{4}-\d{2}-\d{2}) 00:00:00$", "$1"))
    return Told(days.write_csv(include_header=False).encode())


def _page(path: Path) -> Told:
    text = _page_text(path)
    try:
        found = list(_records(text))
    except json.JSONDecodeError as error:
        raise FileRefused(
            f"{path.name} is JSON that breaks off or is damaged at line {error.lineno}: save the "
            "page again."
        ) from error
    except RecursionError as error:
        raise FileRefused(f"{path.name} is JSON nested too deep to be a page.") from error
    headings = list(
        dict.fromkeys(name for record, _ in found if isinstance(record, dict) for name in record)
    )
    if len(headings) < 3:
        raise FileRefused(
            f'{path.name} is JSON, but no page of a RESO Web API with its records in "value".'
        )
    numeric = _numeric(found)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    records: dict[int, str] = {}
    remarks: list[tuple[int, str, str]] = []
    at = len(out.getvalue().encode())
    for record, raw in found:
        before = out.tell()
        if isinstance(record, dict):
            writer.writerow([_cell(record.get(name)) for name in headings])
            remarks += [
                (at, name, "cell.number_as_text")
                for name in numeric
                if isinstance(record.get(name), str) and _NUMBER.fullmatch(record[name])
            ]
        else:
            # No record at all: two fields, so that it is counted as malformed.
            writer.writerow([raw, ""])
        records[at] = raw
        out.seek(before)
        at += len(out.read().encode())
    return Told(out.getvalue().encode(), records, tuple(remarks))


def _page_text(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith(GZIP_MAGIC):
        try:
            with gzip.open(io.BytesIO(data), "rb") as packed:
                data = packed.read(MOST_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileRefused(
                f"{path.name} is a gzip archive that breaks off or is damaged: deliver it again."
            ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"{path.name} is JSON, but not UTF-8 text: save the page again."
        ) from error


def _records(text: str) -> Iterator[tuple[Any, str]]:
    """(record, its own text) of the list in "value", or of a page that is a list itself.

    Raises json.JSONDecodeError where the text is not JSON.
    """
    decoder = json.JSONDecoder()

    def skip(at: int) -> int:
        match = _SPACE.match(text, at)
        assert match is not None
        return match.end()

    def expect(mark: str, at: int) -> int:
        if text[at : at + 1] != mark:
            raise json.JSONDecodeError(f"expected {mark}", text, min(at, len(text)))
        return skip(at + 1)

    def items(at: int, found: list[tuple[Any, str]]) -> int:
        at = expect("[", at)
        while text[at : at + 1] != "]":
            value, end = decoder.raw_decode(text, at)
            found.append((value, text[at:end]))
            at = skip(end)
            if text[at : at + 1] != "]":
                at = expect(",", at)
        return skip(at + 1)

    found: list[tuple[Any, str]] = []
    at = skip(0)
    if text[at : at + 1] == "[":
        at = items(at, found)
    else:
        at = expect("{", at)
        while text[at : at + 1] != "}":
            name, end = decoder.raw_decode(text, at)
            at = expect(":", skip(end))
            if name == "value" and text[at : at + 1] == "[":
                at = items(at, found)
            else:
                _, end = decoder.raw_decode(text, at)
                at = skip(end)
            if text[at : at + 1] != "}":
                at = expect(",", at)
        at = skip(at + 1)
    if at != len(text):
        raise json.JSONDecodeError("more after the end", text, at)
    yield from found


def _numeric(found: list[tuple[Any, str]]) -> list[str]:
    """Headings whose values on this page are numbers, most of them."""
    counts: dict[str, list[int]] = {}
    for record, _ in found:
        if not isinstance(record, dict):
            continue
        for name, value in record.items():
            if value is not None and not isinstance(value, bool):
                seen = counts.setdefault(name, [0, 0])
                seen[isinstance(value, int | float)] += 1
    return [name for name, (others, numbers) in counts.items() if numbers > others]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return repr(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".")
