"""`realty alerts`: what a person types, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realty_assets.monitoring.alerting.making import Machine, keep_alerts
from realty_assets.monitoring.alerting.policy import read_policy
from realty_assets.monitoring.alerting.records import ALERTS
from realty_assets_tests.markets import realty_here, realty_json
from realty_assets_tests.monitoring.alert_samples import (
    TODAY,
    Hook,
    alert_home,
    drifted,
    own_policy,
    serving,
)


@pytest.fixture
def alerted(home: Path) -> Path:
    """A home with an alert about a feed."""
    keep_alerts(alert_home(home, drifted()), read_policy(home), TODAY, Machine(), {})
    return home


def test_an_alert_is_listed_shown_snoozed_and_acknowledged(alerted: Path) -> None:
    day = {"REALTY_AS_OF": str(TODAY)}
    (row,) = realty_json(alerted, "alerts", "list", **day)["alerts"]
    assert (row["kind"], row["state"], row["severity"]) == ("feed", "open", "critical")
    begins = row["alert_id"][:5]
    words = (
        "alerts",
        "snooze",
        begins,
        "--until",
        "2023-03-20",
        "--reason",
        "known",
        "--by",
        "Ann",
    )
    done = realty_json(alerted, *words, **day)
    assert (done["state"], done["already"]) == ("snoozed", False)
    assert done["run_id"]
    assert realty_json(alerted, *words, **day)["already"]
    acked = realty_json(alerted, "alerts", "ack", begins, "--reason", "seen", **day)
    assert (acked["state"], acked["snoozed_until"]) == ("acknowledged", None)
    shown = realty_json(alerted, "alerts", "show", begins, **day)
    assert [event["event"] for event in shown["events"]] == [
        *("opened", "sent", "snoozed", "acknowledged"),
    ]
    assert shown["events"][2]["acted_by"] == "Ann"
    person = realty_here(alerted, "alerts", "show", begins, **day).stdout
    assert "docs/runbooks/alert-feed.md" in person
    assert realty_json(alerted, "alerts", "list", "--kind", "drift", **day)["alerts"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ack", "zz", "--reason", "known"), "no alert 'zz'"),
        (("ack", "ID", "--reason", " "), "reason is blank"),
        (("snooze", "ID", "--until", "later", "--reason", "known"), "'later' is no day"),
        (("list", "--state", "gone"), "no state 'gone'"),
        (("list", "--kind", "weather"), "no kind 'weather'"),
    ],
)
def test_what_cannot_be_is_one_sentence(alerted: Path, words: tuple[str, ...], said: str) -> None:
    from realty_assets.warehouse import Warehouse

    (alert_id,) = Warehouse.at(alerted / "warehouse.duckdb").read(ALERTS)["alert_id"]
    asked = [alert_id if word == "ID" else word for word in words]
    done = realty_here(alerted, "alerts", *asked, check=False, REALTY_AS_OF=str(TODAY))
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_reason_is_required_and_an_empty_home_says_what_to_do_first(home: Path) -> None:
    assert realty_here(home, "alerts", "ack", "x", check=False).returncode == 2
    done = realty_here(home, "alerts", "list", check=False)
    assert (done.returncode, "realty run all" in done.stderr) == (1, True)


def test_a_test_message_goes_to_each_channel(home: Path) -> None:
    hook = Hook()
    own_policy(home, channels={"file": {"path": "told.jsonl"}, "webhook": {"url": hook.url}})
    with serving(hook):
        told = realty_json(home, "alerts", "test")
    assert [row["state"] for row in told["channels"]] == ["sent", "sent"]
    assert len(hook.posts) == 1
    assert json.loads((home / "told.jsonl").read_text())["events"] == []
    failed = realty_here(home, "alerts", "test", check=False)
    assert failed.returncode == 1
    assert "refused" in failed.stdout
