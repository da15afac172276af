"""The answer key of faults: complete, and true of the files."""

import csv
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from realty_assets.sample_market.mutations import ROW_KINDS
from realty_assets.sample_market.vocabulary import HEADINGS
from realty_assets_tests.sample_market.conftest import Sample
from realty_assets_tests.sample_market.reading import read

DOCS = Path(__file__).resolve().parents[2] / "docs" / "sample_market.md"
# Kinds of the shared key under the name that they have here.
RENAMED = {
    "one-byte characters": "Windows-1252 characters",
    "newer version of a record on page 1": "newer version of a record",
    "every ninth record writes enumerations without spaces": "enumeration without spaces",
}
# Kinds that no HAR export can show; docs/sample_market.md gives the reason of each.
ELSEWHERE = {"record on both pages", "number sent as text"}


def test_every_fault_stands_where_the_key_says(sample: Sample) -> None:
    for name in sample.faults["file_name"].unique().to_list():
        if name.endswith(".jpg"):
            continue
        _, records, others = read(sample.out / "exports" / name)
        by_line = {r.line: r for r in records}
        for fault in sample.faults.filter(pl.col("file_name") == name).iter_rows(named=True):
            if fault["scope"] in ("row", "event"):
                record = by_line[fault["line_number"]]
                assert record.number == fault["record_number"]
                assert (record.cells[0] or None) == fault["listing_key"]
            elif fault["scope"] == "line":
                # csv.reader gives blank lines as empty records
                assert fault["line_number"] in others


def test_row_faults_show_in_the_cell_that_the_key_names(sample: Sample) -> None:
    """Each kind is recognised in the file by a rule written apart from the code that plants it."""

    def number(text: str) -> float:
        return float(text.replace("$", "").replace(",", "") or "nan")

    at = {h: i for i, h in enumerate(HEADINGS)}
    checks = {
        "price times ten": lambda c: number(c("Close Price")) > 4 * number(c("List Price")),
        "price lost a digit": lambda c: number(c("Close Price")) < 0.3 * number(c("List Price")),
        "list price times ten": lambda c: (
            number(c("List Price")) > 4 * number(c("Price Sq Ft List")) * number(c("Building SqFt"))
        ),
        "price in thousands": lambda c: number(c("Original List Price")) < 2000,
        "zero price": lambda c: number(c("Close Price")) == 0,
        "token price": lambda c: number(c("Close Price")) in (1, 10, 100),
        "missing price": lambda c: c("Status") == "Sold" and not c("Close Price"),
        "a rent in a sale file": lambda c: 1000 < number(c("Close Price")) < 4000,
        "currency code for a dollar sign": lambda c: c("Close Price").startswith("USD "),
        "year built 0": lambda c: c("Year Built") == "0",
        "year built in the future": lambda c: int(c("Year Built")) > 2100,
        "latitude and longitude swapped": lambda c: float(c("Latitude")) < -90,
        "coordinates on another continent": lambda c: float(c("Longitude")) > 170,
        "zero living area": lambda c: c("Building SqFt") == "0",
        "negative living area": lambda c: c("Building SqFt") == "-1",
        "missing living area": lambda c: c("Building SqFt") == "",
        "swapped columns": lambda c: number(c("Building SqFt")) > 1.5 * number(c("Lot Size")),
        "bedrooms typed twice": lambda c: int(c("Bedrooms")) >= 22,
        "sold price with an open status": lambda c: c("Status") != "Sold" and c("Close Price"),
        "zip lost its last digit": lambda c: len(c("Zip Code")) == 4,
        "not a home": lambda c: c("Property Type") == "Lots",
        "a word where a number belongs": lambda c: c("Tax Amount") == "Pending",
        "quoted newlines in a cell": lambda c: "\r\n" in c("Public Remarks"),
        "bare quote characters": lambda c: '36" range' in c("Public Remarks"),
        "zip plus four": lambda c: len(c("Zip Code")) == 10,
    }
    rows = sample.faults.filter((pl.col("scope") == "row") & pl.col("kind").is_in(list(checks)))
    for name, faults in rows.group_by("file_name"):
        by_line = {r.line: r for r in read(sample.out / "exports" / str(name[0]))[1]}
        for fault in faults.iter_rows(named=True):
            cells = by_line[fault["line_number"]].cells
            assert checks[fault["kind"]](lambda h, cells=cells: cells[at[h]]), fault


def test_ragged_rows_have_another_number_of_fields(sample: Sample) -> None:
    ragged = sample.faults.filter(pl.col("kind").is_in(["short row", "long row"]))
    assert len(ragged) >= 6
    for fault in ragged.iter_rows(named=True):
        records = read(sample.out / "exports" / fault["file_name"])[1]
        n = len(records[fault["record_number"] - 1].cells)
        assert n == (41 if fault["kind"] == "short row" else 69)


def test_twins_and_repeats_are_byte_equal(sample: Sample) -> None:
    lines: dict[str, list[bytes]] = {}
    for path in (sample.out / "exports").iterdir():
        lines[path.name] = path.read_bytes().split(b"\r\n")
    earlier = {line for name, ls in lines.items() if "delta" not in name for line in ls}
    earlier |= {line for name, ls in lines.items() if "delta" in name for line in ls}
    for fault in sample.faults.iter_rows(named=True):
        at = (fault["line_number"] or 0) - 1
        if fault["kind"] == "same row twice":
            name = fault["file_name"]
            assert lines[name][at] == lines[name][at - 1]
        if fault["kind"] == "unchanged repeat":
            this = lines[fault["file_name"]][at]
            others = sum(this in ls for name, ls in lines.items() if name < fault["file_name"])
            others += sum(this in ls for name, ls in lines.items() if "delta" not in name)
            assert others >= 1


def test_every_kind_comes_a_few_times_and_faults_are_rare(sample: Sample) -> None:
    rows = sample.faults.filter(pl.col("scope") == "row")
    counts = dict(rows.group_by("kind").len().iter_rows())
    for kind in ROW_KINDS:
        assert counts[kind.kind] >= 3, kind.kind
    for kind in ("two prices for one key", "same sale under another key", "short row", "long row",
                 "impossible status change", "same row twice", "not at arm's length"):  # fmt: skip
        assert counts[kind] >= 3, kind
    bad = rows.filter(~pl.col("legal")).height
    assert 0.008 <= bad / sample.report.n_rows <= 0.02


def test_every_kind_of_the_shared_key_is_planted_or_listed_with_a_reason(
    sample: Sample, shared_data: Path
) -> None:
    path = shared_data / "samples" / "key.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        kinds = {row["fault"].removesuffix(" (legal)") for row in csv.DictReader(file)}
    planted = set(sample.faults["kind"].unique())
    assert {RENAMED.get(kind, kind) for kind in kinds} - planted == ELSEWHERE
    text = DOCS.read_text(encoding="utf-8")
    for kind in ELSEWHERE:
        assert f"`{kind}`" in text


def test_truncated_photos_do_not_open_and_the_others_do(sample: Sample) -> None:
    faults = sample.faults.filter(pl.col("scope") == "photo")
    assert set(faults["kind"]) == {"truncated photo", "photo of another house"}
    cut = set(faults.filter(pl.col("kind") == "truncated photo")["file_name"])
    assert len(cut) >= 2
    for path in (sample.out / "photos").iterdir():
        with Image.open(path) as image:
            assert image.size[0] >= 1024
            assert image.size[1] >= 768
            if path.name in cut:
                with pytest.raises(OSError, match="truncated"):
                    image.load()
            else:
                image.load()
