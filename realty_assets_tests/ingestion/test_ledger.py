"""What the ledger tells of files: names, relations, events, blocked sources, shares of bad rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from realty_assets.ingestion.conservation import unbalanced
from realty_assets.ingestion.decisions import BadDecision, Request, decide
from realty_assets.ingestion.inbox import pending
from realty_assets.ingestion.intake import CODE_VERSION, Taken
from realty_assets.ingestion.relations import beginnings
from realty_assets.ingestion.sources import SourceError, built_in, read_mapping
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import export, sale, write

Take = Callable[..., Taken]
Table = Callable[[str], pl.DataFrame]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def bring(home: Path, take: Take) -> Callable[[str, bytes], tuple[str, str, str | None]]:
    """Delivers bytes under a name: (status, relation, sha256 of what it relates to)."""

    def bringing(name: str, data: bytes) -> tuple[str, str, str | None]:
        (home / "inbox" / name).write_bytes(data)
        (row,) = take().rows
        return row.status, row.relation, row.relation_of

    return bringing


Bring = Callable[[str, bytes], tuple[str, str, str | None]]


def test_a_file_is_told_from_those_that_came_before_it(bring: Bring, table: Table) -> None:
    june = export([*map(sale, range(40))])
    assert bring("june.csv", june) == ("staged", "new", None)
    assert bring("june.csv", june) == ("unchanged", "re-delivered", sha256(june))
    assert bring("copy.csv", june) == ("unchanged", "renamed", sha256(june))
    assert bring("copy.csv", june) == ("unchanged", "re-delivered", sha256(june))
    mended = export([sale(3, Close_Price="$291,000"), sale(77)])
    assert bring("june.csv", mended) == ("staged", "corrected", sha256(june))
    # The same listings under another name, and other listings under the same one, are new.
    assert bring("july.csv", export([sale(4, Bedrooms="5")])) == ("staged", "new", None)
    assert bring("june.csv", export([sale(300), sale(301)])) == ("staged", "new", None)
    assert table("ledger.files")["relation"].n_unique() == 4


@pytest.mark.parametrize("cut", ["in a row", "after a row"])
def test_a_file_that_was_cut_off_is_told_when_the_whole_one_comes(bring: Bring, cut: str) -> None:
    whole = export([*map(sale, range(40))])
    lines = whole.splitlines(keepends=True)
    part = whole[: len(whole) - 150] if cut == "in a row" else b"".join(lines[:30])
    longer = b"".join(lines[:35])
    status, relation, _ = bring("june.csv", part)
    assert (status, relation) == ("refused" if cut == "in a row" else "staged", "new")
    if cut == "after a row":
        assert bring("june.csv", longer) == ("staged", "completed", sha256(part))
        # Of two beginnings, the longer one counts.
        part = longer
    assert bring("june.csv", whole) == ("staged", "completed", sha256(part))
    assert bring("other.csv", whole + lines[-1])[1] == "new"


def test_beginnings_are_found_in_one_pass(tmp_path: Path) -> None:
    data = b"0123456789" * 300_000
    path = tmp_path / "x"
    path.write_bytes(data)
    earlier = {sha256(data[:n]): n for n in (1, 2_000_000, 1_048_576, len(data))}
    earlier |= {sha256(b"other"): 5, "": 0, sha256(data + b"1"): len(data) + 1}
    assert beginnings(path, earlier) == tuple(sha256(data[:n]) for n in (1, 1_048_576, 2_000_000))
    assert beginnings(path, {}) == ()


def test_a_content_has_all_its_names_and_counts_that_add_up(bring: Bring, table: Table) -> None:
    data = export([*map(sale, range(5)), sale(1), sale(9, Close_Price="$0")]) + b"1,2\r\n"
    for name in ("b.csv", "a.csv", "b.csv"):
        bring(name, data)
    bring("bad.csv", b"Id,What\n1,2\n")
    contents = table("ledger.contents").sort("status", descending=True)
    assert contents["status"].to_list() == ["staged", "refused"]
    row = contents.row(0, named=True)
    assert row["names"] == ["a.csv", "b.csv"]
    assert (row["n_deliveries"], row["n_bytes"], row["relation"]) == (3, len(data), "new")
    assert (row["relation_of"], row["encoding"]) == (None, "utf-8")
    assert (row["rows_read"], row["rows_malformed"], row["rows_staged"]) == (8, 1, 5)
    assert (row["rows_quarantined"], row["rows_unchanged"]) == (2, 1)
    assert row["first_arrived_at"] < row["last_arrived_at"]
    assert contents["reason"][1].startswith("bad.csv")


def test_decisions_move_the_counts_of_a_content_and_not_those_of_its_delivery(
    bring: Bring, table: Table, warehouse: Warehouse
) -> None:
    twin = sale(9, Close_Price="$500")
    bring("a.csv", export([sale(1), twin, twin]))
    files = table("ledger.files")
    request = Request(verb="release", reason="seen", by="ann", every_row=True)
    decide(warehouse, request, CODE_VERSION)
    row = table("ledger.contents").row(0, named=True)
    counts = ("rows_read", "rows_staged", "rows_quarantined", "rows_unchanged")
    assert [row[name] for name in counts] == [3, 2, 0, 1]
    assert table("ledger.files").equals(files)


def test_events_tell_all_that_happened_in_turn(
    bring: Bring, table: Table, warehouse: Warehouse
) -> None:
    data = export([sale(1), sale(2, Close_Price="$0")])
    bring("a.csv", data)
    bring("b.csv", data)
    bring("c.csv", b"no table")
    request = Request(verb="discard", reason="a test", by="ann", every_row=True)
    decide(warehouse, request, CODE_VERSION)
    events = table("ledger.events").sort("event_at")
    assert events.select("kind", "file_name").rows() == [
        *(("seen", "a.csv"), ("staged", "a.csv"), ("seen", "b.csv"), ("unchanged", "b.csv")),
        *(("seen", "c.csv"), ("refused", "c.csv"), ("discarded", "a.csv")),
    ]
    assert events["relation"].to_list()[2] == "renamed"


def blocking(warehouse: Warehouse, verb: str, source: str, reason: str, by: str = "ann") -> dict:
    request = Request(verb=verb, reason=reason, by=by, source=source)
    return decide(warehouse, request, CODE_VERSION)


@pytest.mark.parametrize("name", ["har", "har_matrix"])
def test_files_of_a_blocked_source_wait_until_it_is_let_in(
    home: Path, take: Take, table: Table, warehouse: Warehouse, name: str
) -> None:
    blocking(warehouse, "block", name, "Prices are in pesos.")
    write(home / "inbox" / "june.csv", [sale(1), sale(2, Close_Price="$0")])
    write(home / "inbox" / "har" / "july.csv", [sale(3)])
    rows = take().rows
    assert [row.status for row in rows] == ["blocked", "blocked"]
    assert rows[0].reason == (
        f"july.csv: the source {name} was blocked by ann (Prices are in pesos); nothing of it was "
        f"taken in, and it waits in the folder blocked until `realty sources unblock {name}`."
    )
    for table_name in ("staging.listings", "staging.quarantine", "raw.listings"):
        assert table(table_name).height == 0
    note = home / "blocked" / "har_matrix" / "june.csv.reason.txt"
    assert "blocked by ann" in note.read_text()
    assert pending(home) == []
    assert take().rows == ()
    told = blocking(warehouse, "unblock", name, "mended")
    assert told["n_files_put_back"] == 2
    assert not (home / "blocked" / "har_matrix").exists()
    rows = take().rows
    assert [(row.status, row.relation) for row in rows] == [("staged", "re-delivered")] * 2
    assert table("staging.listings").height == 2
    assert table("ledger.contents")["status"].to_list() == ["staged", "staged"]
    assert unbalanced(warehouse).wrong == []


def test_other_sources_come_in_while_one_is_blocked(
    home: Path, take: Take, warehouse: Warehouse
) -> None:
    blocking(warehouse, "block", "king_county", "old")
    write(home / "inbox" / "june.csv", [sale(1)])
    assert [row.status for row in take().rows] == ["staged"]


def test_files_left_aside_by_a_killed_unblock_come_back(
    home: Path, take: Take, warehouse: Warehouse
) -> None:
    blocking(warehouse, "block", "har", "stop")
    write(home / "inbox" / "june.csv", [sale(1)])
    take()
    aside = home / "blocked" / "har_matrix"
    kept = {path.name: path.read_bytes() for path in aside.iterdir()}
    blocking(warehouse, "unblock", "har", "go on")
    for path in pending(home):
        path.unlink()
    aside.mkdir()
    for name, data in kept.items():
        (aside / name).write_bytes(data)
    assert [row.status for row in take().rows] == ["staged"]


def test_a_source_is_blocked_once_and_only_when_it_exists(
    warehouse: Warehouse, table: Table
) -> None:
    blocking(warehouse, "block", "har", "stop.")
    blocking(warehouse, "block", "har", "stop.")
    assert table("ledger.decisions").select("verb", "source", "outcome", "reason").rows() == [
        ("block", "har", "blocked", "stop.")
    ]
    with pytest.raises(BadDecision, match=r"har is blocked already, by ann \(stop\)"):
        blocking(warehouse, "block", "har", "another reason")
    with pytest.raises(BadDecision, match="king_county is not blocked"):
        blocking(warehouse, "unblock", "king_county", "why not")
    with pytest.raises(SourceError, match="There is no source 'nobody'"):
        blocking(warehouse, "block", "nobody", "why not")
    with pytest.raises(BadDecision, match="needs a reason"):
        blocking(warehouse, "block", "king_county", " ")


def own_mapping(share: str) -> str:
    return f"""\
