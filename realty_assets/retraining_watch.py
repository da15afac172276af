"""What starts retrains: the sensor on what was decided, and a calendar that asks for a look.

The decision is made where the tables are (the asset retraining.triggers, which follows new data).
The sensor reads the event log alone: the newest look tells which retrain is due. It asks for one
run of it, again when one has failed, three times in all. Its cursor is the trigger that has ended
well.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from realty_assets.at_rest import why_still
from realty_assets.retraining.assets import DUE, TRIGGER_TAG, tried_of
from realty_assets.retraining.ladder import ALL_TABLES, TABLES, op_config
from realty_assets.retraining.records import TRIGGERS
from realty_assets.settings import get_settings

LOOK = dg.AssetKey(TRIGGERS.split("."))

look_job = dg.define_asset_job(
    "retraining_look",
    selection=dg.AssetSelection.assets(LOOK),
    description="Looks at every trigger of a retrain; asks for one by hand, or by the calendar.",
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
    runs = context.instance.get_runs(filters=dg.RunsFilter(tags={TRIGGER_TAG: trigger_id}))
    seen = tried_of(runs)
    if seen.run_id is not None:
        return dg.SensorResult(cursor=trigger_id)
    if seen.open:
        return dg.SkipReason(f"A run of the retrain {trigger_id} is under way.")
    if seen.failed:
        return dg.SkipReason(
            f"{len(runs)} runs of the retrain {trigger_id} failed: see their logs."
        )
    others = context.instance.get_runs(
        filters=dg.RunsFilter(job_name=retrain_job.name, statuses=UNDER_WAY), limit=1
    )
    if others:
        return dg.SkipReason("One at a time: another retrain is under way.")
    # Dagster never starts a second run of one key, even when the first one failed.
    request = dg.RunRequest(
        run_key=f"{trigger_id}-{len(runs)}",
        asset_selection=keys_of(rung),
        run_config={"ops": op_config(rung, trigger_id)},
        tags={TRIGGER_TAG: trigger_id, "realty/rung": rung, "realty/trigger": asked["kind"]},
    )
    return dg.SensorResult(run_requests=[request])


UNDER_WAY = [
    *(dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED),
    *(dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING),
]


def _due(instance: dg.DagsterInstance) -> dict[str, Any]:
    """What the newest look says is due; empty when nothing is, or nobody has looked."""
    event = instance.get_latest_materialization_event(LOOK)
    if event is None or event.asset_materialization is None:
        return {}
    told = event.asset_materialization.metadata
    value = told[DUE].value if DUE in told else None
    return dict(value) if isinstance(value, dict) else {}


@dg.schedule(
    job=look_job,
    name="retrain_by_calendar",
    cron_schedule="0 4 3 * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="On the third of each month: is the champion older than the retraining policy "
    "lets it be? What it asks for passes the same guards.",
)
def retrain_by_calendar(
    context: dg.ScheduleEvaluationContext,
) -> dg.RunRequest | dg.SkipReason:
    if still := why_still(get_settings().home):
        return still
    at = context.scheduled_execution_time
    return dg.RunRequest(
        run_key=f"retrain_by_calendar-{at:%Y-%m-%d}",
        run_config={"ops": {"retraining": {"config": {"calendar": True}}}},
        tags={"realty/trigger": "retrain_by_calendar"},
    )
