"""The faces: assets with data versions, a check that blocks, and one that informs."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from realty_assets.ingestion import assets, checks
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ingestion.exports import sale, write

FACES = [assets.ingestion, checks.rows_are_conserved, checks.contract_is_kept]


def run(warehouse: Warehouse) -> dg.ExecuteInProcessResult:
    return dg.materialize(FACES, resources={"warehouse": warehouse}, raise_on_error=False)


def versions(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        event.materialization.asset_key.to_user_string(): str(
            (event.materialization.tags or {})["dagster/data_version"]
        )
        for event in result.get_asset_materialization_events()
    }


def passed(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}


def test_every_asset_is_made_and_both_checks_pass(home: Path, warehouse: Warehouse) -> None:
    write(home / "inbox" / "x.csv", [*map(sale, range(30)), sale(99, Close_Price="$0")])
    result = run(warehouse)
    assert result.success
    assert passed(result) == {"rows_are_conserved": True, "contract_is_kept": True}
    counts = {
        event.materialization.asset_key.to_user_string(): event.materialization.metadata[
            "dagster/row_count"
        ].value
        for event in result.get_asset_materialization_events()
    }
    assert counts == {
        "ledger/files": 1,
        "ledger/events": 2,
        "ledger/contents": 1,
        "ledger/decisions": 0,
        "raw/listings": 31,
        "staging/listings": 30,
        "staging/parcels": 0,
        "staging/quarantine": 1,
    }


def test_an_empty_home_materializes(warehouse: Warehouse) -> None:
    result = run(warehouse)
    assert result.success
    assert passed(result) == {"rows_are_conserved": True, "contract_is_kept": True}


def test_nothing_new_makes_no_new_version_and_news_makes_one(
    home: Path, warehouse: Warehouse
) -> None:
    write(home / "inbox" / "x.csv", [sale(1)])
    first = versions(run(warehouse))
    assert versions(run(warehouse)) == first
    write(home / "inbox" / "again.csv", [sale(1)])
    repeated = versions(run(warehouse))
    assert {key for key in first if first[key] != repeated[key]} == {
        *("ledger/files", "ledger/events", "ledger/contents"),
    }
    write(home / "inbox" / "y.csv", [sale(2)])
    fresh = versions(run(warehouse))
    assert {key for key in first if fresh[key] == repeated[key]} == {"ledger/decisions"}


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (
            "DELETE FROM staging.listings WHERE record_number = 3",
            "29 rows in staging, should be 30",
        ),
        ("DELETE FROM staging.quarantine", "0 rows in quarantine, should be 1"),
        ("UPDATE ledger.files SET rows_unchanged = 5", "36 rows accounted for in the ledger"),
        ("UPDATE ledger.files SET rows_malformed = 2", "33 rows in raw, and malformed"),
    ],
)
def test_a_lost_row_fails_the_blocking_check(
    home: Path, warehouse: Warehouse, harm: str, told: str
) -> None:
    write(home / "inbox" / "x.csv", [*map(sale, range(30)), sale(99, Close_Price="$0")])
    run(warehouse)
    with warehouse.connect() as conn:
        conn.execute(harm)
    result = run(warehouse)
    assert not result.success
    assert not passed(result)["rows_are_conserved"]
    evaluation = next(one for one in result.get_asset_check_evaluations() if not one.passed)
    assert told in str(evaluation.description)
    assert evaluation.blocking


def test_the_contract_check_fails_and_does_not_block(home: Path, warehouse: Warehouse) -> None:
    write(home / "inbox" / "x.csv", [sale(1), sale(2)])
    run(warehouse)
    with warehouse.connect() as conn:
        conn.execute("UPDATE staging.listings SET bedrooms_total = 77 WHERE record_number = 1")
    result = run(warehouse)
    assert result.success
    assert passed(result) == {"rows_are_conserved": True, "contract_is_kept": False}


def test_previews_of_raw_and_quarantine_name_nobody(home: Path, warehouse: Warehouse) -> None:
    write(home / "inbox" / "x.csv", [sale(1), sale(2, Close_Price="$0")])
    for event in run(warehouse).get_asset_materialization_events():
        assert "Sample Agent" not in str(event.materialization.metadata["preview"].value)
