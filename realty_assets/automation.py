"""What happens by itself: the sensors on the inbox and on new models, what follows from new
data, the monthly upkeep, and the watch over alerts.

Pure of the warehouse: a sensor never opens it. What each rule may do is listed in docs/charter.md.
"""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from realty_assets.at_rest import why_still
from realty_assets.challengers import MODELS, challenger_sensor, promotion_job
from realty_assets.clock import utc_now
from realty_assets.faces import last_materialized
from realty_assets.failures import digest_of, failing_steps
from realty_assets.ingestion.inbox import pending
from realty_assets.monitoring.alerting.breaches import stopped
from realty_assets.monitoring.alerting.making import FAILING, WAITING
from realty_assets.monitoring.alerting.policy import read_policy
from realty_assets.monitoring.alerting.records import ALERTS, EVENTS
from realty_assets.operations.home_files import BACKUPS
from realty_assets.operations_jobs import OPERATIONS_JOBS
from realty_assets.retraining_watch import LOOK, asks, look_job, retrain_job, retraining_sensor
from realty_assets.settings import get_settings
from realty_assets.tries import as_result, next_try

STATE_TAG = "realty/inbox_state"  # state of the inbox that a run was started for
# What monitoring ends with, when it ends well.
MONITORED = ("monitoring.drift", "monitoring.performance", "monitoring.days")
WATCH_TAG = "realty/alerts_state"
# Rooms whose tables follow new data at once. Models do not: they wait for the retraining loop.
FOLLOWING_GROUPS = (
    *("exploration", "publishing", "cleaning", "features", "multimodal"),
    *("serving", "monitoring", "retraining"),
)


