"""A model stays for each of its reasons, and the guard asks once more before one goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.modeling.training import SCHEMA
from realty_assets.operations.doctor import models as doctor_models
from realty_assets.operations.doctor.finding import Patient
from realty_assets.operations.retention.models import Guarded, ModelKeeper
from realty_assets.operations.retention.policy import (
    Models,
)
from realty_assets.operations.retention.retain import retain
from realty_assets.promotion.ledger import ALIAS_SCHEMA, DECISION_SCHEMA
from realty_assets.warehouse import Warehouse
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import copy_tree
from realty_assets_tests.operations.retained import ASKED, put, refusing_home

RULES = Models(keep_days=365, keep_newest=1, rollback_days=90)
NOW = datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    return refusing_home(home)


def model(version: str, days: float, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(SCHEMA)
    return row | {
        "name": "realty-off-market",
        "model_version": version,
        "mlflow_version": 1,
        "track": "off_market",
        "cutoff": date(2020, 1, 1),
        "trained_at": NOW - timedelta(days=days),
        "artifact": f"models/{version}",
        **more,
    }


@pytest.fixture
def models(warehouse: Warehouse) -> Warehouse:
    """Three models of one track, all old; the newest speaks."""
    rows = [model(name, 900 - 100 * n) for n, name in enumerate(("first", "second", "third"))]
    warehouse.replace("modeling.models", pl.DataFrame(rows, schema=SCHEMA))
    for row in rows:
        put(warehouse.home, f"{row['artifact']}/member_0.ubj")
    return warehouse


def alias(warehouse: Warehouse, version: str, name: str) -> None:
    row = dict.fromkeys(ALIAS_SCHEMA) | {
        "name": "realty-off-market",
        "alias": name,
        "model_version": version,
    }
    warehouse.append("promotion.aliases", pl.DataFrame([row], schema=ALIAS_SCHEMA))


def decide(warehouse: Warehouse, version: str, champion: str | None, days: float) -> None:
    row = dict.fromkeys(DECISION_SCHEMA) | {
        "name": "realty-off-market",
        "model_version": version,
        "champion_version": champion,
        "decided_at": NOW - timedelta(days=days),
    }
    warehouse.append("promotion.decisions", pl.DataFrame([row], schema=DECISION_SCHEMA))


def whys(warehouse: Warehouse, rules: Models = RULES) -> dict[str, str | None]:
    return {one.names[0]: one.kept for one in ModelKeeper(warehouse, rules).things()}


def test_a_model_stays_for_each_of_its_reasons(models: Warehouse) -> None:
    assert whys(models) == {
        "first": None,
        "second": None,
        "third": "among the newest 1 of its track",
    }
    alias(models, "first", "previous_champion")
    assert whys(models)["first"] == "holds the alias previous_champion"
    decide(models, "third", "second", days=30)
    assert whys(models)["second"] == "within the rollback window of 90 days"
    models.replace("promotion.aliases", pl.DataFrame(schema=ALIAS_SCHEMA))
    models.replace("promotion.decisions", pl.DataFrame(schema=DECISION_SCHEMA))
    models.replace("serving.valuations", pl.DataFrame({"model_version": ["first"]}))
    assert whys(models)["first"] == "named by serving.valuations"
    assert whys(models, Models(keep_days=None, keep_newest=1))["second"] == "kept for ever"


def test_the_guard_asks_once_more_before_a_model_goes(models: Warehouse) -> None:
    keeper = ModelKeeper(models, RULES)
    assert whys(models)["first"] is None
    alias(models, "first", "champion")
    with pytest.raises(Guarded, match="holds the alias champion"):
        keeper.remove("models/first")
    with pytest.raises(Guarded, match="among the newest"):
        keeper.remove("models/third")
    assert (models.home / "models" / "first" / "member_0.ubj").is_file()


def test_a_model_that_went_is_known_to_have_gone_and_its_row_stays(models: Warehouse) -> None:
    (models.home / "retention.yaml").write_text("version: 1\nmodels: {keep_newest: 1}\n")
    told = retain(models, {}, **ASKED)
    assert [one["item"] for one in told["going"]] == ["models/first", "models/second"]
    assert models.read("modeling.models").height == 3
    wrong = [one.detail for one in doctor_models.folders(Patient(models.home))]
    # The third is no whole model, and is looked at.
    assert [one for one in wrong if "first" in one or "second" in one] == []
    assert retain(models, {}, **ASKED)["n_going"] == 0


@pytest.mark.slow
def test_an_mlflow_version_goes_with_its_model_and_aliased_ones_stay(
    kept: Kept, tmp_path: Path
) -> None:
    from mlflow.tracking import MlflowClient

    from realty_assets.modeling.mlflow_registry import tracking_uri

    home = copy_tree(kept.restored, tmp_path / "home")
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    address = tracking_uri(home)
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    rows = warehouse.read("modeling.models")
    newest = rows.filter(pl.col("track") == "off_market").row(-1, named=True)
    copy_tree(home / newest["artifact"], home / "models" / "old")
    run = client.create_run(client.get_run(newest["run_id"]).info.experiment_id)
    place = home / "mlflow" / "artifacts" / run.info.run_id / "artifacts"
    place.mkdir(parents=True)
    (place / "model.bin").write_text("old")
    made = client.create_model_version(newest["name"], str(place), run_id=run.info.run_id)
    old = newest | {
        "model_version": "old",
        "artifact": "models/old",
        "mlflow_version": int(made.version),
        "cutoff": date(2010, 1, 1),
        "trained_at": NOW - timedelta(days=900),
    }
    warehouse.replace("modeling.models", pl.concat([pl.DataFrame([old], schema=rows.schema), rows]))
    (home / "retention.yaml").write_text("version: 1\nmodels: {keep_newest: 1}\n")
    before = {version.version for version in client.search_model_versions()}
    told = retain(warehouse, {}, **ASKED)
    assert [one["item"] for one in told["going"] if one["class"] == "models"] == ["models/old"]
    assert not (home / "models" / "old").exists()
    assert not place.exists()
    after = client.search_model_versions()
    assert (newest["name"], made.version) not in {(v.name, v.version) for v in after}
    assert {version.version for version in after} <= before
    assert client.get_run(run.info.run_id).info.run_id == run.info.run_id
    # A home that was copied by hand has a note of that, and nothing wrong.
    assert {one.state for one in doctor_models.mlflow(Patient(home))} <= {"note"}
    assert list(doctor_models.folders(Patient(home))) == []
