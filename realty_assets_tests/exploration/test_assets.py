"""The faces: files and tables are made together, reused while whole, and checked."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.exploration import assets, checks, making
from realty_assets.exploration.findings import LEAKS
from realty_assets.warehouse import Warehouse, WarehouseMissing
from realty_assets_tests.exploration.test_hygiene import photo_rows
from realty_assets_tests.exploration.towns import Row, town
from realty_assets_tests.frames import put
from realty_assets_tests.markets import realty_json

QUARANTINE = pl.DataFrame(
    {"source": ["har"], "raw_text": ["Sample Agent 7"], "rule_ids": [["key.missing"]]}
)


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    put(warehouse, "staging.listings", town(n=800))
    put(warehouse, "staging.quarantine", QUARANTINE)
    return warehouse


def run(warehouse: Warehouse) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [assets.exploration, checks.leaks, checks.reports_are_whole],
        resources={"warehouse": warehouse},
        raise_on_error=False,
    )


def check_only(warehouse: Warehouse) -> dict[str, bool]:
    done = dg.materialize(
        [assets.exploration, checks.leaks, checks.reports_are_whole],
        selection=dg.AssetSelection.all_asset_checks(),
        resources={"warehouse": warehouse},
        raise_on_error=False,
    )
    return {found.check_name: found.passed for found in done.get_asset_check_evaluations()}


def reused(done: dg.ExecuteInProcessResult) -> set[bool]:
    events = done.get_asset_materialization_events()
    return {bool(event.materialization.metadata["reused"].value) for event in events}


def test_tables_files_and_metadata_say_the_same(warehouse: Warehouse) -> None:
    done = run(warehouse)
    assert done.success
    assert {found.check_name for found in done.get_asset_check_evaluations()} == {
        *LEAKS,
        "reports_are_whole",
    }
    reports = warehouse.read(making.REPORTS)
    assert reports.columns == ["name", "form", "path", "sha256", "n_bytes"]
    assert reports.height == 14
    findings = warehouse.read(making.FINDINGS)
    counted = findings.group_by("severity").len()
    (event, _) = done.get_asset_materialization_events()
    metadata = event.materialization.metadata
    for severity, n in counted.iter_rows():
        assert metadata[f"n_{severity}"].value == n
    overview = (warehouse.home / making.FOLDER / "overview.md").read_text()
    assert metadata["overview"].value == overview
    assert Path(str(metadata["path"].value)).is_file()
    assert "| har | key.missing | 1 |" in overview
    assert "Sample Agent 7" not in overview
    for sentence in findings.filter(pl.col("report") == "leakage")["sentence"]:
        assert sentence in (warehouse.home / making.FOLDER / "leakage.md").read_text()


def test_a_rerun_reuses_and_new_rows_do_not(warehouse: Warehouse) -> None:
    assert reused(run(warehouse)) == {False}
    assert reused(run(warehouse)) == {True}
    put(warehouse, "staging.listings", town(n=801))
    assert reused(run(warehouse)) == {False}
    put(warehouse, "staging.photos", photo_rows(40))
    assert reused(run(warehouse)) == {False}
    assert "No photos" not in (warehouse.home / making.FOLDER / "photos.md").read_text()


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_file_that_was_harmed_fails_the_check_and_is_made_anew(
    warehouse: Warehouse, harm: str
) -> None:
    run(warehouse)
    assert check_only(warehouse)["reports_are_whole"]
    file = warehouse.home / making.FOLDER / "leakage.md"
    whole = file.read_bytes()
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(whole.replace(b"Leakage", b"Nothing"))
    assert not check_only(warehouse)["reports_are_whole"]
    assert run(warehouse).success
    assert file.read_bytes() == whole
    assert check_only(warehouse)["reports_are_whole"]


def test_the_check_of_whole_files_blocks_and_those_of_leaks_warn() -> None:
    blocking = {spec.name: spec.blocking for spec in checks.reports_are_whole.check_specs}
    assert blocking == {"reports_are_whole": True}
    assert {spec.name: spec.blocking for spec in checks.leaks.check_specs} == dict.fromkeys(
        LEAKS, False
    )


def test_each_kind_of_leak_fails_its_own_check_and_no_other(warehouse: Warehouse) -> None:
    def after(row: Row) -> Row:
        return row | {"association_fee": 5.0 if row["standard_status"] == "Closed" else None}

    def telling(row: Row) -> Row:
        price = row.get("close_price", row["list_price"])
        return row | {"association_fee": price / row["living_area"]}

    def splitting(row: Row) -> Row:
        return row | {"tax_year": 2022 if row["known_at"].month < 10 else 2023}

    def travelling(row: Row) -> Row:
        one = row["standard_status"] == "Active" and row["listing_key"] == "7000001"
        return row | ({"close_price": 1e5} if one else {})

    run(warehouse)
    assert check_only(warehouse) == dict.fromkeys((*LEAKS, "reports_are_whole"), True)
    for kind, spoil in zip(LEAKS, (after, telling, splitting, travelling), strict=True):
        put(warehouse, "staging.listings", town(n=1500, spoil=spoil))
        done = run(warehouse)
        assert done.success
        failed = [found for found in done.get_asset_check_evaluations() if not found.passed]
        assert [found.check_name for found in failed] == [kind]
        assert failed[0].severity == dg.AssetCheckSeverity.WARN
        assert failed[0].metadata["n_findings"].value == 1


def test_before_anything_is_staged_it_says_what_to_do(home: Path) -> None:
    with pytest.raises(WarehouseMissing, match=r"staging\.listings has not been made yet"):
        list(assets.exploration(warehouse=Warehouse.at(home / "warehouse.duckdb")))


@pytest.mark.slow
def test_realty_explore_prints_where_the_reports_are(warehouse: Warehouse) -> None:
    told = realty_json(warehouse.home, "explore")
    assert told["n_warn"] == 0
    paths = {Path(report["path"]) for report in told["reports"]}
    assert len(paths) == 14
    assert all(path.is_file() for path in paths)
    assert told["overview"] == (warehouse.home / making.FOLDER / "overview.html").as_uri()
