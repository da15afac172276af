"""serving.valuations on a real warehouse: every home asked for, valued or with a reason."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.modeling.mlflow_registry import registered_name
from realty_assets.promotion.ledger import GATE
from realty_assets.serving import assets, checks
from realty_assets.serving.champion import NoChampion, champion
from realty_assets.serving.valuations import StaleFeatures, predict_all, value_homes
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import put
from realty_assets_tests.serving.homes import (
    TODAY,
    clean_tables,
    put_aliases,
    put_market,
)


def materialize(warehouse: Warehouse) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [assets.valuations, checks.valuations_are_whole],
            instance=instance,
            resources={"warehouse": warehouse},
            raise_on_error=False,
        )


def check(warehouse: Warehouse) -> dg.AssetCheckResult:
    result = checks.valuations_are_whole(warehouse)
    assert isinstance(result, dg.AssetCheckResult)
    return result


def test_every_active_listing_has_a_value_or_a_reason(warehouse: Warehouse) -> None:
    rows = warehouse.read("serving.valuations")
    said = dict(rows.select("listing_key", "reason").iter_rows())
    assert said == {
        "A1": None,
        "A2": None,
        "A3": None,
        "NO-AREA": "no living area on record",
        "LAND": "out of scope: land, not a home",
        "LEASE": "out of scope: offered for lease, not for sale",
        "FOURPLEX": "out of scope: a building of several homes",
    }
    valued = rows.filter(pl.col("reason").is_null())
    assert valued.filter(
        (pl.col("lower_90") > 0)
        & (pl.col("lower_90") <= pl.col("value"))
        & (pl.col("value") <= pl.col("upper_90"))
    ).height == len(valued)
    abstained = rows.filter(pl.col("reason").is_not_null())
    assert abstained.select("value", "lower_90", "upper_90").null_count().row(0) == (4, 4, 4)
    assert rows["as_of"].unique().to_list() == [TODAY]
    assert rows["track"].unique().to_list() == ["off_market"]
    assert rows["model_version"].unique().to_list() == [champion(warehouse).model_version]


def test_a_source_without_an_active_listing_has_every_known_home_valued(
    warehouse: Warehouse,
) -> None:
    put_market(warehouse, clean_tables(active=False))
    assert materialize(warehouse).success
    rows = warehouse.read("serving.valuations")
    homes = warehouse.read("clean.properties")
    assert sorted(rows["listing_key"]) == sorted(homes["latest_listing_key"])
    assert rows["property_key"].n_unique() == len(rows) < len(warehouse.read("clean.sales"))
    assert rows["value"].null_count() == 0
    assert check(warehouse).passed


def test_the_check_passes_and_counts_the_outcomes(warehouse: Warehouse) -> None:
    result = check(warehouse)
    assert result.passed
    outcomes = result.metadata["outcomes"].value
    assert {"track": "off_market", "outcome": "valued", "n_homes": 3} in outcomes
    assert sum(row["n_homes"] for row in outcomes) == 7


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DELETE FROM serving.valuations WHERE listing_key = 'A1'", "has no row"),
        (
            "INSERT INTO serving.valuations SELECT * FROM serving.valuations "
            "WHERE listing_key = 'A1'",
            "has more than one row",
        ),
        (
            "UPDATE serving.valuations SET listing_key = 'B9' WHERE listing_key = 'LAND'",
            "was not asked for",
        ),
        (
            "UPDATE serving.valuations SET lower_90 = value + 1 WHERE listing_key = 'A2'",
            "lies outside its interval",
        ),
        (
            "UPDATE serving.valuations SET lower_90 = -1 WHERE listing_key = 'A2'",
            "lies outside its interval",
        ),
        (
            "UPDATE serving.valuations SET upper_90 = NULL WHERE listing_key = 'A2'",
            "lies outside its interval",
        ),
        (
            "UPDATE serving.valuations SET upper_90 = 'nan'::DOUBLE, value = 'nan'::DOUBLE "
            "WHERE listing_key = 'A2'",
            "lies outside its interval",
        ),
        (
            "UPDATE serving.valuations SET value = NULL WHERE listing_key = 'A2'",
            "has neither value nor reason",
        ),
        (
            "UPDATE serving.valuations SET reason = 'x' WHERE listing_key = 'A2'",
            "has neither value nor reason",
        ),
        (
            "UPDATE serving.valuations SET model_version = NULL WHERE listing_key = 'A2'",
            "names no model",
        ),
    ],
)
def test_the_check_fails_and_names_the_home(warehouse: Warehouse, change: str, what: str) -> None:
    with warehouse.transaction() as tx:
        tx.conn.execute(change)
    result = check(warehouse)
    assert not result.passed
    assert what in {row["what"] for row in result.metadata["examples"].value}


def test_a_failed_check_stops_what_comes_after(warehouse: Warehouse) -> None:
    spec = next(iter(checks.valuations_are_whole.check_specs))
    assert spec.blocking


def test_nothing_new_is_not_valued_again(warehouse: Warehouse) -> None:
    result = materialize(warehouse)
    (event,) = result.get_asset_materialization_events()
    assert event.materialization.metadata["reused"].value is True


def test_the_order_of_rows_does_not_matter(warehouse: Warehouse) -> None:
    subjects = warehouse.read(sql("serving/subjects.sql"))
    matrix = warehouse.read("features.matrix")
    valuer = champion(warehouse)
    first = value_homes(valuer, subjects, matrix, TODAY)
    shuffled = value_homes(
        valuer,
        subjects.sample(fraction=1, shuffle=True, seed=1),
        matrix.sample(fraction=1, shuffle=True, seed=2),
        TODAY,
    )
    assert first.equals(shuffled)


def test_no_home_at_all_gives_an_empty_table_of_the_same_shape(warehouse: Warehouse) -> None:
    subjects = warehouse.read(sql("serving/subjects.sql"))
    matrix = warehouse.read("features.matrix")
    whole = value_homes(champion(warehouse), subjects, matrix, TODAY)
    none = value_homes(champion(warehouse), subjects.head(0), matrix.head(0), TODAY)
    assert none.is_empty()
    assert none.schema == whole.schema


def test_features_of_another_day_are_not_passed_off_as_todays(warehouse: Warehouse) -> None:
    with pytest.raises(StaleFeatures, match=r"2022-01-01.*2022-02-01.*realty run features"):
        value_homes(
            champion(warehouse),
            warehouse.read(sql("serving/subjects.sql")),
            warehouse.read("features.matrix"),
            date(2022, 2, 1),
        )


def test_features_of_another_version_are_said_to_be_so(warehouse: Warehouse) -> None:
    matrix = warehouse.read("features.matrix").drop("ln_living_area")
    with pytest.raises(StaleFeatures, match=r"ln_living_area.*realty run all"):
        predict_all(champion(warehouse), matrix)


def test_without_a_model_the_sentence_says_how_many_sales_are_needed(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "warehouse.duckdb")
    with pytest.raises(NoChampion, match=r"about 400 valid closed sales are needed, 0 are there"):
        champion(warehouse)
    tables = clean_tables(300)
    put_market(warehouse, tables)
    with pytest.raises(NoChampion, match=r"294 are there; ingest more history"):
        champion(warehouse)


def test_a_model_that_missed_its_floors_is_not_asked(warehouse: Warehouse) -> None:
    put_aliases(warehouse, [])
    reason = "Model abc misses its floors: median ratio is 2 (must be <= 1.15)."
    gate = {"name": registered_name("off_market"), "decided_by": GATE, "verdict": "reject"}
    decisions = [
        gate | {"reason": "an older one", "decided_at": date(2021, 1, 1)},
        gate | {"reason": reason, "decided_at": date(2022, 1, 1)},
    ]
    put(warehouse, "promotion.decisions", pl.DataFrame(decisions))
    with pytest.raises(NoChampion, match="misses its floors"):
        champion(warehouse)


def test_a_champion_that_is_gone_or_changed_is_said_to_be_so(warehouse: Warehouse) -> None:
    artifact = warehouse.home / warehouse.read("modeling.models")["artifact"][0]
    (artifact / "member_0.ubj").write_bytes(b"something else")
    with pytest.raises(NoChampion, match=r"cannot be loaded.*member_0\.ubj"):
        champion(warehouse)
    shutil.rmtree(artifact)
    with pytest.raises(NoChampion, match="cannot be loaded"):
        champion(warehouse)
    put_aliases(warehouse, [{"name": "x", "alias": "champion", "model_version": "gone"}])
    with pytest.raises(NoChampion, match="gone is not among the models"):
        champion(warehouse)
