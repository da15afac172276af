"""The answer to a request as a file: every row of the request, and behind it its value.

CSV or xlsx by suffix, written beside its place and renamed.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.serving.request_file import RequestFile

FORMS = (".csv", ".xlsx")
# A spreadsheet takes a text that begins so for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Written so, a number reads back as itself: no leading zeros, no digits beyond a double's.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?")
_NOT_IN_A_CELL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT_COLUMNS = ("listing_key", "property_key", "parcel_number", "postal_code", "unit_number")
MAX_CELL, MAX_SHEET_ROWS = 32_767, 1_048_575


class NoSuchOutput(RealtyError):
    """The answer cannot be written where it was asked to be."""


def check_output(to: Path, request: Path) -> None:
    """Raises NoSuchOutput unless `to` is a file to be that may be written."""
    if to.suffix.lower() not in FORMS:
        raise NoSuchOutput(f"{to.name} is neither a .csv nor an .xlsx file: name one of these.")
    if to.is_dir():
        raise NoSuchOutput(f"{to} is a folder: name a file for the values.")
    if to.exists() and request.exists() and to.samefile(request):
        raise NoSuchOutput(f"{to} is the file that asks: name another for the values.")
    if not to.absolute().parent.is_dir():
        raise NoSuchOutput(f"There is no folder {to.absolute().parent}: make it first.")


def write_values(
    to: Path, request: RequestFile, read_as: dict[str, str], answer: pl.DataFrame
) -> None:
    """Writes the cells of the request as they came, and behind them the columns of `answer`.

    Raises NoSuchOutput when the file cannot be written.
    """
    theirs = [_apart(heading, answer.columns) for heading in request.headings]
    texts = [read_as.get(heading) in _TEXT_COLUMNS for heading in request.headings]
    headings: list[Any] = [_safe(name) for name in (*theirs, *answer.columns)]
    said = (tuple(map(_told, row)) for row in answer.iter_rows())
    beside = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        if to.suffix.lower() == ".csv":
            with beside.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(headings)
                for cells, ours in zip(request.rows, said, strict=True):
                    writer.writerow([*map(_as_it_came, cells), *ours])
        else:
            given = (map(_number_or_text, row, texts) for row in request.rows)
            rows = ([*row, *ours] for row, ours in zip(given, said, strict=True))
            _write_workbook(beside, headings, rows, answer.height)
        beside.replace(to)
    except OSError as error:
        raise NoSuchOutput(f"{to} cannot be written: {error.strerror or error}.") from error
    finally:
        beside.unlink(missing_ok=True)


def _apart(heading: str, ours: Sequence[str]) -> str:
    """A heading of the request that is not also one of the answer's."""
    name = heading
    while name in ours:
        name += " (given)"
    return name


def _as_it_came(cell: str) -> str:
    return cell if _NUMBER.fullmatch(cell) else _safe(cell)


def _number_or_text(cell: str, is_text: bool) -> Any:
    """A number where the cell is written as one and is no key; else its text, made safe."""
    if not is_text and _NUMBER.fullmatch(cell):
        return float(cell) if "." in cell else int(cell)
    return _as_it_came(cell)


def _told(value: Any) -> Any:
    return _safe(value) if isinstance(value, str) else value


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_workbook(
    path: Path, headings: list[Any], rows: Iterator[list[Any]], n_rows: int
) -> None:
    import openpyxl

    if n_rows > MAX_SHEET_ROWS:
        raise NoSuchOutput(
            f"A sheet holds {MAX_SHEET_ROWS:,} rows, not {n_rows:,}: ask for a .csv."
        )
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("values")
    sheet.append([_cell(heading) for heading in headings])
    for row in rows:
        sheet.append([_cell(value) for value in row])
    book.save(path)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_IN_A_CELL.sub(" ", value)[:MAX_CELL] or None
    return value if isinstance(value, int | float | bool | date) else None
