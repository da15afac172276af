"""What happens by itself, tick by tick, on a real ephemeral Dagster instance."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from realty_assets import automation
from realty_assets.definitions import current_defs
from realty_assets.home_runs import instance_of
from realty_assets.tries import MOST_TRIES
from realty_assets.warehouse import Warehouse

SALES, MATRIX, VALUES = (dg.AssetKey(k) for k in (["s", "sales"], ["s", "matrix"], ["s", "values"]))


class Market:
    """Three assets in a row; the last two follow the first. What they do is set by the test."""

    def __init__(self) -> None:
        self.version, self.check_passes, self.matrix_fails = "1", True, False
        follow = automation.follows_new_data()

        @dg.asset(key=SALES)
        def sales() -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=dg.DataVersion(self.version))

        @dg.asset_check(asset=SALES, blocking=True)
        def sales_add_up() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=self.check_passes)

        @dg.asset(key=MATRIX, deps=[SALES], automation_condition=follow)
        def matrix() -> dg.MaterializeResult:
            if self.matrix_fails:
                raise RuntimeError("no matrix today")
            return dg.MaterializeResult(data_version=dg.DataVersion("m" + self.version))

        @dg.asset(key=VALUES, deps=[MATRIX], automation_condition=follow)
        def values() -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=dg.DataVersion("v" + self.version))

        self.assets = [sales, matrix, values]
        self.defs = dg.Definitions(assets=self.assets, asset_checks=[sales_add_up])
        self.check = sales_add_up
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: dg.AssetDaemonCursor | None = None

    def run(self, *keys: dg.AssetKey) -> bool:
        result = dg.materialize(
            [*self.assets, self.check],
            instance=self.instance,
            selection=dg.AssetSelection.assets(*keys),
            raise_on_error=False,
        )
        return result.success

    def tick(self) -> set[dg.AssetKey]:
        seen = dg.evaluate_automation_conditions(self.defs, self.instance, cursor=self.cursor)
        self.cursor = seen.cursor
        return {key for key in (SALES, MATRIX, VALUES) if seen.get_num_requested(key)}


@pytest.fixture
def market() -> Market:
    market = Market()
    assert market.run(SALES, MATRIX, VALUES)
    market.tick()
    return market


def test_a_new_version_is_followed_by_everything_made_from_it(market: Market) -> None:
    market.version = "2"
    assert market.run(SALES)
    assert market.tick() == {MATRIX, VALUES}
    assert market.run(MATRIX, VALUES)
    assert market.tick() == set()


def test_the_same_version_again_is_followed_by_nothing(market: Market) -> None:
    assert market.run(SALES)
    assert market.tick() == set()


def test_nothing_follows_data_whose_blocking_check_failed(market: Market) -> None:
    market.version, market.check_passes = "2", False
    market.run(SALES)
    assert market.tick() == set()


def test_what_was_never_made_waits_for_a_first_run() -> None:
    market = Market()
    assert market.tick() == set()
    assert market.run(SALES)
    assert market.tick() <= {MATRIX, VALUES}


def test_after_a_failed_run_the_next_version_is_followed_again(market: Market) -> None:
    market.version, market.matrix_fails = "2", True
    assert market.run(SALES)
    assert market.tick() == {MATRIX, VALUES}
    assert not market.run(MATRIX)
    market.tick()
    market.version, market.matrix_fails = "3", False
    assert market.run(SALES)
    assert MATRIX in market.tick()


@pytest.fixture
def inbox(home: Path) -> Path:
    return home / "inbox"


def drop(inbox: Path, name: str, text: str = "a,b\n1,2\n", age_s: float = 60.0) -> Path:
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - age_s, time.time() - age_s))
    return path


def tick_inbox(instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    with dg.build_sensor_context(instance=instance) as context:
        result = automation.inbox_sensor(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def test_the_inbox_sensor_asks_for_one_run_per_state_of_the_inbox(inbox: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick_inbox(instance), dg.SkipReason)
        drop(inbox, "har/a.csv")
        first, again = tick_inbox(instance), tick_inbox(instance)
        assert isinstance(first, dg.SensorResult)
        assert isinstance(again, dg.SensorResult)
        assert first.run_requests is not None
        assert again.run_requests is not None
        assert first.run_requests[0].run_key == again.run_requests[0].run_key
        drop(inbox, "b.csv")
        other = tick_inbox(instance)
        assert isinstance(other, dg.SensorResult)
        assert other.run_requests is not None
        assert other.run_requests[0].run_key != first.run_requests[0].run_key


def test_a_failed_run_is_tried_again_and_not_for_ever(inbox: Path) -> None:
    @dg.op
    def fails() -> None:
        raise RuntimeError("the disk is full")

    @dg.job
    def ingest() -> None:
        fails()

    keys = []
    with dg.DagsterInstance.ephemeral() as instance:
        drop(inbox, "a.csv")
        for _ in range(MOST_TRIES):
            asked = tick_inbox(instance)
            assert isinstance(asked, dg.SensorResult)
            assert asked.run_requests
            (request,) = asked.run_requests
            keys.append(request.run_key)
            ingest.execute_in_process(instance=instance, tags=request.tags, raise_on_error=False)
        assert len(set(keys)) == MOST_TRIES
        assert isinstance(tick_inbox(instance), dg.SkipReason)


def test_the_same_file_dropped_again_is_news_whatever_its_date(inbox: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        keys = set()
        for _ in range(2):
            path = drop(inbox, "a.csv", age_s=86_400)
            asked = tick_inbox(instance)
            assert isinstance(asked, dg.SensorResult)
            assert asked.run_requests
            keys.add(asked.run_requests[0].run_key)
            path.unlink()
        assert len(keys) == 2


def test_a_file_that_still_grows_is_left_for_the_next_tick(inbox: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        drop(inbox, "growing.csv", age_s=0.0)
        assert isinstance(tick_inbox(instance), dg.SkipReason)


def test_hidden_files_and_links_are_not_deliveries(inbox: Path, tmp_path: Path) -> None:
    drop(inbox, ".a.csv.tmp")
    outside = drop(tmp_path, "secret.csv")
    (inbox / "link.csv").symlink_to(outside)
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(tick_inbox(instance), dg.SkipReason)


def test_upkeep_asks_for_one_look_a_month_by_the_calendar_and_trains_nothing(home: Path) -> None:
    keys, at = [], datetime(2026, 1, 2, 3, tzinfo=UTC)
    schedule, models = automation.monthly_upkeep, dg.AssetMaterialization(["modeling", "models"])

    def tick(instance: dg.DagsterInstance, at: datetime) -> list[dg.RunRequest]:
        with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
            return list(schedule.evaluate_tick(context).run_requests or [])

    with instance_of(home) as instance:
        assert tick(instance, at) == []  # a new home is not made by a clock
        instance.report_runless_asset_event(models)
        for day in (at, datetime(2026, 2, 2, 3, tzinfo=UTC)):
            (asked,) = tick(instance, day)
            assert asked.run_config["ops"]["retraining"]["config"] == {"calendar": True}
            keys.append(asked.run_key)
    assert keys == ["monthly_upkeep-2026-01", "monthly_upkeep-2026-02"]
    job = current_defs().resolve_job_def("upkeep")
    assert dg.validate_run_config(job, asked.run_config)
    made = {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
    assert {"retraining/triggers", "promotion/decisions", "monitoring/drift"} <= made
    assert not any(key.startswith("modeling/") for key in made)


def test_all_run_by_default_but_for_those_that_take_or_give_back_room_on_the_disk() -> None:
    for sensor in automation.sensors:
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    running = {
        schedule.name
        for schedule in automation.schedules
        if schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    }
    assert running == {"monthly_upkeep"}


@pytest.mark.parametrize(
    ("schedule", "verb"),
    [(automation.daily_backup, "backup"), (automation.weekly_retain, "retain")],
)
def test_a_schedule_of_operations_does_what_its_command_does(
    home: Path, schedule: dg.ScheduleDefinition, verb: str
) -> None:
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    warehouse.replace("clean.sales", pl.DataFrame({"price": [1.0]}))
    at = datetime(2026, 1, 4, 3, tzinfo=UTC)
    with instance_of(home) as instance:
        with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
            tick = schedule.evaluate_tick(context)
        (asked,) = tick.run_requests or []
        done = (
            current_defs()
            .resolve_job_def(schedule.job_name)
            .execute_in_process(run_config=asked.run_config, instance=instance)
        )
    assert done.success
    row = warehouse.read("operations.actions").row(-1, named=True)
    assert (row["verb"], row["outcome"], row["acted_by"]) == (verb, "done", schedule.name)
