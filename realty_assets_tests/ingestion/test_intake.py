"""From the inbox to the warehouse: each file exactly once, all or nothing, nothing lost."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from realty_assets.errors import RealtyError
from realty_assets.fingerprint import table_fingerprint
from realty_assets.ingestion.files import NoRoom, telling_of_a_full_disk
from realty_assets.ingestion.inbox import DepositError, deposit, pending
from realty_assets.ingestion.intake import Taken, take_in
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import HEADINGS, MAPPING, export, sale, write

Take = Callable[..., Taken]
Table = Callable[[str], pl.DataFrame]
NOBODY = 65_534
LEDGER = ("ledger.files", "ledger.events", "ledger.contents")
TABLES = (
    *LEDGER,
    *("ledger.decisions", "ledger.builds"),
    *("staging.listings", "staging.parcels", "staging.quarantine", "raw.listings"),
)


def rows(*numbers: int, **cells: str) -> list[dict[str, str]]:
    return [sale(number, **cells) for number in numbers]


def prints(warehouse: Warehouse) -> dict[str, tuple[int, str]]:
    with warehouse.connect() as conn:
        return {table: table_fingerprint(conn, table) for table in TABLES}


def test_an_empty_inbox_leaves_empty_tables(home: Path, take: Take, table: Table) -> None:
    assert take().rows == ()
    assert all(table(name).height == 0 for name in TABLES if name != "ledger.builds")
    assert set(table("ledger.builds")["table_name"]) == {*TABLES} - {"ledger.builds"}


def test_a_file_ends_in_ledger_raw_staging_and_archive(
    home: Path, take: Take, table: Table
) -> None:
    bad = sale(9, Close_Price="$0")
    path = write(home / "inbox" / "june.csv", [*rows(1, 2, 3), sale(2), bad])
    (row,) = take().rows
    assert (row.rows_read, row.rows_staged, row.rows_quarantined, row.rows_unchanged) == (
        5,
        3,
        1,
        1,
    )
    assert not path.exists()
    assert (home / "archive" / row.file_hash / "june.csv").exists()
    assert table("raw.listings").height == 5
    assert table("staging.listings")["record_number"].sort().to_list() == [1, 2, 3]
    (kept,) = table("staging.quarantine").to_dicts()
    assert (kept["line_number"], kept["record_number"]) == (6, 5)
    assert kept["raw_text"] == export([bad]).decode().split("\r\n")[1]
    assert "price.token" in kept["rule_ids"]
    assert len(kept["rule_ids"]) == len(kept["rule_versions"])
    assert not any((home / "scratch").iterdir())


def test_typed_values_are_what_the_cells_say(home: Path, take: Take, table: Table) -> None:
    write(home / "inbox" / "one.csv", rows(7))
    take()
    (row,) = table("staging.listings").to_dicts()
    assert row["listing_key"] == "10000007"
    assert (row["list_price"], row["close_price"]) == (307_000, 302_000)
    assert str(row["close_date"]) == "2021-06-15"
    assert str(row["known_at"]) == "2021-06-15 21:24:59"
    assert (row["standard_status"], row["mls_status"]) == ("Closed", "Sold")
    assert (row["bathrooms_full"], row["bathrooms_half"], row["bathrooms_total"]) == (2, 1, 2.5)
    assert (row["state_or_province"], row["pool_private_yn"], row["flags"]) == ("TX", False, [])


@pytest.mark.parametrize("how", ["again", "renamed", "elsewhere", "packed"])
def test_the_same_bytes_again_change_nothing_but_the_ledger(
    home: Path, take: Take, table: Table, warehouse: Warehouse, how: str
) -> None:
    data = export([*rows(*range(20)), sale(50, Close_Price="$0")])
    names = {"renamed": "other.csv", "elsewhere": "har/june.csv", "packed": "june.csv.gz"}
    for name in ("june.csv", names.get(how, "june.csv")):
        place = home / "inbox" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        before = prints(warehouse) if warehouse.exists("ledger.files") else {}
        (row,) = take().rows
    after = prints(warehouse)
    assert row.rows_read == row.rows_unchanged + row.rows_quarantined == 21
    assert table("staging.listings").height == 20
    if how == "packed":
        # Other bytes, the same rows: read anew, and every good row found unchanged.
        assert (row.status, row.rows_unchanged) == ("staged", 20)
        return
    assert (row.status, row.rows_unchanged) == ("unchanged", 21)
    assert table("ledger.files").height == 2
    changed = {name for name in TABLES if before[name] != after[name]}
    assert changed == {*LEDGER, "ledger.builds"}
    hashes = table("ledger.builds")
    assert hashes["output_hash"].n_unique() == len(TABLES) - 1


def test_versions_follow_time_and_only_news_is_staged(home: Path, take: Take, table: Table) -> None:
    active = {"Status": "Active", "Close_Price": "", "Close_Date": "", "Price_Sq_Ft_Sold": ""}
    days = [f"5/{day}/2021 9:00:00 AM" for day in (2, 3, 4, 5)]
    first = sale(1, **active, Last_Change_Timestamp=days[0])
    cut = sale(1, **active, Last_Change_Timestamp=days[2], List_Price="$290,000")
    write(home / "inbox" / "1.csv", [first])
    write(home / "inbox" / "2.csv", [cut])
    # The same content a day on tells nothing; the price going back up does.
    write(home / "inbox" / "3.csv", [{**first, "Last Change Timestamp": days[1], "DOM": "13"}])
    write(home / "inbox" / "4.csv", [{**first, "Last Change Timestamp": days[3]}])
    told = [(row.rows_staged, row.rows_unchanged) for row in take().rows]
    assert told == [(1, 0), (1, 0), (0, 1), (1, 0)]
    prices = table("staging.listings").sort("known_at")["list_price"].to_list()
    assert prices == [301_000, 290_000, 301_000]


def test_a_sold_listing_that_opens_again_is_flagged(home: Path, take: Take, table: Table) -> None:
    write(home / "inbox" / "1.csv", rows(1))
    write(
        home / "inbox" / "2.csv",
        rows(1, Status="Active", Close_Price="", Close_Date="", Last_Change_Timestamp="7/1/2021"),
    )
    take()
    flags = table("staging.listings").sort("known_at")["flags"].to_list()
    assert flags == [[], ["status.transition"]]


def test_an_open_version_that_comes_late_is_no_reopening(
    home: Path, take: Take, table: Table
) -> None:
    write(home / "inbox" / "1.csv", rows(1))
    early = "5/3/2021 9:00:00 AM"
    write(
        home / "inbox" / "2.csv",
        rows(1, Status="Active", Close_Price="", Close_Date="", Last_Change_Timestamp=early),
    )
    take()
    assert table("staging.listings")["flags"].list.len().sum() == 0


def test_the_order_of_small_and_large_names_is_a_persons(home: Path, take: Take) -> None:
    for name in ("page_10.csv", "page_9.csv", "Page_1.csv"):
        write(home / "inbox" / name, rows(len(name)))
    assert [row.file_name for row in take().rows] == ["Page_1.csv", "page_9.csv", "page_10.csv"]


def test_too_many_bad_rows_refuse_the_whole_file(home: Path, take: Take, table: Table) -> None:
    bad = [sale(number, Close_Price="$0") for number in range(5)]
    write(home / "inbox" / "bad.csv", [*bad, *rows(10, 11, 12, 13, 14)])
    (row,) = take(max_share=0.2).rows
    assert row.status == "refused"
    assert "5 of 10 rows (50%) break a rule, above the limit of 20%" in str(row.reason)
    for name in ("staging.listings", "staging.quarantine", "raw.listings"):
        assert table(name).height == 0
    assert not (home / "raw").exists()


def test_ragged_rows_blank_lines_and_totals(home: Path, take: Take, table: Table) -> None:
    data = export(rows(1, 2)).decode()
    lines = [
        "1,2,3",
        "",
        ",".join(["x"] * (len(HEADINGS) + 1)),
        "This report is for the use of subscribers only.",
        '"Total: 4"' + "," * (len(HEADINGS) - 1),
        "Total: 4",
        "," * (len(HEADINGS) - 1),
        ",".join(HEADINGS),
    ]
    (home / "inbox" / "x.csv").write_bytes((data + "\r\n".join(lines) + "\r\n").encode())
    (row,) = take().rows
    assert (row.rows_read, row.rows_malformed, row.other_lines) == (4, 2, 6)
    kept = table("staging.quarantine").sort("line_number")
    assert kept["line_number"].to_list() == [4, 6]
    assert kept["raw_text"][0] == "1,2,3"
    assert kept["detail"][0].endswith(f"3 of {len(HEADINGS)} fields")


def test_quoted_line_ends_and_bare_quote_marks_are_read(
    home: Path, take: Take, table: Table
) -> None:
    told = ["Two\r\n\r\nlines, and one", 'New 36" range and 24" tile']
    data = export([sale(1, Public_Remarks=told[0]), sale(2)]).decode()
    data = data.replace('"Corner lot near the trail, roof replaced."', told[1])
    (home / "inbox" / "x.csv").write_bytes(data.encode())
    (row,) = take().rows
    assert (row.rows_read, row.rows_staged) == (2, 2)
    assert table("raw.listings").sort("record_number")["Public Remarks"].to_list() == told
    assert table("staging.listings").sort("record_number")["line_number"].to_list() == [2, 5]


@pytest.mark.parametrize(
    ("codec", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
def test_encodings(home: Path, take: Take, table: Table, codec: str, found: str) -> None:
    text = export(rows(1, Subdivision="Cañon Café – West")).decode()
    (home / "inbox" / "x.csv").write_bytes(text.encode(codec))
    (row,) = take().rows
    assert row.encoding == found
    assert table("staging.listings")["subdivision_name"].to_list() == ["Cañon Café – West"]


def test_one_row_in_another_encoding_is_read_and_flagged(
    home: Path, take: Take, table: Table
) -> None:
    good = export(rows(1, Subdivision="Café")).decode().encode("utf-8")
    odd = export(rows(2, Subdivision="Niño")).split(b"\r\n", 1)[1].decode().encode("cp1252")
    (home / "inbox" / "x.csv").write_bytes(good + odd)
    (row,) = take().rows
    staged = table("staging.listings").sort("record_number")
    assert row.encoding == "utf-8+cp1252"
    assert staged["subdivision_name"].to_list() == ["Café", "Niño"]
    assert staged["flags"].to_list() == [[], ["record.encoding"]]


def test_a_file_being_written_is_left_for_later(home: Path, take: Take, table: Table) -> None:
    path = write(home / "inbox" / "x.csv", rows(*range(2_000)))
    with _growing(path):
        taken = take()
    assert (taken.rows, taken.growing) == ((), ("x.csv",))
    assert table("ledger.files").height == table("staging.listings").height == 0
    assert table("ledger.events").select("kind", "file_name").rows() == [("growing", "x.csv")]
    assert path.exists()
    (row,) = take().rows
    assert row.status == "staged"


@contextmanager
def _growing(path: Path) -> Iterator[None]:
    stop = threading.Event()
    more = export([sale(9_999)]).split(b"\r\n", 1)[1]

    def grow() -> None:
        while not stop.is_set():
            with path.open("ab") as file:
                file.write(more)
            time.sleep(0.001)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_broken_end_is_believed_only_when_the_file_is_quiet(home: Path, take: Take) -> None:
    path = home / "inbox" / "x.csv"
    path.write_bytes(export(rows(1, 2))[:-200])
    started = time.monotonic()
    (row,) = take(quiet_s=0.5).rows
    assert row.status == "refused"
    assert time.monotonic() - started > 0.3


def test_killed_between_commit_and_move_the_next_run_only_moves(
    home: Path, take: Take, table: Table
) -> None:
    path = write(home / "inbox" / "x.csv", rows(1, 2))
    blocker = home / "archive"
    blocker.write_text("in the way")
    with pytest.raises(RealtyError, match="is in the ledger, but cannot be moved"):
        take()
    assert path.exists()
    blocker.unlink()
    assert take().rows == ()
    assert not path.exists()
    assert table("ledger.files").height == 1
    assert table("staging.listings").height == 2


def _take_until_killed(home: Path) -> None:
    take_in(Warehouse.at(home / "warehouse.duckdb"), max_share=1.0)


def test_killed_at_any_moment_the_rerun_ends_as_if_it_never_was(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    homes = []
    for name, kills in (("calm", ()), ("killed", (0.6, 0.9, 1.2))):
        home = tmp_path / name
        for part in range(6):
            start = part * 300
            extra = [sale(start, Close_Price="$0"), sale(max(0, start - 5))]
            write(home / "inbox" / f"{part}.csv", [*rows(*range(start, start + 400)), *extra])
        for after_s in kills:
            child = spawn.Process(target=_take_until_killed, args=(home,))
            child.start()
            child.join(after_s)
            child.kill()
            child.join()
        warehouse = Warehouse.at(home / "warehouse.duckdb")
        take_in(warehouse, max_share=1.0)
        homes.append(prints(warehouse))
        assert not any((home / "scratch").glob("*"))
    assert homes[0] == homes[1]


def test_a_new_mapping_reads_the_same_bytes_anew(home: Path, take: Take, table: Table) -> None:
    text = MAPPING.replace("  Size: {to: living_area, as: number}\n", "")
    mapping = home / "mine.yaml"
    data = home / "mine.csv"
    data.write_text("Id,Price,Size,Day\n1,300000,150,2021-05-01\n")
    for size in ("", "  Size: {to: living_area, as: number}\n"):
        mapping.write_text(text + size)
        deposit(data, home, mapping)
        (row,) = take().rows
        assert (row.status, row.source, row.rows_staged) == ("staged", "mine", 1)
    staged = table("staging.listings")
    assert staged["living_area"].to_list() == [None, 150.0]
    assert str(staged["known_at"][0]) == "2021-05-02 00:00:00"
    assert table("raw.listings").height == 1


@contextmanager
def _as_nobody(folder: Path) -> Iterator[None]:
    """Root reads everything: for the time being, be somebody who owns `folder` alone."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, -1)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = write(home / "inbox" / "x.csv", rows(1))
        path.chmod(0)
        with _as_nobody(home):
            (row,) = take_in(Warehouse.at(home / "warehouse.duckdb"), max_share=1.0).rows
            assert take_in(Warehouse.at(home / "warehouse.duckdb"), max_share=1.0).rows == ()
        assert row.status == "refused"
        assert "x.csv cannot be read: permission denied" in str(row.reason)
        assert (home / "refused" / "x.csv").exists()