name: mine
version: 1
delivery: daily
time_zone: UTC
quarantine_max_share: {share}
recognised_by: [Id, Price]
known_at: [{{end_of_day: close_date}}]
columns:
  Id: {{to: listing_key}}
  Price: {{to: close_price, as: money}}
  Day: {{to: close_date, as: date, formats: ["%Y-%m-%d"]}}
"""


def test_a_mapping_has_its_own_share_of_bad_rows(home: Path, take: Take, table: Table) -> None:
    mapping = home / "sources" / "mine.yaml"
    rows = [f"{n},{0 if n < 4 else 300_000},2021-05-01" for n in range(10)]
    data = "\n".join(["Id,Price,Day", *rows]) + "\n"
    told = []
    for share, setting in (("0.3", 1.0), ("0.5", 0.1)):
        mapping.write_text(own_mapping(share))
        (home / "inbox" / "a.csv").write_text(data)
        (row,) = take(max_share=setting).rows
        told.append(row)
        assert table("staging.listings").height == (6 if row.status == "staged" else 0)
    assert [row.status for row in told] == ["refused", "staged"]
    assert str(told[0].reason).endswith(
        "4 of 10 rows (40%) break a rule, above the limit of 30%, most often price.token; nothing "
        "of it was staged: mend the export or the mapping, or raise quarantine_max_share of the "
        "mapping mine."
    )
    assert read_mapping(mapping).mapping_hash == told[1].mapping_hash


@pytest.mark.parametrize("share", ["1.5", "-0.1", "many"])
def test_a_share_that_is_none_is_told_with_its_line(tmp_path: Path, share: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(own_mapping(share))
    with pytest.raises(SourceError, match=r"mine\.yaml, line 5, field quarantine_max_share"):
        read_mapping(path)


def test_a_share_does_not_make_a_mapping_read_rows_anew() -> None:
    for source in built_in():
        other = source.model_copy(update={"quarantine_max_share": 0.7})
        assert other.mapping_hash == source.mapping_hash