def follows_new_data() -> dg.AutomationCondition:
    """Requested when a table it is made from got a new data version and its blocking checks passed.

    `eager()` would also fire on a re-materialization that changed nothing. A failed run loses the
    signal (the next one comes with the next data), so the monthly upkeep goes over all of it.
    """
    return (
        dg.AutomationCondition.any_deps_match(
            dg.AutomationCondition.data_version_changed()
            | dg.AutomationCondition.will_be_requested()
        ).since_last_handled()
        & dg.AutomationCondition.all_deps_blocking_checks_passed()
        & ~dg.AutomationCondition.any_deps_missing()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("follows_new_data")


ingest_job = dg.define_asset_job(
    "ingest",
    selection=dg.AssetSelection.groups("ingestion"),
    description="Takes what stands in the inbox into staging.",
)
all_job = dg.define_asset_job(
    "all",
    selection=dg.AssetSelection.all(),
    description="Everything, in order; what has not changed is reused.",
)
upkeep_job = dg.define_asset_job(
    "upkeep",
    selection=dg.AssetSelection.groups(*FOLLOWING_GROUPS, "promotion"),
    description="What follows new data, and the gate; what has not changed is reused.",
)
# Not "backtest": that is the name of its op, and Dagster wants names to differ.
backtest_job = dg.define_asset_job(
    "backtest_window",
    selection=dg.AssetSelection.assets(
        ["modeling", "predictions"], ["modeling", "backtests"], ["modeling", "openings"]
    ),
    description="Rolling-origin backtest of a window of months.",
)
evaluate_job = dg.define_asset_job(
    "evaluate",
    selection=dg.AssetSelection.assets(
        *(["modeling", name] for name in ("baselines", "baseline_values")),
        *(["modeling", f"evaluation_{name}"] for name in ("segments", "ratio_studies")),
        *(["modeling", f"evaluation_{name}"] for name in ("splits", "rivals")),
        ["serving", "evaluation_reports"],
    ),
    description="Honest evaluation of the backtests: baselines, splits, segments, rivals.",
)

alerts_job = dg.define_asset_job(
    "tell_alerts",
    selection=dg.AssetSelection.assets(ALERTS.split("."), EVENTS.split(".")),
    description="Looks at what is out of line, and tells the channels what they were not told.",
)


def quiet_files(home: Path, quiet_s: float, now: float) -> list[tuple[str, int, int]]:
    """(path in the inbox, inode, ctime in ns) of waiting files that have stopped growing.

    The two change whenever a file is put there, also one with an old modification time.
    """
    found = []
    for path in pending(home):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        if now - stat.st_mtime >= quiet_s:
            name = str(path.relative_to(home / "inbox"))
            found.append((name, stat.st_ino, stat.st_ctime_ns))
    return found


@dg.sensor(
    job=ingest_job,
    name="inbox",
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts an ingestion run when files stand in the inbox and have stopped growing.",
)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    settings = get_settings()
    if still := why_still(settings.home):
        return still
    files = quiet_files(settings.home, settings.inbox_quiet_s, time.time())
    if not files:
        return dg.SkipReason("The inbox is empty, or what stands in it is still growing.")
    state = hashlib.sha256(repr(files).encode()).hexdigest()[:24]
    names = ", ".join(name for name, _, _ in files[:5])
    return as_result(
        next_try(
            context.instance,
            STATE_TAG,
            state,
            busy="A run is taking in what stands in the inbox.",
            failed="on what stands in the inbox: see their logs, then touch a file to try again.",
            tags={"realty/inbox": names[:200]},
        )
    )


@dg.sensor(
    job=alerts_job,
    name="alerts_watch",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of a monitoring that has stopped, and of steps that fail, at once; tries "
    "channels that failed again.",
)
def alerts_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Also while automation is paused: it changes no value, and a pause is when nobody looks."""
    instance = context.instance
    last = last_materialized(instance, MONITORED)
    state = _reason_to_look(instance, last)
    if state is None:
        return dg.SkipReason("There is nothing to tell that has not been told.")
    there = f"There is a run for {state}."
    return as_result(
        next_try(
            instance,
            WATCH_TAG,
            state,
            busy=there,
            done=there,
            failed=f"for {state}: see their logs.",
            config={"ops": {"alerts": {"config": {"last_success_s": last}}}},
        )
    )


def _reason_to_look(instance: dg.DagsterInstance, last_success_s: float | None) -> str | None:
    """Why alerts are to be looked at though no monitoring has run, as a name that stays the same
    while there is nothing new: once a day while monitoring has stopped, once for other failures of
    steps than at the last look, once an hour while events wait for a channel, once for a retrain
    that asks a person."""
    now = utc_now()
    if stopped(last_success_s, now, read_policy(get_settings().home)):
        return f"stopped-{last_success_s:.0f}-{now:%Y-%m-%d}"
    made = instance.get_latest_materialization_event(dg.AssetKey(ALERTS.split(".")))
    if made is None or made.asset_materialization is None:
        return None
    told = made.asset_materialization.metadata
    # What is done by hand tells nothing of these.
    if FAILING in told and told[FAILING].value != (failing := digest_of(failing_steps(instance))):
        return f"failed-{failing}-{made.timestamp:.0f}"
    if WAITING in told and told[WAITING].value:
        return f"unsent-{now:%Y-%m-%d-%H}"
    # Looks come after alerts: monitoring is what they look at.
    look = instance.get_latest_materialization_event(LOOK)
    if look is not None and look.timestamp > made.timestamp and (asking := asks(look)):
        return f"asks-{asking}"
    return None


@dg.schedule(
    job=upkeep_job,
    name="monthly_upkeep",
    cron_schedule="0 3 2 * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="On the second of each month: makes good what a failed run lost, judges, and asks "
    "whether the champion is older than the retraining policy lets it be. Trains nothing itself.",
)
def monthly_upkeep(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    if still := why_still(get_settings().home):
        return still
    if context.instance.get_latest_materialization_event(MODELS) is None:
        return dg.SkipReason("No model has been made in this home yet: `realty run all`.")
    at = context.scheduled_execution_time
    return dg.RunRequest(
        run_key=f"monthly_upkeep-{at:%Y-%m}",
        run_config={"ops": {"retraining": {"config": {"calendar": True}}}},
        tags={"realty/trigger": "monthly_upkeep"},
    )


def _keeping(
    context: dg.ScheduleEvaluationContext, schedule: str, config: dict[str, Any]
) -> dg.RunRequest | dg.SkipReason:
    """The run that a schedule of the operations room asks for; none while automation rests."""
    if still := why_still(get_settings().home):
        return still
    at = context.scheduled_execution_time
    return dg.RunRequest(
        run_key=f"{schedule}-{at:%Y-%m-%d}",
        run_config={"ops": {"operations": {"config": config}}},
        tags={"realty/trigger": schedule},
    )


# These two take room on the disk, or give it back: a person starts them in the UI.
@dg.schedule(
    job=OPERATIONS_JOBS["backup"],
    name="daily_backup",
    cron_schedule="30 2 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Makes a backup below the home's backups/ every night.",
)
def daily_backup(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    folder = str(get_settings().home / BACKUPS)
    asked = {"folder": folder, "reason": "every night", "by": "daily_backup"}
    return _keeping(context, "daily_backup", {"backup": asked})


@dg.schedule(
    job=OPERATIONS_JOBS["retain"],
    name="weekly_retain",
    cron_schedule="30 4 * * 0",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Lets go of what the retention policy does not keep, every Sunday.",
)
def weekly_retain(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    asked = {"reason": "every week", "by": "weekly_retain"}
    return _keeping(context, "weekly_retain", {"retain": asked})


class FollowSensor(dg.AutomationConditionSensorDefinition):
    """Skips while automation is paused; what came meanwhile is followed once it is resumed.

    Evaluated where the code runs: Dagster's daemon, which does it otherwise, knows of no switch.
    """

    def evaluate_tick(self, context: dg.SensorEvaluationContext) -> Any:
        if still := why_still(get_settings().home):
            rests = dg.SensorDefinition(name=self.name, evaluation_fn=lambda _: still)
            return rests.evaluate_tick(context)
        return super().evaluate_tick(context)


with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    follow_sensor = FollowSensor(
        "follow_new_data",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=10,
        use_user_code_server=True,
    )

jobs = [
    *(ingest_job, all_job, backtest_job, evaluate_job, promotion_job, alerts_job),
    *(upkeep_job, look_job, retrain_job),
    *OPERATIONS_JOBS.values(),
]
sensors: Sequence[dg.SensorDefinition] = [
    *(inbox_sensor, follow_sensor, challenger_sensor, alerts_sensor, retraining_sensor),
]
schedules = [monthly_upkeep, daily_backup, weekly_retain]
