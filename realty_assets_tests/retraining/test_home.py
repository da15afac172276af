"""The loop on a small home: looks, a retrain by automation from its due row, one by hand."""

from __future__ import annotations

import json

import dagster as dg
import polars as pl
import pytest

from realty_assets.definitions import build_defs
from realty_assets.modeling.assets import model_home
from realty_assets.retraining import making
from realty_assets.retraining.assets import DUE, TRIGGER_TAG
from realty_assets.retraining.loop_report import FOLDER
from realty_assets.retraining.policy import FILE, read_policy
from realty_assets.retraining.records import TRIGGERS, Tried
from realty_assets.retraining_watch import LOOK, keys_of, retraining_sensor
from realty_assets.warehouse import Warehouse

MANY = "version: 1\ntriggers: {new_sales: {share: 0.0001, at_least: 1}}\n"


def run(
    warehouse: Warehouse,
    instance: dg.DagsterInstance,
    keys: list[dg.AssetKey],
    job: str = "all",
    **how: object,
) -> dg.ExecuteInProcessResult:
    defs = build_defs(resource_overrides={"warehouse": warehouse})
    return defs.resolve_job_def(job).execute_in_process(
        asset_selection=keys, instance=instance, **how
    )


def nobody_waits(warehouse: Warehouse) -> None:
    """The challenger of this home has not been told from the champion."""
    decisions = warehouse.read("promotion.decisions")
    told = {"verdict": pl.lit("inconclusive"), "approval": pl.lit(None, pl.String)}
    newest = pl.int_range(pl.len()) == pl.len() - 1
    warehouse.replace(
        "promotion.decisions",
        decisions.with_columns(
            pl.when(newest).then(one).otherwise(pl.col(name)).alias(name)
            for name, one in told.items()
        ),
    )


LOOKS = [dg.AssetKey(["retraining", "champion_months"]), LOOK]


def test_a_look_a_retrain_and_its_outcome(warehouse: Warehouse) -> None:
    (warehouse.home / FILE).write_text(MANY)
    with dg.DagsterInstance.ephemeral() as instance:
        first = run(warehouse, instance, LOOKS)
        waits = warehouse.read(TRIGGERS).filter(kind="new_sales")
        assert waits["reason"][0].startswith("a challenger waits for approval")
        nobody_waits(warehouse)
        run(warehouse, instance, LOOKS)
        rows = warehouse.read(TRIGGERS)
        (fired,) = rows.filter(decision="fired").to_dicts()
        assert (fired["kind"], fired["rung"], fired["outcome"]) == ("performance", "refit", None)
        assert json.loads(fired["evidence"])["n"] > 100
        assert rows["reason"][-1] == f"taken along by {fired['trigger_id']}"
        assert set(rows["kind"]) == {"drift", "performance", "new_sales", "change"}
        assert all(rows["reason"])
        months = warehouse.read("retraining.champion_months").filter(~pl.col("in_reference"))
        assert [str(day) for day in months["month"]] == ["2021-10-01", "2021-11-01"]
        # The same look again adds what has changed: that the first has not ended.
        for _ in range(2):
            run(warehouse, instance, LOOKS)
            again = warehouse.read(TRIGGERS)
            assert len(again) == len(rows) + 2
            assert all("one at a time" in reason for reason in again["reason"][-2:])
        # The sensor starts what is due; its run joins the outcome.
        with dg.build_sensor_context(instance=instance) as context:
            said = retraining_sensor(context)
        assert isinstance(said, dg.SensorResult)
        assert said.run_requests
        (request,) = said.run_requests
        done = run(
            warehouse,
            instance,
            list(request.asset_selection or []),
            "retrain",
            run_config=request.run_config,
            tags=dict(request.tags),
        )
        row = warehouse.read(TRIGGERS).filter(trigger_id=fired["trigger_id"]).row(0, named=True)
        # The newest model of this home is of today already: training gives it again.
        assert (row["run_id"], row["outcome"]) == (done.run_id, "nothing new")
        assert row["model_versions"] == []
        event = instance.get_latest_materialization_event(LOOK)
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata[DUE].value == {}
    assert first.success