def test_a_folder_in_a_folder_that_may_not_be_entered_is_named_and_nothing_is_taken() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, given = Path(folder) / "home", Path(folder) / "given"
        write(given / "open.csv", rows(1))
        write(given / "closed" / "x.csv", rows(2))
        (given / "closed").chmod(0)
        with _as_nobody(Path(folder)):
            with pytest.raises(DepositError, match=r"closed cannot be read: permission denied"):
                deposit(given, home)
            assert not (home / "inbox").exists()
            (given / "closed").chmod(0o700)
            assert len(deposit(given, home)) == 2


def test_a_full_disk_is_told_in_one_sentence(home: Path) -> None:
    with (
        pytest.raises(NoRoom, match=r"^The disk is full: nothing of x\.csv was taken in"),
        telling_of_a_full_disk("x.csv", home),
        Path("/dev/full").open("w") as full,
    ):
        full.write("more")


@pytest.mark.torture
def test_a_disk_that_fills_up_leaves_whole_files_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=7m", "tmpfs", str(home)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        # Only root may make a small disk; the sentence itself is tested above.
        return
    try:
        warehouse = Warehouse.at(home / "warehouse.duckdb")
        for part in range(4):
            start = part * 2_000
            write(home / "inbox" / f"{part}.csv", rows(*range(start, start + 2_000)))
        with pytest.raises(NoRoom):
            take_in(warehouse, max_share=1.0)
        waiting = len(pending(home))
        assert 0 < waiting <= 4
        with warehouse.connect() as conn:
            found = conn.execute("SELECT count(*) FROM staging.listings").fetchall()[0][0]
            told = conn.execute("SELECT sum(rows_staged) FROM ledger.files").fetchall()[0][0]
        assert found == (told or 0) == 2_000 * (4 - waiting)
    finally:
        subprocess.run(["umount", str(home)], check=True)
