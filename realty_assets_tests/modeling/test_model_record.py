"""What is written down of a model: every figure has its source, and MLflow holds all of it once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from realty_assets.features.sales import epoch_day
from realty_assets.modeling import training as registering
from realty_assets.modeling.backtest import backtest
from realty_assets.modeling.mlflow_registry import tracking_uri
from realty_assets.modeling.model_card import CARD, FACTS, FORMS, render
from realty_assets.modeling.model_figures import feature_gain, price_bands, write_figures
from realty_assets.modeling.points import training_set, usable_for_training
from realty_assets.modeling.training import data_hash_of
from realty_assets_tests.modeling.markets import QUICK
from realty_assets_tests.modeling.recorded import TABLES, TODAY, WINDOW, Made, made_in

# Numbers of the template's own words: of the nominal interval, of the IAAO's ranges, of names.
OWN_WORDS = {"5", "10", "20", "15", "90", "95", "2", "0.98", "1.03", "-0.05", "0.05"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made_in(tmp_path_factory.mktemp("recorded"))


@pytest.fixture(scope="module")
def client(made: Made) -> Any:
    from mlflow.tracking import MlflowClient

    uri = tracking_uri(made.home)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def leaves(of: Any) -> Iterator[Any]:
    if isinstance(of, dict):
        for value in of.values():
            yield from leaves(value)
    elif isinstance(of, list):
        for value in of:
            yield from leaves(value)
    else:
        yield of


def numbers(text: str) -> set[str]:
    return set(re.findall(r"-?\d+(?:,\d{3})*(?:\.\d+)?", text))


def test_every_number_of_the_card_is_a_fact_or_a_count_of_facts(made: Made) -> None:
    facts = json.loads((made.folder / FACTS).read_text())
    allowed = set(OWN_WORDS)
    for fact in leaves(facts):
        if isinstance(fact, str):
            allowed |= numbers(fact)
        elif isinstance(fact, int | float) and not isinstance(fact, bool):
            for form in ("pct", "usd", "three", "two", "plain", "count"):
                allowed |= numbers(FORMS[form](fact))
    allowed |= numbers(FORMS["pct"](1 - facts["training"]["alpha"]))
    allowed |= {str(len(names)) for names in facts["features"]["families"].values()}
    allowed |= {str(i + 1) for i in range(len(facts["model"]["members"]))}
    card = (made.folder / CARD).read_text()
    assert numbers(card) - allowed == set()
    assert len(numbers(card)) > 60
    assert card == render(facts)


def test_a_number_that_is_no_fact_would_be_found(made: Made) -> None:
    facts = json.loads((made.folder / FACTS).read_text())
    facts["model"]["n_train"] = 987_654
    changed = numbers(render(facts)) - numbers((made.folder / CARD).read_text())
    assert changed == {"987,654"}


def test_the_facts_are_those_of_tables_and_objects(made: Made) -> None:
    facts, valuer, sales = made.record().facts, made.valuer(), made.market.sales_frame
    assert facts == json.loads((made.folder / FACTS).read_text())
    training = made.market.matrix.filter(usable_for_training(TODAY))
    assert facts["model"]["n_train"] == valuer.n_train == len(training)
    assert facts["data"]["n_sales"] == len(sales)
    counts = sales.drop_nulls("excluded_by").group_by("excluded_by").len()
    told = {row["rule_id"]: row["n_sales"] for row in facts["data"]["exclusions"]}
    assert told == dict(counts.iter_rows())
    assert facts["data"]["n_excluded"] == sum(told.values()) > 0
    families = facts["features"]["families"]
    assert sorted(name for names in families.values() for name in names) == sorted(
        valuer.point.names
    )
    assert set(facts["features"]["not_shown"]).isdisjoint(families)
    assert facts["features"]["n_breaches"] == 0
    assert "race_and_colour" in facts["features"]["barred"]
    assert (facts["training"]["n_candidates"], facts["training"]["n_pruned"]) == (3, 1)
    assert facts["training"]["tuned_before"] == "2021-10-01"
    assert facts["calibration"]["n"] == valuer.calibration.n_errors
    assert facts["data"]["tables"] == TABLES


def test_accuracy_is_that_of_the_backtest_of_the_window(made: Made) -> None:
    _, judged, _ = backtest(made.market, *WINDOW, made.walked)
    metrics = json.loads(made.models["metrics"][0])
    for name, prefix in (("all", "walk_forward"), ("valid", "walk_forward_valid")):
        (row,) = judged.filter(pl.col("slice") == name).to_dicts()
        for figure in ("n", "mdape", "ppe10", "r2", "prd", "prb", "vei", "coverage_90"):
            assert metrics[f"{prefix}_{figure}"] == row[figure], figure
        for figure in ("mdape", "ppe10", "r2", "prb", "coverage_90", "median_width_ratio"):
            low, high = metrics[f"{prefix}_{figure}_low"], metrics[f"{prefix}_{figure}_high"]
            assert (low, high) == (row[f"{figure}_low"], row[f"{figure}_high"])
            assert low <= metrics[f"{prefix}_{figure}"] <= high
    fitted = metrics["fitted_coverage_90"]
    assert metrics["fitted_coverage_90_low"] < fitted < metrics["fitted_coverage_90_high"]
    assert metrics["fitted_n"] == made.valuer().calibration.n_errors


def test_one_gets_from_a_version_to_its_training_rows(made: Made, client: Any) -> None:
    """By the hash in the version's tags, which only those very rows give."""
    row = made.models.row(0, named=True)
    version = client.get_model_version(row["name"], str(row["mlflow_version"]))
    assert version.run_id == row["run_id"]
    for tag in ("data_hash", "feature_registry_hash", "code_version", "lock_hash"):
        assert version.tags[tag] == row[tag]
    assert version.tags["model_version"] == row["model_version"]
    assert row["data_hash"] == data_hash_of(TABLES)

    def hash_of(matrix: pl.DataFrame) -> str:
        vintage = made.market.vintages(TODAY, TODAY)[epoch_day(TODAY)]
        target = made.market.model.target
        return training_set(matrix, TODAY, vintage, made.market.features, target).sha256()

    assert version.tags["training_hash"] == hash_of(made.market.matrix)
    one_less = made.market.matrix.filter(
        pl.col("listing_key")
        != made.market.matrix.filter(usable_for_training(TODAY))["listing_key"][0]
    )
    assert version.tags["training_hash"] != hash_of(one_less)