def test_a_retrain_whose_runs_failed_has_failed(warehouse: Warehouse) -> None:
    (warehouse.home / FILE).write_text(MANY)
    nobody_waits(warehouse)
    with dg.DagsterInstance.ephemeral() as instance:
        run(warehouse, instance, LOOKS)
        (fired,) = warehouse.read(TRIGGERS).filter(decision="fired")["trigger_id"]
    home, policy = model_home(warehouse), read_policy(warehouse.home)
    for tried, outcome in ((Tried(open=True), None), (Tried(failed=True), "failed")):
        table = making.look(home, policy, {fired: tried}).table
        row = table.filter(trigger_id=fired).row(0, named=True)
        assert row["outcome"] == outcome


def test_by_hand_a_model_is_made_and_judged(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from realty_assets.cli_output import progress
    from realty_assets.home import prepare_home
    from realty_assets.retrain_actions import looked, retrain
    from realty_assets.retraining.deciding import BadAsk

    monkeypatch.setenv("REALTY_AS_OF", "2021-12-15")
    prepare_home(warehouse.home)
    with dg.DagsterInstance.ephemeral() as instance:
        run(warehouse, instance, LOOKS)
    before = len(warehouse.read(TRIGGERS))
    told = looked("refit", "a new school", "Ann", progress)
    assert told["triggers"][0]["kind"] == "by_hand"
    assert "modeling.models" in told["makes"]
    assert len(warehouse.read(TRIGGERS)) == before
    for rung, reason, why in (("rewrite", "a school", "no rung"), ("refit", " ", "blank")):
        with pytest.raises(BadAsk, match=why):
            retrain(rung, reason, "Ann", progress)
    done = retrain("refit", "a new school", "Ann", progress)
    (version,) = done["model_versions"]
    newest = warehouse.read("modeling.models").row(-1, named=True)
    assert (newest["model_version"], str(newest["cutoff"])) == (version, "2021-12-15")
    assert done["outcome"] in ("waiting", "inconclusive", "rejected")
    row = warehouse.read(TRIGGERS).filter(trigger_id=done["trigger_id"]).row(0, named=True)
    assert (row["kind"], row["asked_by"], row["reason"]) == ("by_hand", "Ann", "a new school")
    assert row["run_id"] == done["run_id"]
    page = (warehouse.home / FOLDER / f"{done['trigger_id']}.md").read_text()
    assert f"| Models | {version} |" in page
    assert "## Without it" in page

    done = retrain("recalibrate", "intervals hold too few", "Ann", progress)
    (version,) = done["model_versions"]
    newest = warehouse.read("modeling.models").row(-1, named=True)
    champion = warehouse.read("promotion.aliases").filter(alias="champion")["model_version"][0]
    assert (newest["model_version"], newest["recalibrates"]) == (version, champion)
    assert done["outcome"] in ("waiting", "inconclusive", "rejected")


def test_a_row_asked_for_in_the_ui_is_due(warehouse: Warehouse) -> None:
    asked = {"rung": "retune", "reason": "a new school", "by": "Ann"}
    with dg.DagsterInstance.ephemeral() as instance:
        run(warehouse, instance, [LOOKS[0]])
        run(
            warehouse,
            instance,
            [LOOK],
            "retraining_look",
            run_config={"ops": {"retraining": {"config": {"asked": asked}}}},
        )
        with dg.build_sensor_context(instance=instance) as context:
            said = retraining_sensor(context)
    assert isinstance(said, dg.SensorResult)
    assert said.run_requests
    (request,) = said.run_requests
    assert request.asset_selection == keys_of("retune")
    assert request.tags[TRIGGER_TAG]
