"""The report of a model's gates: every gate once, whatever a note holds, beside the card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realty_assets.modeling.model_card import CARD
from realty_assets.promotion.gate_report import REPORT, newest_gated, render, write_reports
from realty_assets.warehouse import Warehouse
from realty_assets_tests.promotion.homes import held
from realty_assets_tests.promotion.test_home import realty
from realty_assets_tests.promotion.test_ledger import act, last, waiting


def test_it_tells_of_every_gate_and_a_note_cannot_break_its_table() -> None:
    row = last(waiting())
    gates = json.loads(row["gates"])
    gates[0]["note"] = "a | b\n<script>"
    text = render(row | {"gates": json.dumps(gates)})
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(lines) == len(gates) + 2
    assert all(gate["name"] in text for gate in gates)
    assert "a \\| b &lt;script>" in text
    assert "held against m1 as of 2024-01-01" in text
    assert "**Promote.**" in text


def test_a_rollback_leaves_the_gates_of_the_model_as_they_were() -> None:
    state = act(act(waiting(), "promote"), "rollback")
    told = {row["model_version"]: row["decided_by"] for row in newest_gated(state[0])}
    assert told == {"m1": "gate", "m2": "Ann"}
    for row in newest_gated(state[0]):
        assert row["model_version"] in render(row)


@pytest.mark.slow
def test_a_home_has_one_beside_every_card_and_writes_it_once(warehouse: Warehouse) -> None:
    models = warehouse.read("modeling.models")
    pages = [warehouse.home / folder / REPORT for folder in models["artifact"]]
    assert all(page.is_file() and (page.parent / CARD).is_file() for page in pages)
    assert write_reports(warehouse) == []
    pages[1].write_text("lost")
    assert write_reports(warehouse) == [pages[1]]
    realty("promote", "--reason", "fresher", "--by", "Ann", "--despite-verdict")
    champion = held(warehouse)["champion"]
    shown = realty("model", "show", champion)
    assert "Decided by Ann" in Path(shown["gate_report"]).read_text()
