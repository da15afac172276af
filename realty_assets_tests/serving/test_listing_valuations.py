"""serving.listing_valuations: every active listing on every listing track that has a champion."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets.evaluation.splits import rolling_origin
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects, today_subjects
from realty_assets.features.tracks import AT_LISTING, MATRICES, ON_MARKET
from realty_assets.modeling.mlflow_registry import registered_name
from realty_assets.modeling.model import fit_valuer, save_valuer
from realty_assets.modeling.walk_forward import Market, walk_forward
from realty_assets.serving import assets, checks
from realty_assets.serving.listing_valuations import value_listings
from realty_assets.warehouse import Warehouse
from realty_assets_tests.frames import put
from realty_assets_tests.modeling.markets import QUICK
from realty_assets_tests.serving.homes import ACTIVE, TODAY, clean_tables, put_aliases, put_market

OFF_SCOPE = {"NO-AREA", "LAND", "LEASE", "FOURPLEX"}
UNPRICED = "A2"


def listed_tables() -> dict[str, pl.DataFrame]:
    """The clean tables of the town with list prices near what homes fetched; UNPRICED has none."""
    tables = clean_tables()
    sales = tables["clean.sales"]
    days = pl.col("close_date") - timedelta(days=20)
    told = sales.with_columns(
        list_price=(pl.col("close_price") * 1.02),
        original_list_price=(pl.col("close_price") * 1.05),
        listing_contract_date=days,
    )
    listings = tables["clean.listings"].with_columns(
        list_price=pl.when(pl.col("listing_key") == UNPRICED)
        .then(None)
        .otherwise(pl.col("list_price")),
        listing_contract_date=pl.lit(date(2021, 12, 20)),
    )
    return {**tables, "clean.sales": told, "clean.listings": listings}


def put_track(warehouse: Warehouse, tables: dict[str, pl.DataFrame], track: str) -> dict[str, str]:
    """The track's matrix and a quick model of it; the row of modeling.models."""
    sales, settings = tables["clean.sales"], FeatureSettings()
    sold = sales.with_columns(purchase_contract_date=pl.col("close_date") - timedelta(days=9))
    wanted = today_subjects(tables["clean.listings"], tables["clean.properties"], TODAY, track)
    subjects = pl.concat([sale_subjects(sold, track), wanted], how="diagonal_relaxed")
    matrix = build_matrix(subjects, Sales(sold, track), settings, track=track)
    put(warehouse, MATRICES[track], matrix)
    market = Market.of(sold, matrix, settings, QUICK.for_track(track), 1, track)
    walked = walk_forward(market, list(rolling_origin(date(2021, 9, 1), date(2021, 12, 1))))
    valuer = fit_valuer(market, walked, TODAY)
    folder, _ = save_valuer(valuer, warehouse.home / "models")
    return {
        "name": registered_name(track),
        "model_version": valuer.model_version,
        "track": track,
        "artifact": str(folder.relative_to(warehouse.home)),
    }


