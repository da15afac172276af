"""The room's checks pass on what it makes, and fail when a promise is broken."""

from __future__ import annotations

from datetime import date

import dagster as dg
import pytest

from realty_assets.cleaning import checks
from realty_assets.cleaning.audit import audit_exclusions, audit_links, audit_sales
from realty_assets.warehouse import Warehouse
from realty_assets_tests.cleaning.rooms import CLEANING, Room
from realty_assets_tests.frames import closed, stage

HOME = {"unparsed_address": "7 Elm St", "city": "Houston"}
ROWS = [
    closed("1", date(2021, 4, 1), 300_000.0, **HOME),
    closed("2", date(2021, 4, 2), 300_000.0, **HOME),
    closed("3", date(2021, 4, 1), 210_000.0, unparsed_address="9 Oak St", unit_number="4A"),
    closed("4", date(2021, 4, 1), 100.0, unparsed_address="11 Oak St"),
    closed("5", date(2021, 4, 1), 220_000.0, unparsed_address="9 Oak St", unit_number="4B"),
]


def test_what_the_room_makes_keeps_every_promise() -> None:
    room = Room(ROWS, decisions=[{"verb": "exclude", "key": "3", "reason": "a gift"}])
    for audit in (audit_links, audit_sales, audit_exclusions):
        found = audit(room.tx)
        assert found.kept, found.sentence
        assert len(found.n_wrong) >= 2


@pytest.mark.parametrize(
    ("harm", "audit", "promise"),
    [
        (
            "UPDATE clean.listing_versions SET property_key = (SELECT min(property_key) FROM "
            "clean.listing_versions WHERE unit = '4A') WHERE unit = '4B'",
            audit_links,
            "units of a building",
        ),
        ("DELETE FROM clean.listing_versions WHERE listing_key = '1'", audit_links, "its home"),
        (
            "UPDATE clean.property_links SET score = NULL WHERE listing_key = '2'",
            audit_links,
            "on what evidence",
        ),
        (
            "UPDATE clean.addresses SET parse_status = 'parsed', address_key = NULL",
            audit_links,
            "address",
        ),
        (
            "UPDATE clean.listing_versions SET valid_to = TIMESTAMP '2000-01-01'",
            audit_links,
            "ends where",
        ),
        ("UPDATE clean.sales SET property_key = 'nobody'", audit_sales, "of one home"),
        ("INSERT INTO clean.sales FROM clean.sales", audit_sales, "at most"),
        ("DELETE FROM clean.sales WHERE listing_key = '3'", audit_sales, "exactly one sale"),
        ("DELETE FROM clean.sale_listings WHERE listing_key = '2'", audit_sales, "exactly one"),
        ("UPDATE clean.sales SET n_listings = 9", audit_sales, "add up"),
        (
            "UPDATE clean.sale_listings SET property_key = 'x' WHERE listing_key = '2'",
            audit_sales,
            "a copy is of the home",
        ),
        ("UPDATE clean.sales SET excluded_by = 'sale.whim'", audit_sales, "by a rule"),
        ("UPDATE clean.sales SET excluded_by = 'sale.flip'", audit_sales, "by a rule"),
        (
            "UPDATE clean.sales SET decision = 'include', excluded_by = 'sale.token_price'",
            audit_sales,
            "wins over",
        ),
        ("DELETE FROM clean.exclusions", audit_exclusions, "and no other"),
        ("UPDATE clean.exclusions SET reason = ''", audit_exclusions, "a reason"),
    ],
)
def test_each_check_sees_what_breaks_it(harm: str, audit: object, promise: str) -> None:
    room = Room(ROWS)
    room.tx.conn.execute(harm)
    found = audit(room.tx)  # type: ignore[operator]
    assert not found.kept
    assert any(promise in name for name, n in found.n_wrong.items() if n), found.n_wrong
    assert promise in found.sentence


def test_the_checks_block_and_pass_in_a_run(tmp_path: object) -> None:
    warehouse = Warehouse.at(f"{tmp_path}/warehouse.duckdb")
    stage(warehouse, ROWS)
    asked = [
        checks.homes_are_told_apart,
        checks.sales_are_conserved,
        checks.exclusions_have_reasons,
    ]
    done = dg.materialize([*CLEANING, *asked], resources={"warehouse": warehouse})
    found = done.get_asset_check_evaluations()
    assert len(found) == 3
    assert all(one.passed and one.blocking for one in found)
    with warehouse.transaction() as tx:
        tx.conn.execute("UPDATE clean.sales SET excluded_by = 'sale.whim'")
    assert not checks.sales_are_conserved(warehouse).passed