def test_the_run_holds_datasets_by_hash_and_no_row_of_them(made: Made, client: Any) -> None:
    run = client.get_run(made.models["run_id"][0])
    found = {
        (one.dataset.name, next(tag.value for tag in one.tags)): one.dataset
        for one in run.inputs.dataset_inputs
    }
    assert found.keys() == {("training rows", "training"), ("calibration rows", "calibration")}
    rows = found["training rows", "training"]
    source = json.loads(rows.source)
    assert source["table"] == "features.matrix"
    assert source["content_hash"] == made.models["training_hash"][0]
    assert source["content_hash"].startswith(rows.digest)
    assert source["data_hash"] == made.models["data_hash"][0]
    profile = json.loads(rows.profile)
    assert profile["num_rows"] == made.models["n_train"][0]
    assert re.fullmatch("[0-9a-f]{64}", profile["schema_sha256"])
    again = made.record()
    shorter = replace(again.datasets[0], columns=again.datasets[0].columns[1:])
    assert again.datasets[0].schema_hash == profile["schema_sha256"] != shorter.schema_hash


def test_the_run_holds_figures_parameters_card_and_boosters(
    made: Made, client: Any, tmp_path: Path
) -> None:
    import xgboost as xgb

    run_id = made.models["run_id"][0]
    run = client.get_run(run_id)
    assert run.data.metrics == pytest.approx(json.loads(made.models["metrics"][0]), rel=0, abs=0)
    assert run.data.params["n_candidates"] == "3"
    assert run.data.params["model.target"] == "level"
    assert run.data.params["n_members"] == str(len(QUICK.members))
    at = Path(client.download_artifacts(run_id, "", str(tmp_path)))
    assert {path.name for path in at.iterdir()} == {
        *("manifest.json", CARD, FACTS, "xgboost", "figures")
    }
    assert (at / CARD).read_bytes() == (made.folder / CARD).read_bytes()
    fed = json.loads((at / "xgboost" / "features.json").read_text())["members"]
    for number, member in enumerate(fed):
        booster = xgb.Booster()
        booster.load_model(at / "xgboost" / member["file"])
        assert booster.feature_names == member["inputs"]
        assert (at / "xgboost" / member["file"]).read_bytes() == (
            made.folder / f"member_{number}.ubj"
        ).read_bytes()
    drawn = sorted((at / "figures").iterdir())
    assert [path.stem for path in drawn] == [
        *("coverage_by_month", "feature_gain", "predicted_against_sold", "ratio_by_price_band")
    ]
    again = {path.name: path for path in write_figures(tmp_path, made.record(), made.valuer())}
    for path in drawn:
        assert path.read_bytes() == again[path.name].read_bytes(), path.name


