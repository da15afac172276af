"""Damaged files: refused with a sentence, or read with every row accounted for. Never a crash."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.errors import RealtyError
from realty_assets.ingestion.files import FileResult, ingest_file
from realty_assets.ingestion.reading import FileRefused
from realty_assets.ingestion.sources import built_in
from realty_assets_tests.ingestion.exports import export, sale

FULL = os.environ.get("REALTY_TORTURE") == "full"
BITS = [b'"', b",", b"\n", b"\r", b'"\n', b"\xe9", b'""', b"\t", b"\0"]
NOTE = b"In accordance with local MLS rules, some MLS listings are not included in the download"
SWAPS = [(b",", b";"), (b'"', b"'"), (b"\r\n", b"\n"), (b"\r\n", b"\r"), (b"$", b"USD ")]


def damaged(data: bytes, luck: random.Random) -> bytes:
    """`data` after a few accidents of transport and of hand."""
    text = bytearray(data)
    for _ in range(luck.randint(1, 6)):
        at = luck.randrange(len(text))
        match luck.randrange(6):
            case 0 | 1:
                text[at] = luck.randrange(256)
            case 2:
                text[at:at] = luck.choice(BITS)
            case 3:
                del text[at : at + luck.randint(1, 300)]
            case 4:
                other = luck.randrange(len(text))
                text[at:at] = text[other : other + luck.randint(1, 500)]
            case 5:
                old, new = luck.choice(SWAPS)
                text = text.replace(old, new, luck.randint(1, 50))
        if luck.random() < 0.05:
            text = text[: luck.randrange(len(text))]
        text = text or bytearray(b"x")
    return bytes(text)


def check_counts(result: FileResult) -> None:
    n_raw = sum(pl.read_parquet(part).height for part in sorted(result.raw.glob("*.parquet")))
    assert n_raw + result.rows_malformed == result.rows_read
    numbers = [*result.rows["record_number"], *result.quarantine["record_number"]]
    assert sorted(numbers) == list(range(1, result.rows_read + 1))


def letters(text: bytes) -> Counter[int]:
    """How often each ASCII letter and digit stands there; other encodings only differ beyond."""
    return Counter(byte for byte in text if chr(byte).isalnum() and byte < 128)


def check_letters(damaged_file: bytes, result: FileResult) -> None:
    """Every letter and digit of a table stands in raw, in quarantine or in a line that is no row.

    Counted on the bytes of the file, with nothing of the code under test: what the header takes,
    and lines before, between and behind the rows that no delimiter parts, are the only difference.
    """
    if damaged_file[:2] in (b"\xff\xfe", b"\xfe\xff"):
        damaged_file = damaged_file.decode("utf-16").encode()
    kept = Counter[int]()
    for part in sorted(result.raw.glob("*.parquet")):
        cells = pl.read_parquet(part).drop("file_hash", "record_number", "line_number")
        for column in cells.iter_columns():
            kept += letters("\n".join(column.drop_nulls()).encode())
    malformed = result.quarantine.filter(pl.col("rule_ids").list.contains("record.malformed"))
    kept += letters("\n".join(malformed["raw_text"]).encode())
    gone = letters(damaged_file)
    assert not kept - gone, "what was never in the file"
    gone -= kept
    lines = [line for line in re.split(rb"\r?\n|\r", damaged_file) if letters(line)]
    delimiter = result.layout.delimiter.encode()
    few = len(result.layout.headings) - 1
    aside = [line for line in lines if delimiter not in line or b"otal" in line]
    # The notice under the header, whatever became of it, but for a row that runs into it.
    aside += [line for line in lines[:2] if 0 < line.count(delimiter) < few]
    gone -= letters(result.layout.header)
    assert not gone - letters(b"".join(aside)), "what stands nowhere"
    assert sum(gone.values()) == 0 or result.other_lines


def check_page(damaged_file: bytes, result: FileResult) -> None:
    """A page that is whole has as many records as Python's json finds."""
    text = damaged_file.decode("utf-8", "replace")
    assert result.rows_read == len(json.loads(text, strict=False)["value"])


def reso_row(number: int) -> dict[str, object]:
    """A RESO record without fault, as a Web API sends it."""
    price = 300_000 + 1_000 * number
    return {
        "ListingKey": str(20_000_000 + number),
        "StandardStatus": "Closed",
        "PropertyType": "Residential",
        "ListPrice": price,
        "ClosePrice": float(price - 5_000),
        "CloseDate": "2021-06-15",
        "ListingContractDate": "2021-05-01",
        "ModificationTimestamp": "2021-06-15T16:24:59.000Z",
        "LivingArea": 2_000 + number,
        "PublicRemarks": 'Corner "lot",\nnew',
        "Media": [{"Order": 1, "MediaURL": "https://media.example.org/1.jpg"}],
    }


def reso_page(n_rows: int) -> bytes:
    page = {"@odata.nextLink": "x", "value": [reso_row(number) for number in range(n_rows)]}
    return json.dumps(page, indent=1).encode()


