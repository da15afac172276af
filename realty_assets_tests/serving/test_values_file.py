"""The file of values: rows as they came, numbers as numbers, no formula, never over the request."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from realty_assets.serving.request_file import RequestFile
from realty_assets.serving.values_file import NoSuchOutput, check_output, write_values

HEADINGS = ("listing_key", "value", "Note", "=cmd()", "Lon", "Zip")
ROWS = (
    ("00123", "1", "=HYPERLINK(1)", "+1", "-95.4", "77002"),
    ("8", "1.50", "@x\x07\ud800", "-", "-95.40", "07002"),
    ("12345678901234567890", "", "a\nb", "1e5", "", "-x"),
)
READ_AS = {"listing_key": "listing_key", "Lon": "longitude", "Zip": "postal_code"}
ANSWER = pl.DataFrame(
    {
        "value": [312_345.678901234, None, 1.0],
        "reason": [None, "no living area is given", None],
        "note": ["-x", None, None],
        "as_of": [date(2022, 1, 1)] * 3,
    }
)


OURS = ["value", "reason", "note", "as_of"]
THEIRS = ["listing_key", "value (given)", "Note", "'=cmd()", "Lon", "Zip"]


def test_csv_keeps_cells_as_they_came_and_disarms_formulas(tmp_path: Path) -> None:
    request_rows = [tuple(cell.replace("\ud800", "?") for cell in row) for row in ROWS]
    request = RequestFile(HEADINGS, tuple(request_rows), (2, 3, 4), (None,) * 3, 0)
    write_values(tmp_path / "out.csv", request, READ_AS, ANSWER)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == [*THEIRS, *OURS]
    assert [row[:6] for row in rows[1:]] == [
        ["00123", "1", "'=HYPERLINK(1)", "'+1", "-95.4", "77002"],
        ["8", "1.50", "'@x\x07?", "'-", "-95.40", "07002"],
        ["12345678901234567890", "", "a\nb", "1e5", "", "'-x"],
    ]
    assert [row[6:] for row in rows[1:]] == [
        ["312345.678901234", "", "'-x", "2022-01-01"],
        ["", "no living area is given", "", "2022-01-01"],
        ["1.0", "", "", "2022-01-01"],
    ]


def test_xlsx_has_numbers_as_numbers_and_keys_as_text(tmp_path: Path) -> None:
    request = RequestFile(HEADINGS, ROWS, (2, 3, 4), (None,) * 3, 0)
    write_values(tmp_path / "out.xlsx", request, READ_AS, ANSWER)
    assert [path.name for path in tmp_path.iterdir()] == ["out.xlsx"]
    rows: list[list[Any]] = [
        list(row) for row in openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0].values
    ]
    assert rows[0] == [*THEIRS, *OURS]
    assert rows[1][:6] == ["00123", 1, "'=HYPERLINK(1)", "'+1", -95.4, "77002"]
    assert rows[1][6:9] == [312_345.678901234, None, "'-x"]
    assert rows[1][9].date() == date(2022, 1, 1)
    assert rows[2][:7] == ["8", 1.5, "'@x  ", "'-", -95.4, "07002", None]
    assert rows[3][:6] == ["12345678901234567890", None, "a\nb", "1e5", None, "'-x"]
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_where_it_cannot_be_written_is_said_before_anything_is_computed(tmp_path: Path) -> None:
    asks = tmp_path / "homes.csv"
    asks.write_text("listing_key\n1\n")
    for to, told in (
        (asks, "is the file that asks"),
        (tmp_path / "." / "homes.csv", "is the file that asks"),
        (tmp_path / "out.parquet", "neither a .csv nor an .xlsx"),
        (tmp_path / "no" / "out.csv", "There is no folder"),
    ):
        with pytest.raises(NoSuchOutput, match=told):
            check_output(to, asks)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(NoSuchOutput, match="is a folder"):
        check_output(tmp_path / "folder.csv", asks)
    link = tmp_path / "link.csv"
    link.symlink_to(asks)
    with pytest.raises(NoSuchOutput, match="is the file that asks"):
        check_output(link, asks)
    check_output(tmp_path / "out.csv", asks)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    request = RequestFile(HEADINGS, ROWS[:1], (2,), (None,), 0)
    with pytest.raises(NoSuchOutput, match="cannot be written"):
        write_values(tmp_path / "out.csv", request, READ_AS, ANSWER.head(1))
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