def test_registering_again_adds_nothing_and_mends_a_lost_card(made: Made, client: Any) -> None:
    runs = client.search_runs([client.get_run(made.models["run_id"][0]).info.experiment_id])
    card = (made.folder / CARD).read_bytes()
    (made.folder / CARD).unlink()
    assert made.train(made.models).equals(made.models)
    assert (made.folder / CARD).read_bytes() == card
    # As after a kill between MLflow's commit and the warehouse's.
    again = made.train(None)
    volatile = ["trained_at", "duration_s"]
    assert again.drop(volatile).equals(made.models.drop(volatile))
    assert len(client.search_model_versions(f"name = '{made.models['name'][0]}'")) == 1
    after = client.search_runs([runs[0].info.experiment_id])
    assert [run.info.run_id for run in after] == [run.info.run_id for run in runs]


def test_a_card_made_anew_on_other_tables_names_none_of_them(made: Made) -> None:
    card = (made.folder / CARD).read_text()
    (made.folder / FACTS).unlink()
    made.train(made.models, tables={"clean.sales": "s2"})
    told = json.loads((made.folder / FACTS).read_text())
    assert told["data"]["tables"] == {}
    assert told["hashes"]["data_hash"] == made.models["data_hash"][0]
    (made.folder / CARD).unlink()
    made.train(made.models)
    assert (made.folder / CARD).read_text() == card


def test_bands_are_of_equal_number_and_never_small() -> None:
    rng = np.random.default_rng(1)
    price = np.exp(rng.normal(12, 0.4, 100))
    rows = pl.DataFrame(
        {"listing_key": [f"L{i}" for i in range(100)], "close_price": price, "prediction": price}
    )
    bands = price_bands(rows)
    assert bands["n"].to_list() == [34, 33, 33]
    assert bands["middle"].to_list() == pytest.approx([1, 1, 1])
    assert (bands["price_to"][:-1] <= bands["price_from"][1:]).all()
    assert price_bands(rows.head(7))["n"].to_list() == [7]
    assert price_bands(rows.sample(fraction=1, shuffle=True, seed=1)).equals(bands)


def test_gain_is_shared_out_among_inputs(made: Made) -> None:
    rows = feature_gain(made.valuer())
    assert rows["share"].sum() == pytest.approx(1.0)
    assert rows["share"].is_sorted(descending=True)
    names = {*made.valuer().point.names, "start_log_value"}
    assert set(rows["name"]) <= names
    assert registering.newest(made.models) == [made.models["artifact"][0]]


def test_what_a_kill_leaves_behind_is_marked_and_gives_no_second_version(
    made: Made, client: Any
) -> None:
    """Before the version was made: a run that never ends. After it: a whole one that never ends."""
    row = made.models.row(0, named=True)
    experiment = client.get_run(row["run_id"]).info.experiment_id
    tags = {"content_hash": row["content_hash"]}
    client.update_run(row["run_id"], status="RUNNING")
    made.train(None)
    assert client.get_run(row["run_id"]).info.status == "FINISHED"
    begun = client.create_run(experiment, tags=tags).info.run_id
    client.delete_model_version(row["name"], "1")
    again = made.train(None).row(0, named=True)
    assert client.get_run(begun).info.status == "KILLED"
    versions = client.search_model_versions(f"name = '{row['name']}'")
    assert [(int(v.version), v.run_id) for v in versions] == [
        (again["mlflow_version"], again["run_id"])
    ]
    assert client.get_run(again["run_id"]).info.status == "FINISHED"
