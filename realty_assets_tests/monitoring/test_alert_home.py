"""The alerts of a home: written once, told once on every channel, and never lost."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from realty_assets.fingerprint import table_fingerprint
from realty_assets.monitoring.alerting import channels, making
from realty_assets.monitoring.alerting.actions import Action, BadAlertAction
from realty_assets.monitoring.alerting.assets import alerts
from realty_assets.monitoring.alerting.making import Kept, Machine, act, keep_alerts
from realty_assets.monitoring.alerting.policy import read_policy
from realty_assets.monitoring.alerting.records import ALERTS, EVENTS
from realty_assets.monitoring.dashboard import gather, page
from realty_assets.warehouse import Warehouse
from realty_assets_tests.monitoring.alert_samples import (
    NOW,
    TODAY,
    Hook,
    alert_home,
    drifted,
    figure,
    own_policy,
    serving,
)

RIGHT = {"mdape": 0.08, "ppe10": 0.6, "median_ratio": 1.0}
FILE = "reports/monitoring/alerts.jsonl"
LOW = [
    *(figure("coverage_90", month, 0.8, 0.75, 0.85) for month in (1, 2)),
    *(figure(metric, 2, value, value, value) for metric, value in RIGHT.items()),
]


def look(
    warehouse: Warehouse,
    today: date = TODAY,
    last_success_s: float | None = None,
    now: datetime = NOW,
) -> Kept:
    policy = read_policy(warehouse.home)
    with warehouse.connect():  # kept open, as a run keeps it
        return keep_alerts(warehouse, policy, today, Machine(last_success_s), {}, lambda: now)


def lines(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / FILE).read_text().splitlines()]


def states(warehouse: Warehouse) -> dict[str, str]:
    rows = warehouse.read(ALERTS).select("key", "state")
    return dict(rows.iter_rows())


def held(warehouse: Warehouse) -> list[tuple[int, str]]:
    with warehouse.connect() as conn:
        return [table_fingerprint(conn, table) for table in (ALERTS, EVENTS)]


def test_a_run_tells_all_in_one_message_and_the_same_run_again_nothing(home: Path) -> None:
    warehouse = alert_home(home, drifted(), LOW)
    assert look(warehouse).noted == {"opened": 2, "sent": 2}
    (line,) = lines(home)
    assert {event["kind"] for event in line["events"]} == {"feed", "performance"}
    once = held(warehouse)
    assert look(warehouse, now=NOW + timedelta(hours=5)).noted == {}
    assert (held(warehouse), len(lines(home))) == (once, 1)
    warehouse.replace("monitoring.drift", warehouse.read("monitoring.drift").clear())
    assert look(warehouse, TODAY + timedelta(days=1)).noted == {"resolved": 1, "sent": 1}
    assert states(warehouse)["feed/all/listings/living_area"] == "resolved"


def test_two_homes_that_know_the_same_hold_the_same(tmp_path: Path) -> None:
    found = []
    for at, name in enumerate(("one", "two")):
        warehouse = alert_home(tmp_path / name, drifted(), LOW)
        look(warehouse, now=NOW + timedelta(days=at))
        found.append(held(warehouse))
    assert found[0] == found[1]


def test_without_digest_every_alert_is_a_message(home: Path) -> None:
    own_policy(home, digest=False)
    look(alert_home(home, drifted(), LOW))
    assert [len(line["events"]) for line in lines(home)] == [1, 1]


def test_a_run_as_of_an_earlier_day_leaves_alerts_alone(home: Path) -> None:
    warehouse = alert_home(home, drifted())
    look(warehouse)
    assert look(warehouse, date(2023, 1, 15)).noted == {}
    assert states(warehouse) == {"feed/all/listings/living_area": "open"}


def test_a_channel_that_fails_is_told_of_on_the_others_and_tried_again(home: Path) -> None:
    hook = Hook(503)
    channels = {"file": {"path": FILE}, "webhook": {"url": hook.url}}
    own_policy(home, channels=channels)
    warehouse = alert_home(home, drifted())
    with serving(hook):
        first = look(warehouse)
        assert first.noted == {"opened": 2, "sent": 2, "send_failed": 1}
        assert first.n_waiting == {"webhook": 1}
        assert [event["kind"] for line in lines(home) for event in line["events"]] == [
            "feed",
            "channel",
        ]
        once = held(warehouse)
        assert look(warehouse).noted == {}  # tried, and failed as before
        assert (held(warehouse), len(hook.posts)) == (once, 2)
        hook.status = 200
        assert look(warehouse).n_waiting == {}
        assert look(warehouse).noted == {}
    assert states(warehouse)["channel/webhook"] == "resolved"
    assert [event["event"] for event in hook.posts[-1][1]["events"]] == ["opened"]
    assert len(hook.posts) == 3


def test_a_channel_that_is_new_is_not_told_old_news_and_one_that_went_is_not_waited_for(
    home: Path,
) -> None:
    hook = Hook(500)
    own_policy(home, channels={"webhook": {"url": hook.url}})
    warehouse = alert_home(home, drifted())
    with serving(hook):
        look(warehouse)
    assert states(warehouse)["channel/webhook"] == "open"
    own_policy(home)
    look(warehouse)
    assert states(warehouse)["channel/webhook"] == "resolved"
    assert [event["kind"] for line in lines(home) for event in line["events"]] == ["channel"]


def test_warnings_do_not_go_where_only_the_critical_is_wanted(home: Path) -> None:
    own_policy(home, channels={"file": {"path": FILE, "least": "critical"}})
    warehouse = alert_home(home, drifted(severity="warn"), LOW)
    assert look(warehouse).noted == {"opened": 2, "sent": 1}
    assert [event["kind"] for line in lines(home) for event in line["events"]] == ["performance"]


def test_a_kill_between_sending_and_noting_sends_twice_and_loses_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    warehouse = alert_home(home, drifted())
    with monkeypatch.context() as patch:
        patch.setattr(making, "note", killed)
        with pytest.raises(Killed):
            look(warehouse)
    assert states(warehouse) == {"feed/all/listings/living_area": "open"}
    assert look(warehouse).noted == {"sent": 1}
    first, second = lines(home)
    assert first["message_id"] == second["message_id"]
    with monkeypatch.context() as patch:
        patch.setattr(channels, "to_file", killed)
        warehouse.replace("monitoring.drift", warehouse.read("monitoring.drift").clear())
        with pytest.raises(Killed):
            look(warehouse)
    assert look(warehouse).noted == {"sent": 1}
    assert [event["event"] for event in lines(home)[-1]["events"]] == ["resolved"]


def test_a_monitoring_that_stopped_is_told_of_once_and_is_over_when_it_runs(home: Path) -> None:
    warehouse = alert_home(home)
    day = 86_400.0
    for days, noted in ((0, {}), (36, {"opened": 1, "sent": 1}), (36, {}), (37, {})):
        assert look(warehouse, now=datetime(1970, 1, 2) + timedelta(days=days + 0.1),
                    last_success_s=day).noted == noted  # fmt: skip
    late = datetime(1970, 1, 2) + timedelta(days=38)
    assert look(warehouse, now=late, last_success_s=38 * day).noted == {"resolved": 1, "sent": 1}


def test_what_a_person_does_is_a_row_with_their_reason(home: Path) -> None:
    warehouse = alert_home(home, drifted())
    look(warehouse)
    (alert_id,) = warehouse.read(ALERTS)["alert_id"]
    policy = read_policy(home)
    done = act(warehouse, policy, TODAY, Action("ack", alert_id[:4], "asked the MLS", "Ann"))
    assert done.state == "acknowledged"
    again = act(warehouse, policy, TODAY, Action("ack", alert_id, "asked the MLS", "Ann"))
    assert again == done
    (row,) = warehouse.read(EVENTS).filter(pl.col("event") == "acknowledged").to_dicts()
    assert (row["acted_by"], row["reason"], row["due"]) == ("Ann", "asked the MLS", [])
    with pytest.raises(BadAlertAction):
        act(warehouse, policy, TODAY, Action("ack", "zz", "no", "Ann"))
    assert look(warehouse).noted == {}


def test_the_page_shows_who_sees_to_what_and_links_to_runbooks(home: Path) -> None:
    own_policy(home, owners={"feed": "team:mls"}, runbooks="https://example.com/")
    warehouse = alert_home(home, drifted(), LOW)
    look(warehouse)
    text = page(gather(warehouse, TODAY), TODAY)
    assert '<a href="https://example.com/alert-feed.md">' in text
    assert "team:mls" in text
    assert "The feed no longer fills living_area." in text
    own_policy(home)
    look(warehouse)
    text = page(gather(warehouse, TODAY), TODAY)
    assert not re.search(r"https?://|\bhref=", text)
    assert "docs/runbooks/alert-performance.md" in text


def test_the_asset_says_what_it_noted_and_when_nothing_was_new(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REALTY_AS_OF", str(TODAY))
    warehouse = alert_home(home, drifted())
    reused = []
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            done = dg.materialize([alerts], resources={"warehouse": warehouse}, instance=instance)
            made = done.asset_materializations_for_node("alerts")
            reused.append([one.metadata["reused"].value for one in made])
            assert [one.metadata[making.WAITING].value for one in made] == [0, 0]
    assert reused == [[False, False], [True, True]]
