"""Rows that were kept out, read again: by the mapping of today, among their twins, whole files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from realty_assets.ingestion.intake import Taken
from realty_assets.ingestion.plans import CannotRelease, MappingChanged
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import MAPPING, export, sale, write
from realty_assets_tests.ingestion.quarantine import balanced, decided

Take = Callable[..., Taken]
Table = Callable[[str], pl.DataFrame]


def test_a_retry_reads_by_the_mapping_of_today(
    home: Path, warehouse: Warehouse, table: Table, take: Take
) -> None:
    mapping = home / "sources" / "mine.yaml"
    mapping.write_text(MAPPING)
    lines = ["Id,Price,Size,Day,Agent", "1,300000,1500,2021-05-01,X", "2,310000,1500,05.06.2021,Y"]
    lines += ["3,0,1500,05.07.2021,Z", "4,1"]
    (home / "inbox" / "a.csv").write_text("\n".join(lines) + "\n")
    take()
    assert table("staging.listings").height == 1
    nothing = decided(warehouse, "retry", every_row=True)
    assert (nothing["n_staged"], nothing["n_still_open"]) == (0, 3)
    mapping.write_text(MAPPING.replace('"%Y-%m-%d"', '"%Y-%m-%d", "%d.%m.%Y"'))
    with pytest.raises(MappingChanged, match=r"mine has changed since it read a\.csv"):
        decided(warehouse, "release", line_number=3)
    told = decided(warehouse, "retry", "a new form of date", every_row=True)
    assert (told["n_rows"], told["n_staged"], told["n_still_open"]) == (3, 1, 2)
    two = table("staging.listings").filter(pl.col("listing_key") == "2").row(0, named=True)
    assert (str(two["close_date"]), two["flags"]) == ("2021-06-05", ["quarantine.retried"])
    held = table("staging.quarantine").sort("line_number")
    assert held["resolution"].to_list() == ["retried", "open", "open"]
    # What it breaks now, and in the decision what it broke before.
    assert held["rule_ids"][1].to_list() == ["price.token", "range.close_price"]
    last = table("ledger.decisions").filter(pl.col("reason") == "a new form of date")
    three = last.filter(pl.col("line_number") == 4).row(0, named=True)
    assert "date.unreadable" in three["rule_ids"]
    assert three["found_rule_ids"] == ["price.token", "range.close_price"]
    assert balanced(warehouse).rows_staged == 2
    # By now the mapping of today has read it.
    assert decided(warehouse, "release", line_number=4)["n_staged"] == 1
    mapping.unlink()
    with pytest.raises(MappingChanged, match="is no longer there"):
        decided(warehouse, "retry", every_row=True)
    assert balanced(warehouse).rows_staged == 3


def test_a_row_that_was_discarded_has_no_say_in_a_retry(
    home: Path, warehouse: Warehouse, take: Take
) -> None:
    one, other = sale(1), sale(1, Close_Price="$290,000")
    write(home / "inbox" / "x.csv", [*map(sale, range(2, 6)), one, other])
    take()
    assert decided(warehouse, "retry", listing_key="10000001")["n_still_open"] == 2
    decided(warehouse, "discard", "the wrong one", line_number=7)
    assert decided(warehouse, "retry", line_number=6)["n_staged"] == 1
    balanced(warehouse)


def test_a_released_twin_of_a_staged_row_tells_nothing_new(
    home: Path, warehouse: Warehouse, take: Take
) -> None:
    bad = sale(1, Close_Price="$500")
    write(home / "inbox" / "x.csv", [bad, bad, sale(2)])
    take()
    told = decided(warehouse, "release", rule_ids=["price.token"])
    assert (told["n_rows"], told["n_staged"], told["n_unchanged"]) == (2, 1, 1)
    found = balanced(warehouse)
    assert (found.rows_staged, found.rows_quarantined, found.rows_unchanged) == (2, 0, 1)


def test_a_record_that_two_mappings_kept_out_is_staged_once(
    home: Path, warehouse: Warehouse, take: Take, table: Table
) -> None:
    mapping = home / "sources" / "mine.yaml"
    for version in ("1", "2"):
        mapping.write_text(MAPPING.replace("version: 1", f"version: {version}"))
        (home / "inbox" / "a.csv").write_text("Id,Price,Size,Day\n1,500,1500,2021-05-01\n")
        take()
    assert table("staging.quarantine").height == 2
    assert decided(warehouse, "retry", every_row=True)["n_still_open"] == 2
    told = decided(warehouse, "release", every_row=True)
    assert (told["n_staged"], told["n_unchanged"]) == (1, 1)
    assert table("staging.listings").height == 1
    balanced(warehouse)


def test_a_whole_file_of_malformed_records_can_be_retried(
    home: Path, warehouse: Warehouse, take: Take
) -> None:
    header = export([]).decode()
    (home / "inbox" / "x.csv").write_text(header + "1,2,3\r\n4,5\r\n")
    take()
    assert decided(warehouse, "retry", every_row=True)["n_still_open"] == 2
    with pytest.raises(CannotRelease, match=r"line 2 \(and 1 more\), is malformed"):
        decided(warehouse, "release", every_row=True)
    balanced(warehouse)
