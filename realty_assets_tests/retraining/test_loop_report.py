"""The page of a retrain that fired: why, what it did and cost, and what would have been without."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from realty_assets.monitoring.alerting.making import Machine, keep_alerts
from realty_assets.monitoring.alerting.policy import read_policy as read_alerts
from realty_assets.monitoring.alerting.records import ALERTS
from realty_assets.promotion.ledger import DECISION_SCHEMA, DECISIONS
from realty_assets.retraining.loop_report import write_reports
from realty_assets.retraining.records import SCHEMA, TRIGGERS, asked_of_a_person
from realty_assets_tests.monitoring.alert_samples import NOW, TODAY, alert_home


def fired(day: int, rung: str, outcome: str | None, **more: Any) -> dict[str, Any]:
    told = {
        "trigger_id": f"t{day}",
        "as_of": date(2023, 1, day),
        "looked_at": datetime(2023, 1, day),
        "track": "off_market",
        "kind": "performance",
        "decision": "fired",
        "reason": "error 0.12 | was 0.09",
        "rung": rung,
        "evidence": json.dumps({"n": 300, "error": 0.12}),
        "policy_sha256": "p",
        "champion_version": "old",
        "asked_by": "automation",
        "outcome": outcome,
    }
    return dict.fromkeys(SCHEMA) | told | more


def triggers(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def decision(version: str, verdict: str, gain: float) -> dict[str, Any]:
    gate = {
        "name": "gain on paired sales",
        "requirement": "error lower than the champion's (one-sided, 5%)",
        "seen": gain,
        "note": "-8.0% to -2.0%",
    }
    told = {"name": "realty-off-market", "model_version": version, "champion_version": "old"}
    why = {"verdict": verdict, "reason": f"{verdict}.", "gates": json.dumps([gate])}
    return dict.fromkeys(DECISION_SCHEMA) | told | why


@pytest.mark.parametrize(
    ("verdict", "gain", "says"),
    [
        ("promote", -0.05, "old would speak on, its error +5.3%"),
        ("reject", 0.02, "the same values: it does not speak"),
    ],
)
def test_the_page_sets_cost_beside_what_it_brought(
    home: Path, verdict: str, gain: float, says: str
) -> None:
    warehouse = alert_home(home)
    said = pl.DataFrame([decision("new", verdict, gain)], schema=DECISION_SCHEMA, orient="row")
    warehouse.replace(DECISIONS, said)
    table = triggers(
        fired(2, "refit", None, model_versions=["new"], run_id="r", cost_usd=0.0125),
        {**fired(3, "refit", None), "decision": "skipped"},
    )
    (page,) = write_reports(warehouse, table)
    text = page.read_text()
    assert page == home / "reports" / "retraining" / "t2.md"
    for part in ("Under way", "0.0125 US dollars", "error 0.12 \\| was 0.09", "| n | 300 |", says):
        assert part in text
    assert "asked of a person" not in text
    assert write_reports(warehouse, table) == []  # the same again is not written again


def test_after_retrains_in_vain_it_says_what_is_asked_and_an_alert_opens(home: Path) -> None:
    warehouse = alert_home(home)
    vain = [fired(2, "refit", "rejected"), fired(3, "retune", "rejected")]
    vain += [fired(4, "search", "nothing new"), fired(5, "person", "told")]
    table = triggers(*vain)
    warehouse.replace(TRIGGERS, table)
    pages = {page.stem: page.read_text() for page in write_reports(warehouse, table)}
    assert "asked of a person" not in pages["t2"]
    assert "2 retrains in a row led nowhere, so automation rests 100 days" in pages["t3"]
    assert "4 retrains in a row led nowhere, so automation rests 180 days" in pages["t5"]
    assert asked_of_a_person(table) == "t5"

    def states() -> list[tuple[str, str, str]]:
        policy = read_alerts(home)
        with warehouse.connect():
            keep_alerts(warehouse, policy, TODAY, Machine(), {}, lambda: NOW)
        return warehouse.read(ALERTS).select("key", "state", "severity").rows()

    assert states() == [("retrain/off_market", "open", "warn")]
    by_hand = triggers(*vain, fired(6, "retune", None, kind="by_hand"))
    warehouse.replace(TRIGGERS, by_hand)
    assert asked_of_a_person(by_hand) == ""
    assert states() == [("retrain/off_market", "resolved", "warn")]
