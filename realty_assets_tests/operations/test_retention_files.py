"""What is old goes, with a row; what is held, named or made what stands never does."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from realty_assets.home_history import HISTORY, RunKeeper
from realty_assets.home_runs import instance_of
from realty_assets.operations.manifest import backups_in
from realty_assets.operations.records import ACTIONS
from realty_assets.operations.retention.backups import BackupKeeper
from realty_assets.operations.retention.holds import set_hold
from realty_assets.operations.retention.policy import (
    Backups,
    Policy,
    RetentionPolicyError,
    read_policy,
)
from realty_assets.operations.retention.records import RETENTION, write_intent
from realty_assets.operations.retention.retain import keepers_of, listed, plan, retain
from realty_assets.operations.retention.things import Thing
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import realty_json
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import backup_of, copy_tree, tiny_home
from realty_assets_tests.operations.retained import ASKED, aged, put, refusing_home


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    return refusing_home(home)


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


def test_what_waits_behind_a_block_never_goes(warehouse: Warehouse) -> None:
    waits = put(warehouse.home, "blocked/har/july.csv")
    retain(warehouse, {}, **ASKED)
    assert waits.exists()
