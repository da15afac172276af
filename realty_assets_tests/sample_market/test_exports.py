"""The files: layout, HAR's habits, and the order of a listing's life."""

import csv
import re
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

import pytest

from realty_assets.sample_market import generate
from realty_assets.sample_market.vocabulary import HEADINGS
from realty_assets_tests.sample_market.conftest import Sample
from realty_assets_tests.sample_market.reading import Record, read

STAMP = "%m/%d/%Y %I:%M:%S %p"
AT = {heading: i for i, heading in enumerate(HEADINGS)}


def cell(record: Record, heading: str) -> str:
    return record.cells[AT[heading]]


def clean_rows(sample: Sample) -> dict[str, list[Record]]:
    """Records per file on which nothing was planted but events."""
    planted = sample.faults.filter(sample.faults["scope"] == "row")
    bad = set(zip(planted["file_name"], planted["line_number"], strict=True))
    rows = {}
    for path in sorted((sample.out / "exports").glob("*.csv")):
        rows[path.name] = [r for r in read(path)[1] if (path.name, r.line) not in bad]
    return rows


def test_the_layout_is_as_documented(sample: Sample) -> None:
    assert sorted(p.name for p in sample.out.iterdir()) == ["answer_key", "exports", "photos"]
    names = [p.name for p in sorted((sample.out / "exports").iterdir())]
    assert [n for n in names if re.fullmatch(r"har_\d{4}_\d\d\.csv", n)] == names[:18]
    assert all(re.fullmatch(r"har_delta_\d{8}\.csv", n) for n in names[18:])
    assert len(names) == 18 + 14 == sample.report.n_files
    photos = list((sample.out / "photos").iterdir())
    assert len(photos) == 40 == sample.report.n_photos
    assert all(re.fullmatch(r"\d{8}_\d\.jpg", p.name) for p in photos)
    assert sample.progress[-1] == ("done", 1.0)


def test_no_export_speaks_of_the_answer_key(sample: Sample) -> None:
    for path in (sample.out / "exports").iterdir():
        assert path.suffix == ".csv"
        data = path.read_bytes()
        for word in (b"answer_key", b"truth", b"faults", b"parquet"):
            assert word not in data


def test_the_headings_are_those_of_the_long_export(shared_data: Path) -> None:
    path = shared_data / "headers" / "har_matrix.csv"
    assert tuple(next(csv.reader(path.open(encoding="utf-8-sig")))) == HEADINGS


def test_files_have_a_byte_order_mark_and_crlf(sample: Sample) -> None:
    no_mark = []
    for path in (sample.out / "exports").iterdir():
        data = path.read_bytes()
        assert data.count(b"\n") == data.count(b"\r\n")
        assert data.endswith(b"\r\n")
        if not data.startswith(b"\xef\xbb\xbf"):
            no_mark.append(path.name)
    one_byte = sample.faults.filter(
        (sample.faults["scope"] == "file") & (sample.faults["kind"] == "Windows-1252 characters")
    )
    assert no_mark == one_byte["file_name"].to_list()


def test_cells_are_written_in_hars_habits(sample: Sample) -> None:
    money = re.compile(r"\$\d{1,3}(,\d{3})*")
    day = re.compile(r"[1-9]\d?/[1-9]\d?/\d{4} 12:00:00 AM")
    stamp = re.compile(r"[1-9]\d?/[1-9]\d?/\d{4} [1-9]\d?:\d\d:\d\d [AP]M")
    starred = 0
    for records in clean_rows(sample).values():
        for r in records:
            assert money.fullmatch(cell(r, "List Price"))
            assert day.fullmatch(cell(r, "List Date"))
            assert stamp.fullmatch(cell(r, "Last Change Timestamp"))
            starred += cell(r, "DOM").endswith("*")
            assert re.fullmatch(r"\d+\*?", cell(r, "DOM"))
            sold = cell(r, "Status") == "Sold"
            assert bool(cell(r, "Close Price")) == bool(cell(r, "Close Date")) == sold
    assert starred > 20


