"""Request files: every record is a row, in order, whatever it holds; no table, one sentence."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realty_assets.ingestion.reading import FileRefused
from realty_assets.serving.request_columns import telling
from realty_assets.serving.request_file import BLANK, RequestFile, read_request

TEXT = "Ref,Address,Sqft\n1,9 Café St,1500\n2,8 Elm St,\n"
ROWS = (("1", "9 Café St", "1500"), ("2", "8 Elm St", ""))


def read(folder: Path, data: bytes, name: str = "homes.csv") -> RequestFile:
    path = folder / name
    path.write_bytes(data)
    return read_request(path, telling)


def refused(folder: Path, data: bytes, name: str = "homes.csv") -> str:
    with pytest.raises(FileRefused) as told:
        read(folder, data, name)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("cp1252"),
        TEXT.encode("utf-16"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace(",", "|").replace("\n", "\r\n").encode(),
        gzip.compress(TEXT.encode(), mtime=0),
        b"Our portfolio of May\n\n" + TEXT.encode(),
        TEXT.encode().rstrip(b"\n"),
    ],
)
def test_the_usual_encodings_and_delimiters_are_read(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path, data)
    assert found.headings == ("Ref", "Address", "Sqft")
    assert found.rows == ROWS
    assert found.faults == (None, None)
    assert found.n_above == data.startswith(b"Our")


def test_blank_and_broken_rows_keep_their_place_and_say_what_is_wrong(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        b"listing_key,address\n\n1,2 Elm St\n ,\n2,3 Elm St,rear,\n3\n4,5 Elm St,,\n,\n\n",
    )
    assert list(zip(found.lines, found.rows, found.faults, strict=True)) == [
        (2, ("", ""), BLANK),
        (3, ("1", "2 Elm St"), None),
        (4, (" ", ""), BLANK),
        (5, ("2", "3 Elm St"), "fields in the row: 4, headings: 2"),
        (6, ("3", ""), "fields in the row: 1, headings: 2"),
        (7, ("4", "5 Elm St"), None),
    ]


def test_a_quote_that_never_closes_takes_no_other_row_with_it(tmp_path: Path) -> None:
    found = read(tmp_path, b'listing_key,address\n1,"2 Elm St\n2,3 Elm St\n3,4 Elm St\n')
    assert [row[0] for row in found.rows] == ["1", "2", "3"]
    assert found.faults[0] is not None
    assert found.faults[1:] == (None, None)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
            | st.sampled_from(["", '"', '""', "\n", ",", ";", "=1+1", "#N/A", " ", "a\nb", "'"]),
            min_size=3,
            max_size=3,
        ),
        max_size=12,
    ),
    st.sampled_from(",;|\t"),
)
def test_whatever_the_cells_hold_every_row_is_there_once_and_in_order(
    tmp_path: Path, cells: list[list[str]], delimiter: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["listing_key", "address", "note"], *cells])
    found = read(tmp_path, out.getvalue().encode())
    filled = [at for at, row in enumerate(cells) if any(cell.strip() for cell in row)]
    wanted = cells[: filled[-1] + 1] if filled else []
    assert [list(row) for row in found.rows] == wanted
    assert [fault == BLANK for fault in found.faults] == [
        not any(cell.strip() for cell in row) for row in wanted
    ]


def workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_from_the_sheet_that_has_homes(tmp_path: Path) -> None:
    rows = [["Ref", "APN", "Sqft", "Zip"], [1, "0012", 1798.0, 77002], [], [2, None, "#N/A"], [3]]
    found = read(tmp_path, workbook([["About", "this file"]], rows), "homes.xlsx")
    assert found.sheet == "Sheet1"
    assert found.rows == (
        ("1", "0012", "1798", "77002"),
        ("", "", "", ""),
        ("2", "", "#N/A", ""),
        ("3", "", "", ""),
    )
    assert found.faults == (None, BLANK, None, None)


def test_what_is_no_table_of_homes_is_refused_with_one_sentence(tmp_path: Path) -> None:
    told = refused(tmp_path, b"Borrower,Loan #,Account number\nx,1,2\n")
    assert "Borrower, Loan #, Account number" in told
    assert "listing_key" in told
    assert "living_area" in told
    assert "About, this file" in refused(
        tmp_path, workbook([["About", "this file"]], [["Loan"]]), "homes.xlsx"
    )
    assert "without a filled sheet" in refused(tmp_path, workbook([]), "homes.xlsx")
    assert "is JSON" in refused(tmp_path, b'[{"listing_key": "1"}]')
    assert "0 bytes" in refused(tmp_path, b"")
    assert "blank lines" in refused(tmp_path, b"\n\n")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("homes.csv", TEXT)
    assert "unpack it" in refused(tmp_path, packed.getvalue())
    with pytest.raises(FileRefused, match="There is no file"):
        read_request(tmp_path / "nothing.csv", telling)
