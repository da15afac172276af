"""The faces of features and modeling on a real warehouse: made, checked, reused, repeatable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.features import assets as features
from realty_assets.features import checks
from realty_assets.features.tracks import TRACKS
from realty_assets.fingerprint import table_fingerprint
from realty_assets.modeling import assets as modeling
from realty_assets.modeling import backtest_report
from realty_assets.modeling.model import load_valuer, value_subjects
from realty_assets.modeling.settings import PROFILES
from realty_assets.settings import get_settings
from realty_assets.warehouse import Warehouse
from realty_assets_tests.features.test_layers import describe, geojson
from realty_assets_tests.features.towns import town
from realty_assets_tests.frames import NO_CONTRACTS, put
from realty_assets_tests.modeling.markets import QUICK

ASSETS = [
    *dg.load_assets_from_modules([features, modeling]),
    *dg.load_asset_checks_from_modules([checks]),
]
TABLES = [
    *("features.market_index", "features.matrix", "features.registry", "features.comparables"),
    *("modeling.walk_forward", "modeling.predictions", "modeling.backtests", "modeling.models"),
]


def filled(home: Path, sales: pl.DataFrame) -> Warehouse:
    """A warehouse with the clean tables of `sales`, eight of which are listed anew."""
    home.mkdir(parents=True, exist_ok=True)
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    by_key = sales.sort("listing_key")
    active = by_key.tail(8).with_columns(
        listing_key=pl.lit("A") + pl.col("listing_key"), standard_status=pl.lit("Active")
    )
    put(warehouse, "clean.sales", sales)
    put(warehouse, "clean.contracts", NO_CONTRACTS)
    put(warehouse, "clean.listings", active)
    put(
        warehouse,
        "clean.properties",
        by_key.unique("property_key", keep="last", maintain_order=True).with_columns(
            first_known_at=pl.col("known_at")
        ),
    )
    put(warehouse, "staging.listings", sales.select("known_at"))
    return warehouse


def materialize(warehouse: Warehouse, **how) -> dg.ExecuteInProcessResult:
    return dg.materialize(ASSETS, resources={"warehouse": warehouse}, **how)


def fingerprints(warehouse: Warehouse) -> dict[str, str]:
    with warehouse.connect() as conn:
        return {table: table_fingerprint(conn, table)[1] for table in TABLES}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[Warehouse]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("REALTY_HOME", str(home))
        patch.setenv("REALTY_PROFILE", "fast")
        patch.setenv("REALTY_BACKTEST_MONTHS", "2")
        patch.setitem(PROFILES, "fast", QUICK)
        warehouse = filled(home, town(1200))
        assert materialize(warehouse).success
        yield warehouse


@pytest.fixture(autouse=True)
def _fast(monkeypatch, made) -> None:
    monkeypatch.setenv("REALTY_HOME", str(made.home))
    monkeypatch.setenv("REALTY_PROFILE", "fast")
    monkeypatch.setenv("REALTY_BACKTEST_MONTHS", "2")
    monkeypatch.setitem(PROFILES, "fast", QUICK)


def test_every_table_stands_and_has_its_rows(made) -> None:
    matrix = made.read("features.matrix")
    assert matrix.group_by("role").len().sort("role").rows() == [("active", 8), ("sale", 1200)]
    predictions = made.read("modeling.predictions")
    figures = made.read("modeling.backtests").filter(pl.col("slice") == "all")
    n = dict(predictions.group_by("backtest_id").len().iter_rows())
    assert dict(figures.select("backtest_id", "n").iter_rows()) == n
    assert n.keys() == {f"{track} 2021-10 2021-11" for track in TRACKS}
    registry = made.read("features.registry")
    assert set(registry["availability"]) <= set(TRACKS)
    assert made.read("features.market_index")["vintage"].n_unique() > 6


def test_the_model_on_disk_gives_the_values(made) -> None:
    models = made.read("modeling.models")
    row = models.filter(pl.col("track") == "off_market").row(0, named=True)
    valuer = load_valuer(made.home / row["artifact"])
    assert valuer.model_version == row["model_version"]
    assert (row["name"], row["mlflow_version"]) == ("realty-off-market", 1)
    assert json.loads(row["metrics"])["walk_forward_mdape"] < 0.1
    values = value_subjects(valuer, made.read("features.matrix"))
    assert len(values) == 8
    assert (values["lower_90"] < values["value"]).all()


def test_nothing_new_means_nothing_made_and_another_home_is_equal(
    made, tmp_path, monkeypatch
) -> None:
    before = fingerprints(made)
    again = materialize(made)
    assert all(
        event.step_materialization_data.materialization.metadata["reused"].value
        for event in again.get_asset_materialization_events()
    )
    assert fingerprints(made) == before
    monkeypatch.setenv("REALTY_HOME", str(tmp_path / "other"))
    other = filled(
        tmp_path / "other", made.read("clean.sales").sample(fraction=1, shuffle=True, seed=1)
    )
    assert materialize(other).success
    assert fingerprints(other) == before


def test_a_window_of_ones_own_and_its_file(made, tmp_path) -> None:
    window = backtest_report.check_window("2021-11", "2021-11", "off_market")
    chosen = [["modeling", name] for name in ("predictions", "backtests", "openings")]
    before = {name: made.read(name) for name in ("modeling.predictions", "modeling.backtests")}
    result = materialize(
        made,
        selection=dg.AssetSelection.assets(*chosen),
        run_config={"ops": backtest_report.op_config(window)},
    )
    assert result.success
    for name, rows in before.items():
        kept = made.read(name).filter("is_headline")
        assert kept.select(rows.columns).equals(rows)
    told = backtest_report.tell(made, window, tmp_path / "deep" / "preds.csv")
    assert told["n"] == len(pl.read_csv(tmp_path / "deep" / "preds.csv"))
    assert told["slices"]["month 2021-11"]["n"] == told["n"]
    assert json.loads(json.dumps(told))["split"] == "rolling origin by month"
    # The usual window is there already, so that nothing is made anew for it.
    asked_too = fingerprints(made)
    again = materialize(made, selection=dg.AssetSelection.assets(*chosen))
    assert all(
        event.step_materialization_data.materialization.metadata["reused"].value
        for event in again.get_asset_materialization_events()
    )
    assert fingerprints(made) == asked_too
    with made.transaction() as tx:
        for name in before:
            tx.conn.execute(f"DELETE FROM {name} WHERE NOT is_headline")


def test_training_the_same_model_again_adds_neither_row_nor_version(made) -> None:
    """As after a kill between MLflow's commit and the warehouse's."""
    before = made.read("modeling.models")
    with made.transaction() as tx:
        tx.conn.execute("DROP TABLE modeling.models")
    assert materialize(made, selection=dg.AssetSelection.assets(["modeling", "models"])).success
    after = made.read("modeling.models")
    volatile = ["trained_at", "duration_s"]
    assert after.drop(volatile).equals(before.drop(volatile))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("2015-3", "2015-05", "off_market"), "YYYY-MM"),
        (("2015-06", "2015-05", "off_market"), "before it begins"),
        (("2015-03", "2015-05", "offmarket"), "no track 'offmarket'"),
    ],
)
def test_a_window_that_cannot_be_used_is_said_in_a_sentence(words, says) -> None:
    with pytest.raises(backtest_report.BadWindow, match=says) as told:
        backtest_report.check_window(*words)
    assert str(told.value).count("\n") == 0


def test_a_market_too_young_says_how_many_sales_it_needs(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("REALTY_HOME", str(tmp_path / "young"))
    young = filled(tmp_path / "young", town(120))
    result = materialize(young, raise_on_error=False)
    assert not result.success
    failed = [event for event in result.all_events if event.is_step_failure]
    cause = failed[0].step_failure_data.error.cause or failed[0].step_failure_data.error
    assert "Not enough sales" in cause.message
    assert "210 are needed" in cause.message


def checked(warehouse: Warehouse, matrix: pl.DataFrame) -> dict[str, bool]:
    put(warehouse, "features.matrix", matrix)
    result = dg.materialize(
        [*dg.load_asset_checks_from_modules([checks])],
        resources={"warehouse": warehouse},
        selection=dg.AssetSelection.all_asset_checks(),
        raise_on_error=False,
    )
    return {e.check_name: e.passed for e in result.get_asset_check_evaluations()}


def test_each_check_can_fail_and_blocks(made, tmp_path) -> None:
    good = made.read("features.matrix")
    warehouse = Warehouse.at(tmp_path / "w.duckdb")
    comparables = made.read("features.comparables")
    assert set(comparables["role"]) == {"active", "sale"}
    put(warehouse, "features.comparables", comparables)
    assert set(checked(warehouse, good).values()) == {True}
    late = good.with_columns(latest_comp_known_at=pl.col("as_of").cast(pl.Datetime("us")))
    assert not checked(warehouse, late)["nothing_from_the_future"]
    listed = good.with_columns(list_price=pl.lit(1.0))
    assert not checked(warehouse, listed)["only_what_the_track_may_know"]
    assert not checked(warehouse, pl.concat([good, good.tail(1)]))["one_row_per_subject"]
    named = good.with_columns(owner_name=pl.lit("x"))
    assert not checked(warehouse, named)["no_barred_features"]
    put(warehouse, "features.comparables", comparables.with_columns(comp_close_date="as_of"))
    assert not checked(warehouse, good)["no_comparable_from_the_future"]
    for definition in dg.load_asset_checks_from_modules([checks]):
        assert all(spec.blocking for spec in definition.check_specs)


def test_a_layer_of_the_home_is_made_and_a_barred_one_is_not(tmp_path, monkeypatch) -> None:
    home = tmp_path / "mapped"
    monkeypatch.setenv("REALTY_HOME", str(home))
    warehouse = filled(home, town(300))
    geojson(home / "layers" / "rail.geojson", {"type": "Point", "coordinates": [-95.4, 29.7]})
    fields = {"known_from": "2021-01-01", "measures": "[distance_km]", "file": "rail.geojson"}
    describe(home / "layers", "rail", **fields)
    tables = ("matrix", "matrix_on_market", "registry")
    selection = dg.AssetSelection.assets(*(["features", name] for name in tables))
    assert materialize(warehouse, selection=selection).success
    registry = warehouse.read("features.registry").filter(pl.col("family") == "layers")
    assert registry["name"].to_list() == ["layer_rail_distance_km"]
    assert registry["filled_share"][0] > 0.9
    describe(home / "layers", "rail", name="church_membership", **fields)
    result = materialize(warehouse, selection=selection, raise_on_error=False)
    failed = [event for event in result.all_events if event.is_step_failure]
    error = failed[0].step_failure_data.error
    assert "layer_church_membership_distance_km may not be made" in (error.cause or error).message
    assert "layer_rail_distance_km" in warehouse.read("features.matrix").columns


def test_settings_choose_profile_and_seed(monkeypatch) -> None:
    monkeypatch.setenv("REALTY_SEED", "11")
    monkeypatch.setenv("REALTY_PROFILE", "full")
    assert get_settings().profile == "full"
    assert modeling.model_home(Warehouse.at(get_settings().warehouse_path)).settings.seed == 11
