"""Archives and workbooks: what is taken out of them, and what is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from realty_assets.ingestion import inbox, packed, photo_inbox
from realty_assets.ingestion.conservation import unbalanced
from realty_assets.ingestion.intake import Taken
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import HEADINGS, export, sale
from realty_assets_tests.markets import realty_here, realty_json


def archive(path: Path, members: dict[str, bytes], **more: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", more.get("compression", zipfile.ZIP_STORED)) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def rows(first: int, n: int = 40) -> bytes:
    return export([sale(number) for number in range(first, first + n)])


def test_every_table_is_a_delivery_and_the_rest_is_left(
    home: Path,
    take: Callable[..., Taken],
    table: Callable[[str], pl.DataFrame],
    warehouse: Warehouse,
) -> None:
    broken = export([*(sale(number) for number in range(100, 130)), sale(130, Close_Price="$1")])
    members = {
        "a/x.csv": rows(0),
        "b/x.csv": broken,
        "__MACOSX/._x.csv": b"\0\5",
        ".hidden.csv": b"no",
        "README.txt": b"How to read this.",
        "photo.jpg": b"\xff\xd8\xff",
    }
    archive(home / "inbox/week.zip", members)
    taken = take().rows
    assert [row.file_name for row in taken] == ["week.zip/a/x.csv", "week.zip/b/x.csv"]
    assert [(row.rows_staged, row.rows_quarantined) for row in taken] == [(40, 0), (30, 1)]
    assert table("staging.quarantine")["file_name"].to_list() == ["week.zip/b/x.csv"]
    # The photo is left for the photo intake, and nothing else.
    left = [path for path in (home / "inbox").rglob("*") if path.is_file()]
    assert [packed.told_name(path) for path in left] == ["week.zip/photo.jpg"]
    assert [one.told for one in photo_inbox.waiting(home)] == ["week.zip/photo.jpg"]
    assert [path.name for path in (home / "archive").rglob("*.zip")] == ["week.zip"]
    assert unbalanced(warehouse).wrong == []


def test_killed_between_unpacking_and_moving_the_archive(
    home: Path, take: Callable[..., Taken]
) -> None:
    path = archive(home / "inbox/har/week.zip", {"x.csv": rows(0), "y.csv": rows(50)})
    kept = path.read_bytes()
    packed.unpack_waiting([path], home / "scratch", home)
    waiting = inbox.pending(home)
    assert [packed.told_name(one) for one in waiting] == ["week.zip/x.csv", "week.zip/y.csv"]
    # As if the kill had come before the archive was moved, and one member were damaged half-way.
    path.write_bytes(kept)
    waiting[0].write_bytes(b"half")
    taken = take().rows
    assert [(row.file_name, row.status) for row in taken] == [
        ("week.zip/x.csv", "staged"),
        ("week.zip/y.csv", "staged"),
    ]
    assert not [one for one in (home / "inbox").rglob("*") if one.is_file()]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"../x.csv": rows(0)}, "leaves the archive"),
        ({"/etc/x.csv": rows(0)}, "leaves the archive"),
        ({"readme.txt": b"nothing"}, "holds no table"),
        ({"a\\..\\x.csv": rows(0)}, "leaves the archive"),
    ],
)
def test_an_archive_that_cannot_be_trusted_is_refused_whole(
    home: Path, take: Callable[..., Taken], members: dict[str, bytes], said: str
) -> None:
    archive(home / "inbox/odd.zip", {**members, "ok/readme.txt": b""})
    (row,) = take().rows
    assert (row.status, row.file_name, row.rows_read) == ("refused", "odd.zip", 0)
    assert row.reason is not None
    assert said in row.reason
    assert [one.name for one in (home / "refused").glob("*.zip")] == ["odd.zip"]
    assert not (home.parent / "x.csv").exists()


def test_a_bomb_and_a_cut_off_archive_are_refused(
    home: Path, take: Callable[..., Taken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MAX_BYTES", 1 << 20)
    zeros = {"x.csv": b"0" * (4 << 20)}
    archive(home / "inbox/bomb.zip", zeros, compression=zipfile.ZIP_DEFLATED)
    whole = archive(home / "whole.zip", {"x.csv": rows(0)}).read_bytes()
    (home / "inbox/cut.zip").write_bytes(whole[: len(whole) // 2])
    reasons = {row.file_name: row.reason or "" for row in take().rows}
    assert "would unpack to" in reasons["bomb.zip"]
    assert "breaks off" in reasons["cut.zip"]


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue())
    return path


def test_a_workbook_is_read_as_a_person_reads_it(
    home: Path, take: Callable[..., Taken], table: Callable[[str], pl.DataFrame]
) -> None:
    lines: list[list[object]] = [list(HEADINGS)]
    for number in range(40):
        cells: dict[str, object] = dict(sale(number))
        cells["Close Price"] = 295_000.0
        cells["Close Date"] = datetime(2021, 6, 15)
        cells["Last Change Timestamp"] = datetime(2021, 6, 15, 16, 24, 59)
        cells["Pool Private"] = True
        # Empty last cells are not stored.
        cells["Public Remarks"] = None if number % 2 else 'Two\nlines, "quoted"'
        lines.append([cells[heading] for heading in HEADINGS])
    lines.append(["Total", 40])
    workbook(home / "inbox/x.xlsx", {"Notes": [["Made by hand"]], "Export": lines})
    (row,) = take().rows
    assert (row.rows_read, row.rows_staged, row.other_lines) == (40, 40, 1)
    staged = table("staging.listings")
    assert set(staged["close_price"]) == {295_000.0}
    assert {str(day) for day in staged["close_date"]} == {"2021-06-15"}
    assert {str(time) for time in staged["known_at"]} == {"2021-06-15 21:24:59"}
    assert staged["pool_private_yn"].all()
    assert table("raw.listings")["Close Price"][0] == "295000"


def test_a_workbook_without_known_headings_or_damaged_is_refused(
    home: Path, take: Callable[..., Taken]
) -> None:
    path = workbook(home / "inbox/other.xlsx", {"A": [["Date", "Amount"], ["1", "2"]]})
    data = path.read_bytes().replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml")
    (home / "inbox/odd.xlsx").write_bytes(data)
    reasons = {row.file_name: row.reason or "" for row in take().rows}
    assert "no known source" in reasons["other.xlsx"]
    assert reasons["odd.xlsx"].endswith(".")


def test_the_command_line_tells_of_each_member(home: Path, tmp_path: Path) -> None:
    path = archive(tmp_path / "week.zip", {"a.csv": rows(0), "b/c.csv": rows(50, 3)})
    told = realty_json(home, "ingest", path)
    assert [(row["file_name"], row["rows_staged"]) for row in told["files"]] == [
        ("week.zip/a.csv", 40),
        ("week.zip/b/c.csv", 3),
    ]
    again = realty_json(home, "ingest", path)
    assert [row["status"] for row in again["files"]] == ["unchanged", "unchanged"]
    broken = tmp_path / "broken.zip"
    broken.write_bytes(path.read_bytes()[:200])
    done = realty_here(home, "ingest", broken, check=False)
    assert done.returncode == 1
    assert "breaks off or is damaged" in done.stderr
    assert "Traceback" not in done.stderr
