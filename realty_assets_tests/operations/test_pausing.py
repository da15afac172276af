"""A pause holds at once and everywhere, is told of, is written down once, and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from realty_assets import automation
from realty_assets.definitions import current_defs
from realty_assets.faces import KEPT_BACK, built
from realty_assets.home_runs import instance_of
from realty_assets.operations.doctor import places
from realty_assets.operations.doctor.finding import Patient
from realty_assets.operations.pausing import record_turns, turn
from realty_assets.operations.records import ACTIONS, BadAction
from realty_assets.switches import (
    FILE,
    PublishingPaused,
    SwitchesBroken,
    paused,
    read_turns,
)
from realty_assets.warehouse import Warehouse
from realty_assets_tests.markets import realty_here, realty_json
from realty_assets_tests.operations.conftest import Kept
from realty_assets_tests.operations.homes import copy_tree, tiny_home

ASKED: dict[str, Any] = {"reason": "the feed is broken", "by": "Ann"}


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    return tiny_home(home)


def rows(warehouse: Warehouse) -> list[tuple[str, str]]:
    if not warehouse.exists(ACTIONS):
        return []
    return list(warehouse.read(ACTIONS, columns=["verb", "target"]).iter_rows())


def test_a_pause_is_one_row_however_often_it_is_asked_for(warehouse: Warehouse) -> None:
    first = turn(warehouse, "pause", "automation", **ASKED)
    again = turn(warehouse, "pause", "automation", **ASKED)
    assert (first["already"], again["already"], again["paused"]) == (False, True, True)
    assert rows(warehouse) == [("pause", "automation")]
    longer = turn(warehouse, "pause", "automation", reason="two feeds are broken", by="Ann")
    assert not longer["already"]
    assert turn(warehouse, "resume", "automation", **ASKED)["paused"] is False
    assert turn(warehouse, "resume", "automation", **ASKED)["already"]
    assert [verb for verb, _ in rows(warehouse)] == ["pause", "pause", "resume"]
    assert paused(warehouse.home, "automation") is None


def test_a_dry_run_changes_nothing(warehouse: Warehouse) -> None:
    told = turn(warehouse, "pause", "publishing", dry_run=True, **ASKED)
    assert told["paused"]
    assert not (warehouse.home / FILE).exists()
    assert rows(warehouse) == []


def test_a_pause_ends_by_itself_on_its_day(warehouse: Warehouse) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    day = (now + timedelta(days=3)).date()
    turn(warehouse, "pause", "automation", until=str(day), **ASKED)
    assert paused(warehouse.home, "automation", now) is not None
    assert paused(warehouse.home, "automation", datetime(day.year, day.month, day.day)) is None


@pytest.mark.parametrize(
    ("switch", "reason", "until"),
    [
        ("gravity", "r", None),
        ("automation", " ", None),
        ("automation", "r", "tomorrow"),
        ("automation", "r", "2001-01-01"),
    ],
)
def test_what_makes_no_sense_is_refused(
    warehouse: Warehouse, switch: str, reason: str, until: str | None
) -> None:
    with pytest.raises(BadAction):
        turn(warehouse, "pause", switch, reason=reason, by="Ann", until=until)
    assert read_turns(warehouse.home) == []


def test_a_row_that_was_held_up_follows_with_the_next_action(warehouse: Warehouse) -> None:
    turn(warehouse, "pause", "automation", **ASKED)
    warehouse_rows = warehouse.read(ACTIONS)
    # As a kill between the switch and its row leaves it.
    warehouse.replace(ACTIONS, warehouse_rows.clear())
    assert record_turns(warehouse) == [read_turns(warehouse.home)[0].action_id]
    assert record_turns(warehouse) == []
    assert warehouse.read(ACTIONS).drop("run_id").equals(warehouse_rows.drop("run_id"))


def test_a_switch_that_cannot_be_read_is_not_taken_for_on(warehouse: Warehouse) -> None:
    (warehouse.home / FILE).write_text('[{"verb"')
    with pytest.raises(SwitchesBroken, match="cannot be read"):
        paused(warehouse.home, "automation")


def table(warehouse: Warehouse, name: str, price: float) -> dg.MaterializeResult:
    return built(
        warehouse,
        name,
        inputs=[],
        code_version="1",
        settings={"price": price},
        compute=lambda: pl.DataFrame({"price": [price]}),
    )


def test_what_is_published_stays_as_it_is_and_all_else_is_made(warehouse: Warehouse) -> None:
    for name in ("serving.values", "clean.prices"):
        table(warehouse, name, 1.0)
    turn(warehouse, "pause", "publishing", **ASKED)
    kept = table(warehouse, "serving.values", 2.0)
    assert kept.metadata is not None
    assert "the feed is broken" in str(kept.metadata[KEPT_BACK])
    table(warehouse, "clean.prices", 2.0)
    prices = [warehouse.read(name)["price"][0] for name in ("serving.values", "clean.prices")]
    assert prices == [1.0, 2.0]
    with pytest.raises(PublishingPaused, match=r"publish\.first was not made"):
        table(warehouse, "publish.first", 1.0)
    turn(warehouse, "resume", "publishing", **ASKED)
    table(warehouse, "serving.values", 2.0)
    assert warehouse.read("serving.values")["price"][0] == 2.0


def test_every_sensor_and_schedule_says_why_it_rests(warehouse: Warehouse) -> None:
    arrived = warehouse.home / "inbox" / "har" / "waiting.csv"
    assert arrived.is_file()
    turn(warehouse, "pause", "automation", **ASKED)
    at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    repository = current_defs().get_repository_def()
    with instance_of(warehouse.home) as instance:
        said = []
        # The watch over alerts goes on: it changes no value.
        for sensor in set(automation.sensors) - {automation.alerts_sensor}:
            with dg.build_sensor_context(
                instance=instance, repository_def=repository, cursor="where it was"
            ) as context:
                tick = sensor.evaluate_tick(context)
            assert (tick.run_requests, tick.cursor) == ([], "where it was")
            said.append(tick.skip_message)
        for schedule in automation.schedules:
            with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as timed:
                due = schedule.evaluate_tick(timed)
            assert not due.run_requests
            said.append(due.skip_message)
    assert len(said) == 7
    assert all("Automation is paused" in str(one) and "by Ann" in str(one) for one in said)


def test_what_came_during_a_pause_is_followed_after_it(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    version = ["1"]

    @dg.asset
    def sales() -> dg.MaterializeResult:
        return dg.MaterializeResult(data_version=dg.DataVersion(version[0]))

    @dg.asset(deps=[sales], automation_condition=automation.follows_new_data())
    def matrix() -> None: ...

    repository = dg.Definitions(
        assets=[sales, matrix], sensors=[automation.follow_sensor]
    ).get_repository_def()
    sensor = repository.get_sensor_def("follow_new_data")
    cursor: str | None = None
    with instance_of(warehouse.home) as instance:

        def tick() -> list[dg.AssetKey]:
            nonlocal cursor
            with dg.build_sensor_context(
                instance=instance, repository_def=repository, cursor=cursor
            ) as context:
                found = sensor.evaluate_tick(context)
            cursor = found.cursor
            return [key for run in found.run_requests or [] for key in run.asset_selection or []]

        assert dg.materialize([sales, matrix], instance=instance).success
        tick()
        turn(warehouse, "pause", "automation", **ASKED)
        version[0] = "2"
        assert dg.materialize([sales], instance=instance).success
        assert tick() == []
        turn(warehouse, "resume", "automation", **ASKED)
        assert tick() == [matrix.key]


def test_status_and_doctor_tell_of_a_pause(warehouse: Warehouse) -> None:
    assert realty_json(warehouse.home, "status")["paused"] == []
    realty_here(warehouse.home, "pause", "publishing", "--reason", "values are looked over")
    (said,) = realty_json(warehouse.home, "status")["paused"]
    assert "values are looked over" in said
    (found,) = places.switches(Patient(warehouse.home))
    assert (found.state, found.detail) == ("note", said)


@pytest.mark.slow
def test_a_run_of_everything_under_a_pause_ends_well_and_says_what_it_kept_back(
    kept: Kept, tmp_path: Path
) -> None:
    home = copy_tree(kept.home, tmp_path / "home")
    pages = Warehouse.at(home / "warehouse.duckdb").read("serving.reports")
    report = home / pages["path"][0]
    realty_here(home, "pause", "publishing", "--reason", "values are looked over")
    report.unlink()
    told = realty_json(home, "run", "all")
    assert "Publishing is paused" in told["note"]
    assert "serving/reports" in told["kept_back"]
    assert not report.exists()
    realty_here(home, "resume", "publishing", "--reason", "looked over")
    assert "serving/reports" in realty_json(home, "run", "serving")["rebuilt"]
    assert report.exists()
