"""What starts retrains: the sensor on what was decided, and the job of a look.

The decision is made where the tables are (the asset retraining.triggers, which follows new data).
The sensor reads the event log alone: the newest look tells which retrain is due. It asks for one
run of it, again when one has failed, three times in all (`tries.py`). Its cursor is the trigger
that has ended well.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from realty_assets.at_rest import why_still
from realty_assets.retraining.assets import ASKS, DUE, TRIGGER_TAG
from realty_assets.retraining.ladder import ALL_TABLES, TABLES, op_config
from realty_assets.retraining.records import TRIGGERS
from realty_assets.settings import get_settings
from realty_assets.tries import as_result, ended_well, next_try

LOOK = dg.AssetKey(TRIGGERS.split("."))

look_job = dg.define_asset_job(
    "retraining_look",
    selection=dg.AssetSelection.assets(LOOK),
    description="Looks at every trigger of a retrain; asks for one by hand.",
)
retrain_job = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets(*(name.split(".") for name in ALL_TABLES)),
    description="Makes what a rung of the ladder makes; its model is a challenger like any other.",
)


def keys_of(rung: str) -> list[dg.AssetKey]:
    """What a run of `rung` makes."""
    return [dg.AssetKey(name.split(".")) for name in TABLES[rung]]  # type: ignore[index]


@dg.sensor(
    job=retrain_job,
    name="retraining",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the retrain that the loop has decided on; at most three times.",
)
def retraining_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    if still := why_still(get_settings().home):
        return still
    asked = _due(context.instance)
    if not asked:
        return dg.SkipReason("No retrain is due.")
    trigger_id, rung = asked["trigger_id"], asked["rung"]
    if trigger_id == context.cursor:
        return dg.SkipReason(f"The retrain {trigger_id} has ended well.")
    if ended_well(context.instance, TRIGGER_TAG, trigger_id):
        return dg.SensorResult(cursor=trigger_id)
    tried = next_try(
        context.instance,
        TRIGGER_TAG,
        trigger_id,
        busy=f"A run of the retrain {trigger_id} is under way.",
        failed=f"of the retrain {trigger_id}: see their logs.",
        tags={"realty/rung": rung, "realty/trigger": asked["kind"]},
        config={"ops": op_config(rung, trigger_id)},
        keys=keys_of(rung),
    )
    if isinstance(tried, dg.RunRequest) and _under_way(context.instance):
        return dg.SkipReason("One at a time: another retrain is under way.")
    return as_result(tried)


def _under_way(instance: dg.DagsterInstance) -> bool:
    wanted = dg.RunsFilter(job_name=retrain_job.name, statuses=UNDER_WAY)
    return bool(instance.get_runs(filters=wanted, limit=1))


UNDER_WAY = [
    *(dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED),
    *(dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING),
]


def asks(look: dg.EventLogEntry) -> str:
    """The id of the retrain for which `look` (a materialization of LOOK) asks a person, else an
    empty one."""
    made = look.asset_materialization
    value = made.metadata[ASKS].value if made is not None and ASKS in made.metadata else ""
    return str(value or "")


def _due(instance: dg.DagsterInstance) -> dict[str, Any]:
    """What the newest look says is due; empty when nothing is, or nobody has looked."""
    event = instance.get_latest_materialization_event(LOOK)
    if event is None or event.asset_materialization is None:
        return {}
    told = event.asset_materialization.metadata
    value = told[DUE].value if DUE in told else None
    return dict(value) if isinstance(value, dict) else {}
