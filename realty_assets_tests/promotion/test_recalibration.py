"""The champion's boosters with intervals made anew: made, judged by its own intervals, promoted."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from typing import Any

import dagster as dg
import numpy as np
import pytest

from realty_assets.modeling.model import load_valuer
from realty_assets.promotion.evidence import Array, Pairs, Said
from realty_assets.promotion.gates import GAIN, REFRESH, verdict
from realty_assets.promotion.judging import paired_gates
from realty_assets.promotion.policy import FILE, read_policy
from realty_assets.serving.champion import champion as champion_of
from realty_assets.warehouse import Warehouse
from realty_assets_tests.promotion.conftest import ASSETS, judge, policy_text
from realty_assets_tests.promotion.homes import held
from realty_assets_tests.promotion.replays import replay
from realty_assets_tests.promotion.test_home import last, realty

POLICY = read_policy()
FULL = os.environ.get("REALTY_TORTURE") == "full"
LENIENT = policy_text(
    *[("margin: 0.01", "margin: 0.19"), ("segment_margin: 0.02", "segment_margin: 1")],
    ("wider_at_most: 0.10", "wider_at_most: 9"),
)


def recalibrate(warehouse: Warehouse) -> dict[str, Any]:
    """The newest model, once the room of models has recalibrated the champion."""
    done = dg.materialize(
        ASSETS,
        resources={"warehouse": warehouse},
        selection=dg.AssetSelection.assets(["modeling", "models"]),
        run_config={"ops": {"modeling__models": {"config": {"recalibrate": True}}}},
    )
    assert done.success
    return warehouse.read("modeling.models").row(-1, named=True)


@pytest.mark.slow
def test_a_recalibration_is_a_model_that_its_own_intervals_promote(warehouse: Warehouse) -> None:
    models = warehouse.read("modeling.models")
    before = models.filter(model_version=held(warehouse)["champion"]).row(0, named=True)
    row = recalibrate(warehouse)
    assert len(warehouse.read("modeling.models")) == len(models) + 1
    assert row["recalibrates"] == before["model_version"] != row["model_version"]
    assert row["mlflow_version"] == models["mlflow_version"].max() + 1
    assert (row["params"], row["n_train"]) == (before["params"], before["n_train"])
    assert row["cutoff"] == date(2021, 12, 1)
    champion, own = (load_valuer(warehouse.home / one["artifact"]) for one in (before, row))
    assert own.trained_before == champion.cutoff == date(2021, 10, 1)
    assert own.point == champion.point
    matrix = warehouse.read("features.matrix").tail(300)
    ours, theirs = own.predict(matrix), champion.predict(matrix)
    assert ours["value"].equals(theirs["value"])
    assert (ours["upper_90"] != theirs["upper_90"]).mean() > 0.9
    card = (warehouse.home / row["artifact"] / "model_card.md").read_text()
    assert f"Boosters of | {before['model_version']}" in card
    # Made again it is the same: no second one.
    assert recalibrate(warehouse)["model_version"] == row["model_version"]
    assert len(warehouse.read("modeling.models")) == len(models) + 1

    (warehouse.home / FILE).write_text(LENIENT)
    assert judge(warehouse).success
    said = last(warehouse)
    assert said["model_version"] == row["model_version"]
    gates = {gate["name"]: gate for gate in json.loads(said["gates"])}
    assert gates["values are the champion's"]["passed"] is True
    assert gates["gain on paired sales"]["requirement"].startswith("interval score lower")
    pairs = warehouse.read("promotion.paired_sales").filter(model_version=row["model_version"])
    assert pairs["value"].equals(pairs["champion_value"].alias("value"))
    # Each month by what was known before it: on the champion's own day nothing is new yet.
    months = pairs.partition_by("cutoff", maintain_order=True)
    same = [np.allclose(m["lower_90"], m["champion_lower_90"], rtol=1e-9) for m in months]
    assert same == [True, False]
    assert said["verdict"] == "promote", said["reason"]
    assert gates["reproducible"]["note"] == f"came out as {row['model_version']}"

    realty("promote", "--reason", "intervals of today", "--by", "Ann")
    assert champion_of(warehouse, "off_market").model_version == row["model_version"]
    assert held(warehouse)["previous_champion"] == before["model_version"]


def stretched(pairs: Pairs, width: float | Array) -> Pairs:
    """The champion of `pairs` with intervals `width` times as wide (in logs) as its candidate."""
    one = pairs.champion
    ends = (
        np.exp(np.log(one.value) + width * np.log(end / one.value))
        for end in (one.lower, one.upper)
    )
    return replace(pairs, candidate=Said(one.value, *ends), with_excluded=None)


def judged(pairs: Pairs, refresh: bool = False) -> tuple[str, dict[str, bool | None]]:
    gates = paired_gates(pairs, POLICY, refresh, by_intervals=True)
    return verdict(gates, "m2", "m1")[0], {gate.name: gate.passed for gate in gates}


@pytest.mark.parametrize(
    ("champion_width", "width", "says"),
    [
        (0.5, 2.0, "promote"),  # they held too few: right ones score better
        (1.0, 1.0, "inconclusive"),  # the same intervals are no gain
        (1.0, 0.5, "reject"),
        (1.0, 2.0, "reject"),
    ],
)
def test_a_recalibration_is_judged_by_its_interval_score(
    champion_width: float, width: float, says: str
) -> None:
    pairs = stretched(replay(1, champion_width=champion_width), width)
    said, gates = judged(pairs)
    assert (said, gates["values are the champion's"]) == (says, True)
    assert gates[GAIN] is {"promote": True, "inconclusive": None, "reject": False}[says]


def test_a_fresher_recalibration_may_be_no_worse_and_a_value_may_not_change() -> None:
    pairs = stretched(replay(1), 1.0)
    said, gates = judged(pairs, refresh=True)
    assert (said, gates[REFRESH]) == ("promote", True)
    moved = pairs.candidate.value.copy()
    moved[0] *= 1.0 + 1e-12
    said, gates = judged(replace(pairs, candidate=replace(pairs.candidate, value=moved)), True)
    assert (said, gates["values are the champion's"]) == ("reject", False)


def test_a_segment_whose_intervals_are_hurt_is_heard() -> None:
    pairs = replay(1, champion_width=0.5)
    new = pairs.segments["new build: new build"]
    said, gates = judged(stretched(pairs, np.where(new, 0.4, 2.0)))
    assert (said, gates[GAIN], gates["segments"]) == ("reject", True, False)


@pytest.mark.torture
def test_intervals_that_differ_by_luck_alone_are_hardly_ever_promoted() -> None:
    """Both scatter around the right width by area, as two calibrations of few sales do."""
    n_promoted, (n, most) = 0, (200, 15) if FULL else (10, 2)
    for seed in range(n):
        random = np.random.default_rng(seed)
        pairs = replay(seed)
        area = np.array([label.split("|")[1] for label in pairs.labels], dtype=int)
        ours, theirs = np.exp(random.normal(0.0, 0.1, (2, 20)))
        pairs = replace(pairs, champion=stretched(pairs, theirs[area]).candidate)
        n_promoted += judged(stretched(pairs, (ours / theirs)[area]))[0] == "promote"
    assert n_promoted <= most