def test_clean_rows_are_sane_and_each_listing_moves_forward(sample: Sample) -> None:
    seen: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for records in clean_rows(sample).values():
        for r in records:
            stamp = datetime.strptime(cell(r, "Last Change Timestamp"), STAMP)  # noqa: DTZ007
            listed = datetime.strptime(cell(r, "List Date"), STAMP)  # noqa: DTZ007
            assert listed <= stamp
            area, price = int(cell(r, "Building SqFt")), cell(r, "List Price")
            list_price = int(price.replace("$", "").replace(",", ""))
            per_foot = float(cell(r, "Price Sq Ft List")[1:])
            assert per_foot == pytest.approx(list_price / area, abs=0.006)
            assert 500 <= area <= 9000
            assert int(cell(r, "Year Built")) <= listed.year
            assert 29.4 < float(cell(r, "Latitude")) < 30.3
            assert -96.1 < float(cell(r, "Longitude")) < -94.9
            if cell(r, "Status") == "Sold":
                closed = datetime.strptime(cell(r, "Close Date"), STAMP)  # noqa: DTZ007
                close = int(cell(r, "Close Price").replace("$", "").replace(",", ""))
                assert listed <= closed <= stamp
                assert 0.5 < close / list_price < 2
            seen[cell(r, "MLS Number")].append((stamp, cell(r, "Status")))
    for states in seen.values():
        assert states == sorted(states, key=lambda s: s[0])
        assert "Sold" not in [status for _, status in states[:-1] if states[-1][1] != "Sold"]


def test_a_monthly_file_holds_that_months_changes_and_a_delta_that_days(sample: Sample) -> None:
    repeats = sample.faults.filter(sample.faults["kind"] == "unchanged repeat")
    old = set(zip(repeats["file_name"], repeats["line_number"], strict=True))
    for name, records in clean_rows(sample).items():
        for r in records:
            stamp = datetime.strptime(cell(r, "Last Change Timestamp"), STAMP)  # noqa: DTZ007
            if name.startswith("har_delta_"):
                day = name.removeprefix("har_delta_").removesuffix(".csv")
                assert (f"{stamp:%Y%m%d}" == day) != ((name, r.line) in old)
            else:
                assert name == f"har_{stamp:%Y_%m}.csv"


def test_the_whole_life_of_listings_is_there(sample: Sample) -> None:
    last: dict[str, str] = {}
    n = Counter()
    for records in clean_rows(sample).values():
        for r in records:
            n[cell(r, "Status")] += 1
            last[cell(r, "MLS Number")] = cell(r, "Status")
    assert set(n) == {
        "Coming Soon", "Active", "Option Pending", "Pending Continue to Show", "Pending", "Sold",
        "Withdrawn", "Terminated", "Expired",
    }  # fmt: skip
    assert Counter(last.values())["Active"] > 100
    versions = Counter(cell(r, "MLS Number") for rs in clean_rows(sample).values() for r in rs)
    assert max(versions.values()) >= 4
    truth = sample.truth
    for flag in ("is_relist", "is_flip", "is_repeat_sale"):
        assert truth[flag].sum() >= 0.02 * len(truth)


@pytest.mark.parametrize(
    ("listings", "months", "photos", "seed"), [(5, 12, 0, 1), (100, 3, 0, 1), (100, 12, -1, 1)]
)
def test_a_market_too_small_is_refused(
    tmp_path: Path, listings: int, months: int, photos: int, seed: int
) -> None:
    with pytest.raises(ValueError, match=r"needs at least|negative"):
        generate(tmp_path, listings=listings, months=months, photos=photos, seed=seed)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_exports_is_not_written_over(tmp_path: Path) -> None:
    generate(tmp_path, listings=40, months=6, photos=0, seed=1)
    with pytest.raises(FileExistsError, match="not empty"):
        generate(tmp_path, listings=40, months=6, photos=0, seed=2)


def test_nothing_in_the_package_reads_the_answer_key() -> None:
    package = Path(__file__).resolve().parents[2] / "realty_assets"
    for path in package.rglob("*.py"):
        if path.parent.name != "sample_market":
            text = path.read_text(encoding="utf-8")
            for word in ("answer_key", "truth.parquet", "faults.parquet", "photos.parquet"):
                assert word not in text, path
