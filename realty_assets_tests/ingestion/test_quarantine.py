"""Rows that were kept out: told in full, released, discarded and read again; nothing is lost."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from realty_assets.errors import RealtyError
from realty_assets.ingestion.conservation import contract_breaches, unbalanced
from realty_assets.ingestion.contract import COLUMN_NAMES
from realty_assets.ingestion.decisions import BadDecision
from realty_assets.ingestion.intake import Taken
from realty_assets.ingestion.ledger import table_hashes
from realty_assets.ingestion.plans import CannotRelease
from realty_assets.ingestion.selection import NoSuchRows, Selection, listed, shown
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import export, sale, write
from realty_assets_tests.ingestion.quarantine import balanced, decided

Take = Callable[..., Taken]
Table = Callable[[str], pl.DataFrame]


def hashes(warehouse: Warehouse) -> dict[str, str]:
    with warehouse.transaction() as tx:
        return table_hashes(tx)


@pytest.fixture
def june(home: Path, take: Take) -> None:
    """Five good rows, two token prices, one close before list, one ragged record."""
    rows = [*map(sale, range(5)), sale(10, Close_Price="$0"), sale(11, Close_Price="$500")]
    rows.append(sale(12, Close_Date="4/1/2021 12:00:00 AM", Latitude="-95.7", Longitude="29.8"))
    data = export(rows) + b"1,2,3\r\n"
    (home / "inbox" / "june.csv").write_bytes(data)
    take()


@pytest.mark.usefixtures("june")
def test_a_released_row_stands_in_staging_as_if_it_had_been_staged_at_once(
    home: Path, warehouse: Warehouse, table: Table, take: Take
) -> None:
    before = hashes(warehouse)
    told = decided(warehouse, "release", rule_ids=["date.close_before_list"])
    assert (told["n_rows"], told["n_staged"], told["n_unchanged"]) == (1, 1, 0)
    staged = table("staging.listings").filter(pl.col("listing_key") == "10000012")
    (row,) = staged.to_dicts()
    # Its own cells, with what a later rule of the file told: swapped coordinates are emptied.
    assert (row["record_number"], row["line_number"], row["list_price"]) == (8, 9, 312_000)
    assert str(row["close_date"]) == "2021-04-01"
    assert (row["latitude"], row["longitude"]) == (None, None)
    assert row["flags"] == ["geo.swapped", "quarantine.released"]
    after = hashes(warehouse)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == set(before) - {"ledger.files", "raw.listings"}
    assert balanced(warehouse).rows_quarantined == 3
    # The same row delivered without its fault is another version; as it was, nothing new.
    clean = {name: cell for name, cell in row.items() if name != "flags"}
    assert set(clean) == set(COLUMN_NAMES) - {"flags"}
    write(home / "inbox" / "again.csv", [sale(1)])
    (again,) = take().rows
    assert again.rows_unchanged == 1
    balanced(warehouse)


@pytest.mark.usefixtures("june")
def test_a_released_row_is_read_like_any_other(warehouse: Warehouse, table: Table) -> None:
    decided(warehouse, "release", line_number=8)
    staged = table("staging.listings")
    row, good = (
        staged.filter(pl.col("listing_key") == key).row(0, named=True)
        for key in ("10000011", "10000001")
    )
    own = {
        *("listing_key", "record_number", "line_number", "row_hash", "flags", "close_price"),
        *("list_price", "original_list_price", "living_area", "unparsed_address"),
        *("latitude", "longitude"),
    }
    assert [row[name] for name in row if name not in own] == [
        good[name] for name in good if name not in own
    ]
    assert (row["close_price"], row["living_area"]) == (500, 2_110)


@pytest.mark.usefixtures("june")
def test_cells_outside_the_contract_are_emptied_and_the_table_keeps_it(
    warehouse: Warehouse, table: Table
) -> None:
    decided(warehouse, "release", rule_ids=["price.token"])
    prices = table("staging.listings").filter(pl.col("flags").list.contains("quarantine.released"))
    assert prices.sort("listing_key")["close_price"].to_list() == [None, 500.0]
    assert contract_breaches(warehouse) == ([], 7)


@pytest.mark.usefixtures("june")
def test_a_malformed_record_cannot_be_released_and_nothing_else_is_then(
    warehouse: Warehouse, table: Table
) -> None:
    with pytest.raises(CannotRelease, match=r"june\.csv, line 10, is malformed: .* discard it"):
        decided(warehouse, "release", file="june.csv")
    assert table("staging.listings").height == 5
    assert table("ledger.decisions").height == 0
    assert set(table("staging.quarantine")["resolution"]) == {"open"}
    assert decided(warehouse, "discard", rule_ids=["record.malformed"])["n_rows"] == 1
    assert decided(warehouse, "release", file="june.csv")["n_rows"] == 3
    assert balanced(warehouse).rows_quarantined == 1


def test_a_row_without_a_key_cannot_be_released(
    home: Path, take: Take, warehouse: Warehouse
) -> None:
    write(home / "inbox" / "x.csv", [sale(1), sale(2, MLS_Number="")])
    take()
    with pytest.raises(CannotRelease, match=r"x\.csv, line 3, has no key"):
        decided(warehouse, "release", every_row=True)
    balanced(warehouse)


@pytest.mark.usefixtures("june")
def test_a_decision_is_a_row_with_its_evidence(warehouse: Warehouse, table: Table) -> None:
    decided(warehouse, "discard", "a test entry", by="bob", listing_key="10000010")
    (row,) = table("ledger.decisions").to_dicts()
    (held,) = table("staging.quarantine").filter(pl.col("resolution") == "discarded").to_dicts()
    assert row["text_hash"] == hashlib.sha256(held["raw_text"].encode()).hexdigest()
    wanted = ("bob", "discard", "a test entry", "discarded", None, "a run", "june.csv", 7)
    names = ("decided_by", "verb", "reason", "outcome", "fate", "run_id", "file_name")
    assert tuple(row[name] for name in (*names, "line_number")) == wanted
    for name in ("quarantine_id", "rule_ids", "rule_versions", "mapping_hash", "file_hash"):
        assert row[name] == held[name]
    (event,) = table("ledger.events").filter(pl.col("kind") == "discarded").to_dicts()
    assert (event["n_rows"], event["decision_id"]) == (1, row["decision_id"])


@pytest.mark.usefixtures("june")
def test_the_same_decision_again_changes_nothing(warehouse: Warehouse, table: Table) -> None:
    for verb in ("release", "retry", "discard"):
        first = decided(warehouse, verb, listing_key="10000010")
        before = hashes(warehouse), table("ledger.decisions").height
        again = decided(warehouse, verb, listing_key="10000010")
        assert (hashes(warehouse), table("ledger.decisions").height) == before
        assert again["n_staged"] == 0
        if verb != "retry":
            assert (first["n_rows"], again["n_rows"], again["n_decided_before"]) == (1, 0, 1)
        with warehouse.connect() as conn:
            conn.execute("UPDATE staging.quarantine SET resolution = 'open'")
            conn.execute("DELETE FROM ledger.decisions")
            conn.execute("DELETE FROM staging.listings WHERE listing_key = '10000010'")


@pytest.mark.usefixtures("june")
def test_a_discarded_row_comes_back_only_when_it_is_asked_for(warehouse: Warehouse) -> None:
    decided(warehouse, "discard", rule_ids=["price.token"])
    assert decided(warehouse, "release", listing_key="10000012")["n_rows"] == 1
    with pytest.raises(NoSuchRows, match="those that fit are discarded"):
        decided(warehouse, "release", rule_ids=["price.token"])
    told = decided(warehouse, "release", rule_ids=["price.token"], resolution="discarded")
    assert told["n_staged"] == 2
    balanced(warehouse)


@pytest.mark.usefixtures("june")
@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"reason": "  ", "line_number": 7}, BadDecision, "needs a reason"),
        ({}, BadDecision, "Say which rows to release"),
        ({"rule_ids": ["price.tokn"]}, NoSuchRows, "There is no rule 'price.tokn'"),
        ({"file": "july.csv"}, NoSuchRows, "No row in quarantine fits"),
        ({"listing_key": "10000001"}, NoSuchRows, "No row in quarantine fits"),
    ],
)
def test_what_cannot_be_decided_is_told(
    warehouse: Warehouse, asked: dict, error: type[RealtyError], says: str
) -> None:
    with pytest.raises(error, match=says):
        decided(warehouse, "release", **asked)
    balanced(warehouse)


@pytest.mark.usefixtures("june")
def test_rows_are_found_by_all_their_names(
    home: Path, warehouse: Warehouse, table: Table, take: Take
) -> None:
    data = next((home / "archive").rglob("june.csv")).read_bytes()
    (home / "inbox" / "renamed.csv").write_bytes(data)
    take()
    held = table("staging.quarantine").row(0, named=True)
    counts = {
        4: [
            *({"file": "june.csv"}, {"file": "renamed.csv"}, {"file": held["file_hash"][:10]}),
            *({"source": "har"}, {"source": "har_matrix"}, {}),
        ],
        2: [{"rule_ids": ["price.token"]}, {"rule_ids": ["price.token", "price.rent"]}],
        1: [
            *({"line_number": 7}, {"listing_key": "10000010"}),
            {"quarantine_id": held["quarantine_id"][:6]},
        ],
        0: [{"file": "jun"}, {"source": "king_county"}, {"line_number": 2}],
    }
    with warehouse.transaction() as tx:
        for n_rows, selections in counts.items():
            for said in selections:
                assert Selection(**said).rows(tx).height == n_rows, said


@pytest.mark.usefixtures("june")
def test_a_list_shows_no_cells_and_a_row_shows_all(warehouse: Warehouse) -> None:
    decided(warehouse, "retry", "new rules", listing_key="10000010")
    with warehouse.transaction() as tx:
        found = listed(tx, Selection(), "open", 2)
        row = shown(tx, Selection(listing_key="10000010"))
        with pytest.raises(NoSuchRows, match="4 rows of it fit"):
            shown(tx, Selection(file="june.csv"))
        with pytest.raises(NoSuchRows, match="no row of it fits"):
            shown(tx, Selection(line_number=99))
    assert (found["n_rows"], len(found["rows"])) == (4, 2)
    assert {one["rule"]: one["n_rows"] for one in found["by_rule"]}["price.token"] == 2
    assert "Sample Agent" not in str(found)
    assert "roof replaced" not in str(found)
    assert "Sample Agent 38" in row["raw_text"]
    (token,) = [one for one in row["rules"] if one["rule"] == "price.token"]
    assert token == {
        "rule": "price.token",
        "version": "1",
        "severity": "error",
        "sentence": "The price is nothing or next to nothing.",
    }
    assert (row["file_name"], row["line_number"], row["resolution"]) == ("june.csv", 7, "open")
    (told,) = row["history"]
    assert (told["verb"], told["reason"], told["outcome"]) == ("retry", "new rules", "open")
    assert told["found_rule_ids"] == told["rule_ids"]


@pytest.mark.usefixtures("june")
@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (
            "DELETE FROM staging.listings WHERE list_contains(flags, 'quarantine.released')",
            "0 rows in staging that left quarantine, should be 2",
        ),
        (
            "UPDATE staging.quarantine SET resolution = 'open'",
            "0 rows in quarantine that have left it, should be 2; "
            "2 rows in staging and kept out, should be 0",
        ),
        ("DELETE FROM ledger.decisions", "2 rows in staging that left quarantine, should be 0"),
        (
            "UPDATE staging.listings SET flags = []",
            "7 rows in staging, should be 5",
        ),
    ],
)
def test_a_released_row_that_is_lost_is_seen(warehouse: Warehouse, harm: str, told: str) -> None:
    decided(warehouse, "release", rule_ids=["price.token"])
    balanced(warehouse)
    with warehouse.connect() as conn:
        conn.execute(harm)
    assert told in unbalanced(warehouse).sentence


def test_a_home_of_an_earlier_release_is_carried_over(
    home: Path, warehouse: Warehouse, take: Take, table: Table
) -> None:
    write(home / "inbox" / "x.csv", [sale(1), sale(2, Close_Price="$500")])
    take()
    with warehouse.connect() as conn:
        for name in ("quarantine_id", "mapping", "mapping_hash"):
            conn.execute(f"ALTER TABLE staging.quarantine DROP COLUMN {name}")
        conn.execute("DROP VIEW ledger.contents")
        for name in ("relation", "relation_of", "written_at"):
            conn.execute(f"ALTER TABLE ledger.files DROP COLUMN {name}")
        conn.execute("DROP TABLE ledger.events")
        conn.execute("DROP TABLE ledger.decisions")
    take()
    assert table("ledger.events")["kind"].to_list() == ["staged"]
    assert decided(warehouse, "release", every_row=True)["n_staged"] == 1
    write(home / "inbox" / "y.csv", [sale(3), sale(4, Close_Price="$500")])
    take()
    assert decided(warehouse, "retry", every_row=True)["n_still_open"] == 1
    balanced(warehouse)
