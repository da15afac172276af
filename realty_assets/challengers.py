"""The sensor on newly registered models: the gate judges each, whoever trained it.

It looks at the event log alone: the newest materialization of modeling.models, and whether the room
of promotion has judged since. Only the newest counts, however long the sensor was stopped. Its
cursor is the data version that has been judged.
"""

from __future__ import annotations

import dagster as dg

from realty_assets.at_rest import why_still
from realty_assets.settings import get_settings
from realty_assets.tries import as_result, next_try

MODELS, DECISIONS = dg.AssetKey(["modeling", "models"]), dg.AssetKey(["promotion", "decisions"])
MODELS_TAG = "realty/models_version"  # data version of modeling.models that a run was started for
# Metadata of a materialization that was a person's action: it judged nothing.
ACTION = "decision"

promotion_job = dg.define_asset_job(
    "promotion_gate",
    selection=dg.AssetSelection.groups("promotion"),
    description="Judges the newest models; a verdict of promote waits for approval as a row.",
)


@dg.sensor(
    job=promotion_job,
    name="new_challengers",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a run of the gate when a model was registered that it has not judged.",
)
def challenger_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    if still := why_still(get_settings().home):
        return still
    instance = context.instance
    newest = _newest(instance, MODELS)
    if newest is None:
        return dg.SkipReason("No model has been registered yet.")
    version = _version(newest)
    if version == context.cursor:
        return dg.SkipReason("The newest models have been judged.")
    maker = instance.get_run_by_id(newest.run_id)
    if maker is not None and not maker.is_finished:
        return dg.SkipReason(
            "The run that registered the newest models goes on: it may judge them."
        )
    if _judged_since(instance, newest):
        return dg.SensorResult(cursor=version)
    return as_result(
        next_try(
            instance,
            MODELS_TAG,
            version,
            busy="A run is judging the newest models.",
            failed="to judge the newest models: see their logs, then `realty run promotion`.",
        )
    )


def _newest(instance: dg.DagsterInstance, key: dg.AssetKey) -> dg.EventLogRecord | None:
    records = instance.fetch_materializations(key, limit=1).records
    return records[0] if records else None


def _version(record: dg.EventLogRecord) -> str:
    """The data version of a materialization; its place in the log where it has none."""
    made = record.asset_materialization
    tags = made.tags if made is not None and made.tags else {}
    return tags.get("dagster/data_version", str(record.storage_id))


def _judged_since(instance: dg.DagsterInstance, models: dg.EventLogRecord) -> bool:
    """Was the gate itself run after `models` were registered?"""
    last = _newest(instance, DECISIONS)
    if last is None or last.storage_id < models.storage_id or last.asset_materialization is None:
        return False
    return ACTION not in last.asset_materialization.metadata
