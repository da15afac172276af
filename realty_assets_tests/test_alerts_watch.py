"""The watch over alerts, tick by tick: monitoring that stopped, steps that fail, lost channels."""

from __future__ import annotations

import time
from pathlib import Path

import dagster as dg
import pytest

from realty_assets import automation
from realty_assets.definitions import build_defs
from realty_assets.failures import failing_steps
from realty_assets.monitoring.alerting.records import ALERTS
from realty_assets.tries import MOST_TRIES
from realty_assets_tests.monitoring.alert_samples import Hook, alert_home, drifted, own_policy
from realty_assets_tests.ticks import Ticks


def tick_alerts(instance: dg.DagsterInstance) -> dg.RunRequest | str:
    """The run that the watch over alerts asks for, or why it asks for none."""
    said = Ticks(automation.alerts_sensor, instance).said()
    assert said is not None
    return said


def run_alerts(instance: dg.DagsterInstance, request: dg.RunRequest) -> bool:
    job = build_defs().resolve_job_def("tell_alerts")
    return job.execute_in_process(
        run_config=request.run_config,
        instance=instance,
        tags=request.tags,
        raise_on_error=False,
    ).success


def monitored(instance: dg.DagsterInstance) -> None:
    for table in automation.MONITORED:
        instance.report_runless_asset_event(dg.AssetMaterialization(table.split(".")))


def test_a_monitoring_that_stopped_opens_an_alert(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALTY_AS_OF", "2023-03-02")
    warehouse = alert_home(home)
    with dg.DagsterInstance.ephemeral() as instance:
        assert "nothing to tell" in str(tick_alerts(instance))  # it has never run
        monitored(instance)
        assert "nothing to tell" in str(tick_alerts(instance))
        own_policy(home, stopped_after_days=0.1 / 86_400)
        time.sleep(1.2)
        request = tick_alerts(instance)
        assert isinstance(request, dg.RunRequest)
        assert run_alerts(instance, request)
        (alert,) = warehouse.read(ALERTS).to_dicts()
        assert (alert["kind"], alert["state"], alert["severity"]) == ("stopped", "open", "critical")
        assert "There is a run" in str(tick_alerts(instance))  # one a day is enough
        own_policy(home)
        assert "nothing to tell" in str(tick_alerts(instance))


def test_a_failed_watch_is_tried_again_and_not_for_ever(home: Path) -> None:
    own_policy(home, stopped_after_days=0.1 / 86_400)
    with dg.DagsterInstance.ephemeral() as instance:
        monitored(instance)
        time.sleep(1.2)
        keys = set()
        for _ in range(MOST_TRIES):
            request = tick_alerts(instance)
            assert isinstance(request, dg.RunRequest)
            keys.add(request.run_key)
            assert not run_alerts(instance, request)  # nothing has been staged in this home
        assert len(keys) == MOST_TRIES
        assert "runs have failed" in str(tick_alerts(instance))


def test_a_step_that_fails_is_told_of_until_it_works(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALTY_AS_OF", "2023-03-02")
    warehouse = alert_home(home)
    works = [False]

    @dg.op
    def sales() -> None:
        if not works[0]:
            raise RuntimeError("no sales today")

    @dg.op
    def values() -> None:
        return

    @dg.job
    def makes() -> None:
        sales()
        values()

    def stands() -> list[tuple[str, str, str]]:
        rows = warehouse.read(ALERTS)
        return list(rows.select("key", "state", "severity").sort("key").iter_rows())

    with dg.DagsterInstance.ephemeral() as instance:

        def run_and_look() -> None:
            makes.execute_in_process(instance=instance, raise_on_error=False)
            request = tick_alerts(instance)
            assert isinstance(request, dg.RunRequest)
            assert run_alerts(instance, request)
            assert "nothing to tell" in str(tick_alerts(instance))

        build_defs().resolve_job_def("tell_alerts").execute_in_process(instance=instance)
        assert stands() == []
        run_and_look()
        assert stands() == [("failed/sales", "open", "warn")]
        run_and_look()
        assert stands() == [("failed/sales", "open", "critical")]
        works[0] = True
        run_and_look()
        assert stands() == [("failed/sales", "resolved", "critical")]


def test_what_a_run_has_done_by_now_has_not_failed() -> None:
    works, said = [False], []

    @dg.op
    def sales() -> int:
        if not works[0]:
            raise RuntimeError("no sales today")
        return 1

    @dg.op
    def looks(context, n: int) -> None:
        said.append(failing_steps(context.instance))

    @dg.job
    def makes() -> None:
        looks(sales())

    with dg.DagsterInstance.ephemeral() as instance:
        makes.execute_in_process(instance=instance, raise_on_error=False)
        assert [one.step for one in failing_steps(instance)] == ["sales"]
        works[0] = True
        assert makes.execute_in_process(instance=instance).success
    assert said == [[]]


def test_what_a_channel_did_not_take_is_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALTY_AS_OF", "2023-03-02")
    hook = Hook()
    hook.server_close()  # nobody answers there
    own_policy(home, channels={"webhook": {"url": hook.url}})
    alert_home(home, drifted())
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_defs().resolve_job_def("tell_alerts")
        assert job.execute_in_process(instance=instance).success
        request = tick_alerts(instance)
        assert isinstance(request, dg.RunRequest)
        assert str(request.run_key).startswith("unsent-")
        own_policy(home)
        assert run_alerts(instance, request)
        assert "nothing to tell" in str(tick_alerts(instance))
