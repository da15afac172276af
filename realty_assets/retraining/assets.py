"""Dagster faces of the retraining room."""

# No postponed annotations here: Dagster looks at the type of `context` itself.
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from realty_assets.faces import built, result_of, specs_of
from realty_assets.features.tracks import MATRICES
from realty_assets.fingerprint import table_fingerprint
from realty_assets.modeling.assets import model_home
from realty_assets.modeling.markets import INPUTS
from realty_assets.retraining import looking, making
from realty_assets.retraining.champion_months import CODE_VERSION, TABLE
from realty_assets.retraining.deciding import FIRED, Hand
from realty_assets.retraining.loop_report import write_reports
from realty_assets.retraining.policy import read_policy
from realty_assets.retraining.records import TRIGGERS, Tried, asked_of_a_person, due, without_run
from realty_assets.tries import MOST_TRIES
from realty_assets.warehouse import Warehouse

# On every run for a trigger, by whomever it was started.
TRIGGER_TAG = "realty/retrain_trigger"
# In the metadata of a look: what automation has decided on and no run has ended; empty: nothing.
DUE = "due"
# The same: the retrain for which a person is asked; empty: none.
ASKS = "asks"
MONTHS_INPUTS = [*INPUTS, "modeling.models", "modeling.predictions", "promotion.aliases"]
LOOKS_AT = ["promotion.decisions", "monitoring.drift", "monitoring.alerts", *MATRICES.values()]


class RetrainingConfig(dg.Config):
    """What one look is asked besides: nothing, the calendar, or a retrain by hand."""

    trigger_id: str = Field("", description="The trigger that this run is for.")
    calendar: bool = Field(False, description="Whether the calendar trigger is asked, too.")
    asked: dict[str, Any] = Field(
        default={}, description="rung, reason and by of a retrain to make; the sensor starts it."
    )


@dg.asset(
    key=TABLE.split("."),
    deps=[name.split(".") for name in MONTHS_INPUTS],
    group_name="retraining",
    owners=["team:data"],
    kinds={"duckdb", "xgboost"},
    code_version=CODE_VERSION,
    pool="duckdb",
    description="How right each champion has been since it was made, frozen, month by month.",
)
def champion_months(warehouse: Warehouse) -> dg.MaterializeResult:
    home = model_home(warehouse)
    return built(
        warehouse,
        TABLE,
        inputs=MONTHS_INPUTS,
        code_version=CODE_VERSION,
        settings=home.depends(),
        compute=lambda: looking.months_of_champions(home),
    )


@dg.multi_asset(
    name="retraining",
    specs=specs_of(
        {
            TRIGGERS: "Every trigger of a retrain that was looked at, fired or not; its outcome.",
        },
        deps=[TABLE, *LOOKS_AT],
        code_version="1",
    ),
    pool="duckdb",
)
def retraining(
    context: dg.AssetExecutionContext, config: RetrainingConfig, warehouse: Warehouse
) -> Iterator[dg.MaterializeResult]:
    hand = Hand(**config.asked) if config.asked else None
    ask = making.Ask(hand, config.calendar)
    before = making.triggers(warehouse)
    seen = making.look(
        model_home(warehouse),
        read_policy(warehouse.home),
        tried(context.instance, context.run_id, before, config.trigger_id),
        ask,
    )
    with warehouse.transaction() as tx:
        report = tx.replace(TRIGGERS, seen.table)
        _, digest = table_fingerprint(tx.conn, TRIGGERS)
    write_reports(warehouse, seen.table)
    asked = due(seen.table)
    fired = sum(row["decision"] == FIRED for row in seen.rows)
    yield result_of(
        report,
        digest,
        seen.table.equals(before),
        **{DUE: dg.MetadataValue.json(asked or {})},
        **{ASKS: asked_of_a_person(seen.table)},
        n_looked_at=len(seen.rows),
        n_fired=fired,
    )


def tried(
    instance: dg.DagsterInstance, run_id: str | None, table: pl.DataFrame, here: str
) -> dict[str, Tried]:
    """What the runs of each trigger came to that no run has ended yet; `run_id` is the run for the
    trigger `here`, and ends with this look."""
    found = {}
    for trigger_id in without_run(table)["trigger_id"]:
        runs = instance.get_runs(filters=dg.RunsFilter(tags={TRIGGER_TAG: trigger_id}))
        found[trigger_id] = Tried(run_id) if trigger_id == here else tried_of(runs)
    return found


def tried_of(runs: Sequence[dg.DagsterRun]) -> Tried:
    """What `runs` of one trigger came to."""
    if done := [run.run_id for run in runs if run.is_success]:
        return Tried(done[0])
    if any(not run.is_finished for run in runs):
        return Tried(open=True)
    return Tried(failed=len(runs) >= MOST_TRIES)
