"""The sensor on new models, tick by tick, on a real Dagster instance with real runs."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from realty_assets import challengers
from realty_assets.challengers import DECISIONS, MODELS
from realty_assets.tries import MOST_TRIES
from realty_assets_tests.ticks import Ticks, made


class Home(Ticks):
    """A room of models and a room of promotion, with a daemon that keeps the sensor's cursor."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        super().__init__(challengers.challenger_sensor, instance)
        self.version, self.gate_fails, self.action = "1", False, False

        @dg.asset(key=MODELS)
        def models() -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=dg.DataVersion(self.version))

        @dg.asset(key=DECISIONS, deps=[MODELS])
        def decisions() -> dg.MaterializeResult:
            if self.gate_fails:
                raise RuntimeError("the disk is full")
            told = {challengers.ACTION: {"decision_id": "d"}} if self.action else {}
            return dg.MaterializeResult(metadata=told)

        self.assets = [models, decisions]

    def run(self, *keys: dg.AssetKey, tags: dict[str, str] | None = None) -> bool:
        return made(self.assets, self.instance, *keys, tags=tags)

    def follow(self, request: dg.RunRequest | None) -> bool:
        assert request is not None
        return self.run(DECISIONS, tags=dict(request.tags))


@pytest.fixture
def home() -> Iterator[Home]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Home(instance)


def test_a_new_model_is_judged_once(home: Home) -> None:
    assert home.tick() is None
    home.run(MODELS)
    assert home.follow(home.tick())
    assert home.tick() is None
    assert home.tick() is None
    home.run(MODELS)  # reused: the same models
    assert home.tick() is None
    home.version = "2"
    home.run(MODELS)
    assert home.follow(home.tick())


def test_a_restarted_daemon_does_not_fire_twice(home: Home) -> None:
    home.run(MODELS)
    first, again = home.tick(), home.tick()  # the daemon died before it started the run
    assert first is not None
    assert again is not None
    assert first.run_key == again.run_key  # Dagster starts one run of one key
    assert home.follow(first)
    home.cursor = None  # and before it kept the cursor
    assert home.tick() is None


def test_a_failed_run_is_tried_again_and_not_for_ever(home: Home) -> None:
    home.run(MODELS)
    home.gate_fails, keys = True, []
    for _ in range(MOST_TRIES):
        request = home.tick()
        assert request is not None
        keys.append(request.run_key)
        assert not home.follow(request)
    assert len(set(keys)) == MOST_TRIES
    assert home.tick() is None
    home.version, home.gate_fails = "2", False
    home.run(MODELS)
    assert home.follow(home.tick())


def test_a_sensor_that_was_stopped_for_long_asks_once_for_the_newest(home: Home) -> None:
    for version in map(str, range(8)):
        home.version = version
        home.run(MODELS)
    request = home.tick()
    assert request is not None
    assert request.tags[challengers.MODELS_TAG] == "7"
    assert home.follow(request)
    assert home.tick() is None


def test_what_a_full_run_judges_itself_is_left_to_it(home: Home) -> None:
    home.run(MODELS, DECISIONS)
    assert home.tick() is None
    assert home.cursor == "1"


def test_a_person_who_promotes_has_not_judged_the_newest_model(home: Home) -> None:
    home.run(MODELS)
    home.action = True
    home.run(DECISIONS)
    home.action = False
    assert home.follow(home.tick())


def test_the_run_that_registers_may_go_on_to_judge(home: Home) -> None:
    seen: list[dg.RunRequest | None] = []

    @dg.asset(deps=[MODELS])
    def later() -> None:
        seen.append(home.tick())

    home.assets.append(later)
    home.run(MODELS, later.key)
    assert seen == [None]
    assert home.tick() is not None
