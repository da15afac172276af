"""What is old goes, with a row; what is held, named, aliased or made what stands never does."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from realty_assets.fingerprint import fingerprint_home
from realty_assets.home_history import HISTORY, RunKeeper
from realty_assets.home_runs import instance_of
from realty_assets.modeling.training import SCHEMA
from realty_assets.operations.doctor import models as doctor_models
from realty_assets.operations.doctor.finding import Patient
from realty_assets.operations.manifest import backups_in
from realty_assets.operations.records import ACTIONS
from realty_assets.operations.retention import compacting
from realty_assets.operations.retention.backups import BackupKeeper
from realty_assets.operations.retention.holds import set_hold
from realty_assets.operations.retention.models import Guarded, ModelKeeper
from realty_assets.operations.retention.policy import (
    Backups,
    Models,
    Policy,
    RetentionPolicyError,
    read_policy,
)
from realty_assets.operations.retention.records import RETENTION, write_intent
from realty_assets.operations.retention.retain import keepers_of, listed, plan, retain
from realty_assets.operations.retention.things import Thing
from realty_assets.promotion.ledger import ALIAS_SCHEMA, DECISION_SCHEMA
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import environment, realty_json
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import backup_of, copy_tree, tiny_home

ASKED = {"reason": "a year is enough", "by": "Ann"}
RULES = Models(keep_days=365, keep_newest=1, rollback_days=90)
NOW = datetime.now(UTC).replace(tzinfo=None)


def aged(path: Path, days: float) -> Path:
    """A file or folder, as if nobody had touched it for some days."""
    then = time.time() - days * 86_400
    for one in (path, *path.rglob("*")):
        os.utime(one, (then, then))
    return path


def put(home: Path, item: str, days: float = 400) -> Path:
    path = home / item
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("what was")
    return aged(path, days)


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    made = tiny_home(home)
    (home / "retention.yaml").write_text("version: 1\nrefused: {keep_days: 30}\n")
    return made


def test_the_files_policy_is_the_one_of_the_code() -> None:
    assert read_policy() == Policy(version=1)


def test_a_homes_own_policy_takes_its_place_and_a_field_unheard_of_is_named(home: Path) -> None:
    own = home / "retention.yaml"
    own.write_text("version: 1\nruns: {keep_days: 7}\n")
    assert read_policy(home).runs.keep_days == 7
    assert read_policy(home).deliveries.keep_days is None
    own.write_text("version: 1\nruns: {keep_hours: 7}\n")
    with pytest.raises(RetentionPolicyError, match=r"retention\.yaml cannot be used: runs\.keep"):
        read_policy(home)


def test_what_is_old_goes_with_a_row_and_all_else_stays(warehouse: Warehouse) -> None:
    home = warehouse.home
    old, young = put(home, "refused/old.csv"), put(home, "refused/young.csv", days=3)
    forever = put(home, "archive/ab/sales.csv")
    named, nobodys = put(home, "reports/named.html"), put(home, "reports/nobodys.html")
    warehouse.replace("serving.reports", pl.DataFrame({"path": ["reports/named.html"]}))
    expected = plan(warehouse, {})
    assert old.exists()
    assert not warehouse.exists(RETENTION)
    told = retain(warehouse, {}, **ASKED)
    assert told["going"] == expected["going"]
    assert [path.exists() for path in (old, young, forever, named, nobodys)] == [
        *(False, True, True, True, False)
    ]
    rows = warehouse.read(RETENTION).sort("item")
    assert rows.select("class", "item", "n_bytes", "state").rows() == [
        ("refused", "refused/old.csv", 8, "removed"),
        ("reports", "reports/nobodys.html", 8, "removed"),
    ]
    assert rows["policy_sha256"].unique().to_list() == [read_policy(home).sha256]
    assert warehouse.read(ACTIONS)["verb"].to_list() == ["retain"]
    again = retain(warehouse, {}, **ASKED)
    assert again["n_going"] == 0
    assert warehouse.read(RETENTION).height == 2


@pytest.mark.parametrize(
    "what", ["refused/old.csv", "refused", "ref*", "refused/2021", "refused/2021/a.csv"]
)
def test_what_is_held_stays_until_the_hold_is_taken_off(warehouse: Warehouse, what: str) -> None:
    held = put(warehouse.home, "refused/2021/a.csv").parent
    aged(held, 400)
    old = put(warehouse.home, "refused/old.csv")
    first = set_hold(warehouse, "add", what, **ASKED)
    assert (first["already"], set_hold(warehouse, "add", what, **ASKED)["already"]) == (False, True)
    retain(warehouse, {}, **ASKED)
    assert held.exists() == (what != "refused/old.csv")
    assert old.exists() == ("2021" not in what)
    set_hold(warehouse, "remove", what, **ASKED)
    retain(warehouse, {}, **ASKED)
    assert not held.exists()
    assert not old.exists()
    verbs = warehouse.read(ACTIONS)["verb"].to_list()
    assert verbs == ["hold add", "retain", "hold remove", "retain"]


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


def test_backups_are_kept_by_number_age_and_month(tmp_path: Path) -> None:
    warehouse = tiny_home(tmp_path / "home")
    for _ in range(3):
        backup_of(warehouse, warehouse.home / "backups")
        time.sleep(0.01)
    ids = [place.name for place, _ in backups_in(warehouse.home / "backups")]

    def kept(**rules: Any) -> list[str | None]:
        things = BackupKeeper(warehouse.home, Backups(**rules)).things()
        assert [one.names[0] for one in things] == ids
        return [one.kept for one in things]

    assert kept(keep_days=1, keep_newest=1, keep_monthly=0)[:2] == ["younger than 1 days"] * 2
    assert kept(keep_days=1, keep_newest=2)[1:] == ["among the newest 2"] * 2
    keeper = BackupKeeper(warehouse.home, Backups())
    keeper.remove(f"backups/{ids[0]}")
    keeper.remove(f"backups/{ids[0]}")
    assert [place.name for place, _ in backups_in(warehouse.home / "backups")] == ids[1:]


def test_runs_go_with_their_events_but_for_those_that_made_what_stands(home: Path) -> None:
    @dg.asset
    def sales() -> None: ...

    @dg.asset
    def prices() -> None: ...

    with instance_of(home) as instance:
        runs = [
            dg.materialize(assets, instance=instance).run_id
            for assets in ([sales, prices], [sales], [sales])
        ]
        keeper = RunKeeper(instance, home, keep_days=1)
        assert {one.kept for one in keeper.things()} == {
            "made what stands of prices",
            "younger than 1 days",
            "made what stands of sales",
        }
        going = [one for one in RunKeeper(instance, home, keep_days=0).things() if not one.kept]
        assert [one.item for one in going] == [runs[1]]
        assert going[0].n_bytes > 0
        for _ in range(2):
            keeper.remove(runs[1])
        assert not keeper.exists(runs[1])
        assert list((home / HISTORY).glob(f"{runs[1]}*")) == []
        newest = [instance.get_latest_materialization_event(asset.key) for asset in (sales, prices)]
        assert [event.run_id for event in newest if event] == [runs[2], runs[0]]
        assert instance.get_runs_count() == 2


def bloated(warehouse: Warehouse) -> None:
    """A warehouse most of whose file is room that replaced tables left."""
    dice = random.Random(7)
    rows = pl.DataFrame({"x": [dice.random() for _ in range(500_000)]})
    warehouse.replace("clean.big", rows)
    # Behind it in the file: DuckDB cuts off what is free at the end.
    warehouse.replace("clean.last", rows.head(50_000))
    warehouse.replace("clean.big", pl.DataFrame({"x": [1.0]}))
    with warehouse.transaction() as tx:
        tx.conn.execute("CREATE OR REPLACE VIEW clean.few AS SELECT * FROM clean.sales")


def test_a_warehouse_is_compacted_only_when_it_pays_and_holds_the_same_after(
    warehouse: Warehouse,
) -> None:
    assert not compacting.compact(warehouse, 0.3)["compacted"]
    bloated(warehouse)
    before = fingerprint_home(warehouse, [])
    assert not compacting.compact(warehouse, None)["compacted"]
    told = compacting.compact(warehouse, 0.3)
    assert told["compacted"]
    assert told["bytes_after"] == warehouse.path.stat().st_size < 0.7 * told["bytes_before"]
    assert fingerprint_home(warehouse, []) == before
    assert warehouse.read("clean.few").height == 2
    assert list(warehouse.home.glob("warehouse.duckdb.*")) == []
    assert not compacting.compact(warehouse, 0.3)["compacted"]


WRITER = (
    "import sys\n"
    "import polars as pl\n"
    "from realty_assets.warehouse import Warehouse\n"
    "warehouse = Warehouse.at(sys.argv[1])\n"
    "print('ready', flush=True)\n"
    "for n in range(40):\n"
    "    warehouse.append('clean.written', pl.DataFrame({'n': [n]}))\n"
)


def test_what_another_process_writes_meanwhile_is_not_lost(warehouse: Warehouse) -> None:
    bloated(warehouse)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(warehouse.path)],
        env=environment(warehouse.home),
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    assert compacting.compact(warehouse, 0.3)["compacted"]
    assert writer.wait() == 0
    assert sorted(warehouse.read("clean.written")["n"]) == list(range(40))


def test_what_a_killed_command_began_is_ended_and_what_still_stands_is_asked_about_anew(
    warehouse: Warehouse,
) -> None:
    home = warehouse.home
    gone, stands = home / "refused" / "gone.csv", put(home, "refused/stands.csv")
    things = [
        Thing("refused", str(path.relative_to(home)), 8, 400.0, None) for path in (gone, stands)
    ]
    with warehouse.transaction() as tx:
        write_intent(tx, "killed", things, "policy")
    put(home, "archive/.retired-1/half.csv")
    set_hold(warehouse, "add", "refused/stands.csv", **ASKED)
    told = retain(warehouse, {}, **ASKED)
    assert told["ended_of_killed"] == 1
    assert stands.exists()
    assert not (home / "archive" / ".retired-1").exists()
    assert warehouse.read(RETENTION).select("action_id", "item", "state").rows() == [
        ("killed", "refused/gone.csv", "removed")
    ]
    outcomes = dict(warehouse.read(ACTIONS, columns=["action_id", "outcome"]).iter_rows())
    assert outcomes["killed"] == "failed"


def test_every_class_of_the_policy_has_a_keeper(warehouse: Warehouse) -> None:
    policy = read_policy(warehouse.home)
    classes = {name for name, said in policy if name not in ("version", "compaction")}
    assert {*keepers_of(warehouse, policy), "runs"} == classes
    assert all(asdict(one)["kept"] for one in listed(warehouse, keepers_of(warehouse, policy)))


@pytest.mark.slow
def test_the_command_says_what_would_go_and_then_lets_it_go(kept: Kept, tmp_path: Path) -> None:
    home = copy_tree(kept.home, tmp_path / "home")
    (home / "retention.yaml").write_text("version: 1\nrefused: {keep_days: 30}\n")
    old = put(home, "refused/old.csv")
    before = realty_json(home, "fingerprint")
    dry = realty_json(home, "retain", "--dry-run")
    assert [one["item"] for one in dry["going"]] == ["refused/old.csv"]
    assert {row["class"] for row in dry["classes"]} >= {"deliveries", "models", "runs", "backups"}
    assert old.exists()
    done = realty_json(home, "retain", "--reason", "a month is enough", "--by", "Ann")
    assert (done["n_going"], old.exists()) == (1, False)
    rows = Warehouse.at(home / "warehouse.duckdb").read(ACTIONS)
    assert rows.select("verb", "reason", "run_id").row(-1) == (
        *("retain", "a month is enough"),
        done["run_id"],
    )
    assert realty_json(home, "fingerprint") == before
