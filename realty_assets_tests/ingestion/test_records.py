"""The splitter: every byte in exactly one record, and fields as Python's csv module counts them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.ingestion import records
from realty_assets.ingestion.records import Splitter

CELL = st.text(alphabet='ab",;\n\t é', max_size=8)


def split_all(
    data: bytes, delimiter: str, n_fields: int, chunk: int = 1 << 20
) -> list[tuple[int, int, bytes]]:
    """(fields, line, bytes) of each record, with `data` handed over in pieces."""
    splitter = Splitter(delimiter, n_fields)
    found, pending, line, at = [], b"", 1, 0
    while True:
        piece = data[at : at + chunk]
        at += len(piece)
        pending += piece
        final = at >= len(data)
        split = splitter.split(pending, line, final)
        found += [
            (int(fields), int(where), pending[start:end])
            for start, end, fields, where in zip(
                split.starts, split.ends, split.fields, split.lines, strict=True
            )
        ]
        pending = pending[split.used :]
        line += split.lines_used
        if final:
            assert pending == b""
            return found


def check_whole(found: list[tuple[int, int, bytes]], data: bytes) -> None:
    assert b"".join(record for _, _, record in found) == data
    line = 1
    for _, where, record in found:
        assert where == line
        line += record.count(b"\n")


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=25),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    chunk=st.sampled_from([7, 64, 1 << 20]),
)
def test_well_formed_rows_are_split_as_csv_splits_them(
    rows: list[list[str]], end: str, quoting: int, delimiter: str, chunk: int
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=quoting, delimiter=delimiter).writerows(rows)
    data = out.getvalue().encode()
    found = split_all(data, delimiter, 3, chunk)
    check_whole(found, data)
    assert [fields for fields, _, _ in found] == [3] * len(rows)
    for (_, _, record), row in zip(found, rows, strict=True):
        text = record.decode().removesuffix(end)
        assert next(csv.reader([text], delimiter=delimiter)) == row


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.text(alphabet='ab",é ', max_size=6), min_size=2, max_size=6), max_size=20
    ),
    chunk=st.sampled_from([11, 1 << 20]),
)
def test_ragged_rows_on_one_line_have_the_fields_that_csv_finds(
    rows: list[list[str]], chunk: int
) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    data = out.getvalue().encode()
    found = split_all(data, ",", 4, chunk)
    check_whole(found, data)
    assert [fields for fields, _, _ in found] == [len(row) for row in rows]


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300), chunk=st.sampled_from([13, 1 << 20]))
def test_any_bytes_are_split_without_loss(data: bytes, chunk: int) -> None:
    noise = bytes(b'a,"\n\r;'[byte % 6] for byte in data)
    for text in (data, noise):
        check_whole(split_all(text, ",", 3, chunk), text)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.text(alphabet='ab" ', max_size=5), min_size=3, max_size=3), max_size=15
    )
)
def test_bare_quote_marks_inside_cells_are_read_as_csv_reads_them(rows: list[list[str]]) -> None:
    # A mark at the start of a cell would open a quote: put a letter there.
    rows = [["x" + cell for cell in row] for row in rows]
    data = "".join(",".join(row) + "\n" for row in rows).encode()
    found = split_all(data, ",", 3)
    check_whole(found, data)
    assert [fields for fields, _, _ in found] == [3] * len(rows)


@pytest.mark.parametrize("window", [16, 64, 1 << 21])
def test_a_stray_quote_mark_costs_one_row_and_not_the_file(
    window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "WINDOW_BYTES", window)
    before, after = b'1,"a, b",c\n' * 5, b'2,"d, e",f\n' * 40
    data = before + b'3,"never closed,x\n' + after
    found = split_all(data, ",", 3)
    check_whole(found, data)
    good = [record for fields, _, record in found if fields == 3]
    assert len(good) == 45
    assert [line for fields, line, _ in found if fields != 3] == [6]


def test_a_stray_quote_mark_in_a_file_without_others_costs_one_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "OPEN_LIMIT_BYTES", 100)
    data = b"1,a,b\n" * 5 + b'2,"never closed,c\n' + b"3,d,e\n" * 400
    found = split_all(data, ",", 3)
    check_whole(found, data)
    assert sum(fields == 3 for fields, _, _ in found) == 405


def test_a_quoted_cell_longer_than_a_window_is_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "WINDOW_BYTES", 32)
    data = b'1,"' + b"long text\n" * 50 + b'",c\n2,b,c\n'
    found = split_all(data, ",", 3)
    check_whole(found, data)
    assert [(fields, line) for fields, line, _ in found] == [(3, 1), (3, 52)]


def test_blank_lines_have_no_fields() -> None:
    found = split_all(b"1,a\r\n\r\n2,b\n\n3,c", ",", 2)
    assert [fields for fields, _, _ in found] == [2, 0, 2, 0, 2]


def test_cells_are_read_as_csv_reads_them() -> None:
    splitter = Splitter(",", 0)
    for text in ("a,b", ",", 'a,"b,c"', '"a""b"c,d', '"x",', 'a,"open, more', '""', '"",""', "a,"):
        wanted = next(csv.reader([text]))
        assert [cell.decode() for cell in splitter.cells(text.encode())] == wanted
