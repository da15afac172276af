"""`realty model`: from a published value to its model, and from there to the rows behind it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import Market, realty_here, realty_json


@pytest.fixture(scope="module")
def warehouse(market: Market) -> Warehouse:
    return Warehouse.at(market.home / "warehouse.duckdb")


def test_from_a_value_to_the_rows_that_its_model_learned_from(
    market: Market, warehouse: Warehouse, tmp_path: Path
) -> None:
    (version,) = warehouse.read("serving.valuations")["model_version"].unique()
    rows = tmp_path / "deep" / "rows.csv"
    told = realty_json(market.home, "model", "show", version, "--rows", str(rows))
    model = warehouse.read("modeling.models").filter(pl.col("model_version") == version)
    assert told["model_version"] == version
    assert told["standing"]["titles"] == ["champion"]
    assert [one["verdict"] for one in told["standing"]["decisions"]] == ["promote"]
    assert told["whole"] is True
    assert told["hashes"]["training_hash"] == model["training_hash"][0]
    assert told["metrics"] == json.loads(model["metrics"][0])
    assert Path(told["card"]).read_text().startswith(f"# Model card: {version} (off_market)")
    assert told["tables_as_it_saw_them"] is True
    learned = pl.read_csv(rows, schema_overrides={"listing_key": pl.String})
    assert len(learned) == told["n_rows"] == told["n_train"]
    valid = warehouse.read("clean.sales").filter(pl.col("excluded_by").is_null())
    assert set(learned["listing_key"]) <= set(valid["listing_key"])


def test_every_model_is_listed_and_a_beginning_is_enough(
    market: Market, warehouse: Warehouse
) -> None:
    listed = realty_json(market.home, "model", "list")["models"]
    models = warehouse.read("modeling.models")
    assert {row["model_version"] for row in listed} == set(models["model_version"])
    begins = listed[-1]["model_version"][:7]
    text = realty_here(market.home, "model", "show", begins).stdout
    assert listed[-1]["model_version"] in text
    assert "model_card.md" in text
    assert "walk_forward_mdape" in text


def test_an_unknown_version_and_a_home_without_models_are_said_in_a_sentence(
    market: Market, tmp_path: Path
) -> None:
    unknown = realty_here(market.home, "model", "show", "zz", check=False)
    assert unknown.returncode == 1
    assert "'zz' is no model of this home: name one of" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    empty = realty_here(tmp_path / "empty", "model", "list", check=False)
    assert (empty.returncode, empty.stdout) == (1, "")
    assert "There is no model in this home yet" in empty.stderr


def test_rows_are_not_named_when_the_tables_have_moved(
    market: Market, warehouse: Warehouse, tmp_path: Path
) -> None:
    home = tmp_path / "moved"
    home.mkdir()
    shutil.copy(warehouse.path, home)
    moved = Warehouse.at(home / "warehouse.duckdb")
    with moved.transaction() as tx:
        tx.conn.execute(
            "UPDATE ledger.builds SET output_hash = 'other' WHERE table_name = 'clean.sales'"
        )
    version = moved.read("modeling.models")["model_version"][0]
    told = realty_json(home, "model", "show", version)
    assert (told["tables_as_it_saw_them"], told["whole"], told["card"]) == (False, False, None)
    assert "is not whole" in told["broken"]
    refused = realty_here(home, "model", "show", version, "--rows", tmp_path / "r.csv", check=False)
    assert refused.returncode == 1
    assert "The tables have changed since" in refused.stderr
    assert not (tmp_path / "r.csv").exists()


def test_status_counts_values_of_every_track(market: Market, warehouse: Warehouse) -> None:
    told = {row["track"]: row for row in realty_json(market.home, "status")["valuations"]}
    listed = warehouse.read("serving.listing_valuations")
    assert told["off_market"]["n_valued"] == warehouse.read("serving.valuations")["value"].count()
    for track in listed["track"].unique():
        mine = listed.filter(pl.col("track") == track)
        assert told[track]["n_valued"] == mine["value"].count()
        assert told[track]["n_without"] == mine["value"].null_count()
