"""Dagster faces of the alerts."""

# No postponed annotations here: Dagster looks at the type of `config` itself.
import os
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from realty_assets.clock import utc_now
from realty_assets.cost_days import unusual_days
from realty_assets.faces import last_materialized, record_build, result_of, specs_of
from realty_assets.failures import digest_of, failing_steps
from realty_assets.fingerprint import content_hashes, table_fingerprint
from realty_assets.monitoring.alerting import making
from realty_assets.monitoring.alerting.actions import Action
from realty_assets.monitoring.alerting.breaches import failed, spending
from realty_assets.monitoring.alerting.policy import read_policy
from realty_assets.monitoring.alerting.records import ALERTS, EVENTS
from realty_assets.today import market_today
from realty_assets.warehouse import Warehouse

# What a run of monitoring has made by the time that alerts are looked at.
FACTS = ("monitoring.drift", "monitoring.performance")
INPUTS = (*FACTS, "features.registry")


class AlertsConfig(dg.Config):
    """What one run does: look at what is out of line, or one action of a person."""

    action: dict[str, Any] = Field(
        default={}, description="verb, alert, reason, by and until of a person's action."
    )
    last_success_s: float | None = Field(
        default=None,
        description="When monitoring last ended well, seconds since 1970, by who watches it; else "
        "the time of the facts that stand.",
    )


@dg.multi_asset(
    name="alerts",
    specs=specs_of(
        {
            ALERTS: "One row per thing that was ever out of line: its state, owner and runbook.",
            EVENTS: "One row per event of an alert, and per delivery to a channel; only added.",
        },
        deps=INPUTS,
        code_version=making.CODE_VERSION,
    ),
    pool="duckdb",
)
def alerts(
    context: dg.AssetExecutionContext, config: AlertsConfig, warehouse: Warehouse
) -> Iterator[dg.MaterializeResult]:
    today, policy = market_today(warehouse), read_policy(warehouse.home)
    stood = content_hashes(warehouse, making.TABLES)
    told: dict[str, Any]
    if config.action:
        alert = making.act(warehouse, policy, today, Action(**config.action))
        told = {"alert_id": alert.alert_id, "state": alert.state}
    else:
        last = config.last_success_s
        if last is None:
            last = last_materialized(context.instance, FACTS)
        failures = failing_steps(context.instance)
        failing = [failed(one.step, one.run_id, one.n_in_a_row) for one in failures]
        # The newest day that stands out: one alert, whose evidence is the day.
        dear = [spending(day) for day in unusual_days(warehouse.home, utc_now().date())[:1]]
        machine = making.Machine(last, failing, dear)
        kept = making.keep_alerts(warehouse, policy, today, machine, os.environ)
        told = {
            "unresolved": dg.MetadataValue.json(dict(kept.unresolved)),
            "noted": dg.MetadataValue.json(dict(kept.noted)),
            making.WAITING: sum(kept.n_waiting.values()),
            making.FAILING: digest_of(failures),
        }
        for channel, n in kept.n_waiting.items():
            context.log.warning(f"{n} events wait for the channel {channel}")
    with warehouse.transaction() as tx:
        for table in making.TABLES:
            _, digest = table_fingerprint(tx.conn, table)
            record_build(tx, table, digest, digest, making.CODE_VERSION)
            yield result_of(tx.report(table), digest, stood.get(table) == digest, **told)
