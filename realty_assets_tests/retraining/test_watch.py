"""The sensor on retrains, tick by tick, on a real Dagster instance with real runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from realty_assets import retraining_watch as watch
from realty_assets.operations.pausing import turn
from realty_assets.retraining.assets import DUE, TRIGGER_TAG
from realty_assets.tries import MOST_TRIES
from realty_assets.warehouse import Warehouse
from realty_assets_tests.ticks import Ticks, made

MODELS = dg.AssetKey(["modeling", "models"])


class Home(Ticks):
    """A look that says what is due, models that are made or fail, and a daemon with a cursor."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        super().__init__(watch.retraining_sensor, instance)
        self.due: dict[str, str] = {}
        self.fails, self.seen = False, list[dg.RunRequest | None]()

        @dg.asset(key=MODELS)
        def models() -> None:
            self.seen.append(self.tick())
            if self.fails:
                raise RuntimeError("the disk is full")

        @dg.asset(key=watch.LOOK, deps=[MODELS])
        def triggers() -> dg.MaterializeResult:
            return dg.MaterializeResult(metadata={DUE: dg.MetadataValue.json(self.due)})

        self.assets = [models, triggers]

    def look(self, trigger_id: str = "", rung: str = "refit") -> None:
        """A look that decides on a retrain, or on none."""
        words = {"trigger_id": trigger_id, "rung": rung, "kind": "performance"}
        self.due = words if trigger_id else {}
        made(self.assets, self.instance, watch.LOOK)

    def follow(self, request: dg.RunRequest | None) -> bool:
        assert request is not None
        assert request.asset_selection is not None
        assert MODELS in request.asset_selection
        return made(self.assets, self.instance, MODELS, tags=dict(request.tags))


@pytest.fixture
def loop(home: Path) -> Iterator[Home]:
    assert home
    with dg.DagsterInstance.ephemeral() as instance:
        yield Home(instance)


def test_what_is_due_is_started_once(loop: Home) -> None:
    assert loop.tick() is None
    loop.look()
    assert loop.tick() is None
    loop.look("t1")
    assert loop.follow(loop.tick())
    assert loop.seen == [None]  # and not while it was under way
    assert loop.tick() is None
    assert loop.cursor == "t1"
    loop.look("t1")  # a look that has not heard of the run yet
    assert loop.tick() is None
    loop.look("t2")
    assert loop.follow(loop.tick())


def test_a_restarted_daemon_does_not_fire_twice(loop: Home) -> None:
    loop.look("t1")
    first, again = loop.tick(), loop.tick()  # the daemon died before it started the run
    assert first is not None
    assert again is not None
    assert first.run_key == again.run_key  # Dagster starts one run of one key
    assert loop.follow(first)
    loop.cursor = None  # and before it kept the cursor
    assert loop.tick() is None


def test_a_failed_run_is_not_forgotten_and_not_tried_for_ever(loop: Home) -> None:
    loop.look("t1")
    loop.fails, keys = True, []
    for _ in range(MOST_TRIES):
        request = loop.tick()
        assert request is not None
        keys.append(request.run_key)
        assert not loop.follow(request)
    assert len(set(keys)) == MOST_TRIES
    assert loop.tick() is None
    loop.fails = False
    loop.look("t2")
    assert loop.follow(loop.tick())


def test_a_sensor_that_was_stopped_for_long_does_not_flood(loop: Home) -> None:
    for n in range(8):
        loop.look(f"t{n}")
    request = loop.tick()
    assert request is not None
    assert request.tags[TRIGGER_TAG] == "t7"
    assert loop.follow(request)
    assert loop.tick() is None


def test_a_pause_is_honoured_and_what_came_meanwhile_is_followed(loop: Home, home: Path) -> None:
    loop.look("t1")
    warehouse = Warehouse.at(home / "warehouse.duckdb")
    turn(warehouse, "pause", "automation", reason="a merge of two counties", by="Ann")
    assert loop.tick() is None
    turn(warehouse, "resume", "automation", reason="merged", by="Ann")
    assert loop.follow(loop.tick())


@pytest.mark.parametrize("rung", ["recalibrate", "refit", "retune", "search"])
def test_the_run_of_a_rung_is_one_of_the_job(loop: Home, rung: str) -> None:
    from realty_assets.definitions import current_defs

    loop.look("t1", rung)
    request = loop.tick()
    assert request is not None
    assert (dg.AssetKey(["modeling", "trials"]) in (request.asset_selection or [])) == (
        rung in ("retune", "search")
    )
    job = current_defs().resolve_job_def("retrain")
    subset = job.get_subset(asset_selection=set(request.asset_selection or []))
    done = dg.validate_run_config(subset, request.run_config)
    assert done["ops"]["retraining"]["config"]["trigger_id"] == "t1"
    assert done["ops"]["modeling__models"]["config"]["recalibrate"] == (rung == "recalibrate")