def make_champions(warehouse: Warehouse, rows: list[dict[str, str]]) -> None:
    titles = [{**{k: r[k] for k in ("name", "model_version")}, "alias": "champion"} for r in rows]
    put_aliases(warehouse, titles)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with champions of both listing tracks, its listings valued; read-only."""
    folder = tmp_path_factory.mktemp("listed")
    warehouse = Warehouse.at(folder / "warehouse.duckdb")
    tables = listed_tables()
    put_market(warehouse, tables)
    models = [put_track(warehouse, tables, track) for track in (AT_LISTING, ON_MARKET)]
    put(warehouse, "modeling.models", pl.DataFrame(models))
    make_champions(warehouse, models)
    assert materialize(warehouse).success
    return folder


@pytest.fixture
def warehouse(made: Path, tmp_path: Path) -> Warehouse:
    shutil.copytree(made, tmp_path / "own")
    return Warehouse.at(tmp_path / "own" / "warehouse.duckdb")


def materialize(warehouse: Warehouse) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [assets.listing_valuations, checks.listing_valuations_are_whole],
            instance=instance,
            resources={"warehouse": warehouse},
        )


def check(warehouse: Warehouse) -> dg.AssetCheckResult:
    result = checks.listing_valuations_are_whole(warehouse)
    assert isinstance(result, dg.AssetCheckResult)
    return result


def test_every_active_listing_stands_once_on_every_track_with_a_champion(warehouse) -> None:
    rows = warehouse.read("serving.listing_valuations")
    keys = sorted(key for key, *_ in ACTIVE)
    for track in (AT_LISTING, ON_MARKET):
        mine = rows.filter(pl.col("track") == track)
        assert sorted(mine["listing_key"]) == keys
        champion = warehouse.read("modeling.models").filter(pl.col("track") == track)
        assert mine["model_version"].unique().to_list() == champion["model_version"].to_list()
    assert rows["as_of"].unique().to_list() == [TODAY]
    assert ((rows["value"].is_null()) == rows["reason"].is_not_null()).all()


def test_who_is_out_of_scope_has_a_reason_and_only_on_market_needs_a_list_price(warehouse) -> None:
    rows = warehouse.read("serving.listing_valuations")
    without = {
        track: dict(
            rows.filter(pl.col("track") == track, pl.col("value").is_null())
            .select("listing_key", "reason")
            .iter_rows()
        )
        for track in (AT_LISTING, ON_MARKET)
    }
    assert without[AT_LISTING].keys() == OFF_SCOPE
    assert without[ON_MARKET].keys() == OFF_SCOPE | {UNPRICED}
    assert without[ON_MARKET][UNPRICED] == "no list price on record"
    assert without[ON_MARKET]["LAND"] == "out of scope: land, not a home"


def test_without_a_champion_a_track_has_no_row_and_the_check_holds(warehouse) -> None:
    models = warehouse.read("modeling.models").to_dicts()
    make_champions(warehouse, models[:1])
    assert set(value_listings(warehouse, TODAY)["track"]) == {AT_LISTING}
    make_champions(warehouse, [])
    assert materialize(warehouse).success
    empty = warehouse.read("serving.listing_valuations")
    assert empty.is_empty()
    assert check(warehouse).passed


def test_an_empty_table_has_the_columns_of_a_full_one(warehouse) -> None:
    full = value_listings(warehouse, TODAY)
    make_champions(warehouse, [])
    assert value_listings(warehouse, TODAY).schema == full.schema


def test_the_check_passes_and_counts_outcomes_by_track(warehouse) -> None:
    result = check(warehouse)
    assert result.passed
    outcomes = result.metadata["outcomes"].value
    assert {"track": AT_LISTING, "outcome": "valued", "n_homes": 3} in outcomes
    assert {"track": ON_MARKET, "outcome": "valued", "n_homes": 2} in outcomes
    assert sum(row["n_homes"] for row in outcomes) == 2 * len(ACTIVE)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DELETE FROM {} WHERE listing_key = 'A1' AND track = 'on_market'", "has no row"),
        ("INSERT INTO {} SELECT * FROM {} WHERE listing_key = 'A1'", "has more than one row"),
        ("UPDATE {} SET track = 'off_market' WHERE listing_key = 'A1'", "was not asked for"),
        (
            "UPDATE {} SET lower_90 = 9e9 WHERE listing_key = 'A1'",
            "lies outside its interval",
        ),
        (
            "UPDATE {} SET upper_90 = 'nan'::DOUBLE WHERE listing_key = 'A1'",
            "lies outside its interval",
        ),
        ("UPDATE {} SET value = NULL WHERE listing_key = 'A1'", "has neither value nor reason"),
        ("UPDATE {} SET reason = 'x' WHERE listing_key = 'A1'", "has neither value nor reason"),
        (
            "UPDATE {} SET list_price = NULL WHERE listing_key = 'A1'",
            "has a value without a list price",
        ),
        ("UPDATE {} SET model_version = NULL WHERE listing_key = 'A1'", "names no model"),
    ],
)
def test_the_check_fails_and_names_the_listing(warehouse, change: str, what: str) -> None:
    with warehouse.transaction() as tx:
        tx.conn.execute(change.replace("{}", "serving.listing_valuations"))
    result = check(warehouse)
    assert not result.passed
    found = {(row["listing_key"], row["what"]) for row in result.metadata["examples"].value}
    assert ("A1", what) in found


def test_a_failed_check_stops_what_comes_after() -> None:
    assert next(iter(checks.listing_valuations_are_whole.check_specs)).blocking
