"""Rules and dashboard that are shipped ask for what the metrics file has, and link to pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from realty_assets.monitoring.metrics_file import (
    EXPECTED_FIGURES,
    HELP,
    PREFIX,
    SEGMENT_FIGURES,
    SEVERITIES,
    UNRESOLVED,
)

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "prometheus"
LABELS = {
    "severity": SEVERITIES,
    "state": UNRESOLVED,
    "figure": {*EXPECTED_FIGURES, *SEGMENT_FIGURES},
}
KNOWN = {f"{PREFIX}_{name}" for name in HELP}


def asked(expression: str) -> set[str]:
    return set(re.findall(rf"\b{PREFIX}_\w+", expression))


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "rules.yml").read_text("utf-8"))["groups"]
    return list(group["rules"])


def test_rules_ask_for_metrics_and_labels_that_there_are() -> None:
    for rule in rules():
        assert asked(rule["expr"]), rule["alert"]
        assert asked(rule["expr"]) <= KNOWN, rule["alert"]
        for label, value in re.findall(r'(\w+)="(\w+)"', rule["expr"]):
            assert value in LABELS[label], rule["alert"]


def test_every_rule_says_what_to_read() -> None:
    for rule in rules():
        assert (ROOT / rule["annotations"]["runbook"]).is_file(), rule["alert"]
        assert rule["annotations"]["summary"].endswith(".")


def test_the_dashboard_shows_every_metric_once() -> None:
    panels = json.loads((FOLDER / "grafana.json").read_text("utf-8"))["panels"]
    shown = [name for panel in panels for one in panel["targets"] for name in asked(one["expr"])]
    assert sorted(shown) == sorted(KNOWN)
    assert len({panel["id"] for panel in panels}) == len(panels)