def table(headings: list[str], rows: list[list[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return out.getvalue().encode()


def other_forms() -> list[bytes]:
    """RESO as CSV and as JSON, and Redfin's download with its notice."""
    reso = [reso_row(number) for number in range(40)]
    plain = [name for name in reso[0] if name != "Media"]
    redfin = {
        "SALE TYPE": "PAST SALE",
        "SOLD DATE": "July-30-2021",
        "PROPERTY TYPE": "Townhouse",
        "STATE OR PROVINCE": "TX",
        "ZIP OR POSTAL CODE": "77449",
        "PRICE": "300000",
        "SQUARE FEET": "2000",
        "STATUS": "Sold",
    }
    lines: list[list[object]] = [[NOTE.decode()]]
    lines += [[*redfin.values(), str(number)] for number in range(40)]
    return [
        table(plain, [[row[name] for name in plain] for row in reso]),
        reso_page(40),
        table([*redfin, "MLS#"], lines),
    ]


def shake(folder: Path, seed: int, n_files: int) -> tuple[int, list[str]]:
    """(files read, why others were refused) of `n_files` damaged exports."""
    luck = random.Random(seed)
    rows = [sale(number, Public_Remarks='Corner "lot",\r\nnew') for number in range(40)]
    forms = [export(rows), export(rows, end="\n")]
    forms.append(export([*rows, sale(50, Subdivision="Café")]).decode().encode("cp1252"))
    forms.append(export(rows).decode().encode("utf-16"))
    forms += other_forms()
    read, refused = 0, []
    for _ in range(n_files):
        path = folder / "x.csv"
        data = damaged(luck.choice(forms), luck)
        path.write_bytes(data)
        work = folder / "work"
        try:
            result = ingest_file(path, built_in(), work)
            check_counts(result)
            if result.source.form == "json":
                check_page(data, result)
            else:
                check_letters(data, result)
            read += 1
        except RealtyError as error:
            refused.append(str(error))
        shutil.rmtree(work, ignore_errors=True)
    return read, refused


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(8 if FULL else 1))
def test_damaged_files(tmp_path: Path, seed: int) -> None:
    read, refused = shake(tmp_path, seed, 250 if FULL else 60)
    assert read > 10
    assert len(refused) > 5
    assert all(why.endswith(".") and "\n" not in why for why in refused)


@pytest.mark.parametrize("heading", ["Last Change Timestamp", "Latitude", "Baths Half", "DOM"])
def test_a_heading_that_is_not_needed_may_be_missing(tmp_path: Path, heading: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(export([sale(number) for number in range(40)]).replace(heading.encode(), b"?"))
    result = ingest_file(path, built_in(), tmp_path / "work")
    assert (result.rows_read, result.quarantine.height) == (40, 0)
    assert result.rows["known_at"].null_count() == 0


@given(st.data())
@settings(max_examples=200 if FULL else 25, deadline=None)
def test_whole_records_before_the_damage_are_all_there(data: st.DataObject) -> None:
    """Counted by Python's csv and json modules on the part of the file that is not damaged."""
    form = data.draw(st.sampled_from(range(3)))
    whole = other_forms()[form]
    at = data.draw(st.integers(len(whole) // 3, len(whole) - 1))
    junk = data.draw(st.binary(min_size=1, max_size=30)).replace(b"\0", b"?")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.csv").write_bytes(whole[:at] + junk + whole[at:])
        result, why = None, ""
        try:
            result = ingest_file(folder / "x.csv", built_in(), folder / "work")
        except RealtyError as error:
            why = str(error)
        if result is None:
            assert why.endswith(".")
            return
        check_counts(result)
        if form == 1:
            # JSON that is damaged and still whole: as many records as Python finds.
            text = (whole[:at] + junk + whole[at:]).decode("utf-8", "replace")
            assert result.rows_read == len(json.loads(text, strict=False)["value"])
            return
        before = whole[:at].rpartition(b"\r\n")[0].decode()
        records = list(csv.reader(io.StringIO(before, newline="")))
        width = len(records[0])
        certain = sum(len(record) == width for record in records[1:])
        # The record before the damage may have been cut inside a quoted cell.
        assert result.rows_read >= certain - 1


def test_a_page_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    page = reso_page(3)
    path = tmp_path / "x.json"
    for at in range(len(page) // 7, len(page), 97):
        path.write_bytes(page[:at])
        with pytest.raises(FileRefused, match=r"breaks off or is damaged near line \d+"):
            ingest_file(path, built_in(), tmp_path / "work")


def test_elements_that_are_no_records_are_malformed_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    rows = [reso_row(1), 7, {}, reso_row(2), None]
    path.write_text(json.dumps({"value": rows}), encoding="utf-8")
    result = ingest_file(path, built_in(), tmp_path / "work")
    check_counts(result)
    assert (result.rows_read, result.rows_malformed) == (5, 3)
    assert result.quarantine["raw_text"].to_list() == ["7", "{}", "null"]


def test_a_notice_that_swallowed_rows_and_a_piece_of_a_row_are_kept(tmp_path: Path) -> None:
    whole = other_forms()[2].split(b"\r\n")
    # The notice runs into a row, and its end stands behind another.
    whole[1:3] = [whole[1][:40] + b",0", whole[2][:50] + b' are not included"']
    # A stray line end: between rows, words alone are a piece of one, and no notice.
    whole.insert(9, b"Corner lot near the trail")
    path = tmp_path / "x.csv"
    path.write_bytes(b"\r\n".join(whole))
    result = ingest_file(path, built_in(), tmp_path / "work")
    check_counts(result)
    check_letters(path.read_bytes(), result)
    kept = result.quarantine["raw_text"].to_list()
    assert any(text.startswith('"In accordance') and "PAST SALE" in text for text in kept)
    assert "Corner lot near the trail" in kept
