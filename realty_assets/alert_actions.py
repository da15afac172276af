"""What `realty alerts` does; every function returns what there is to print.

An action is a run of the home's Dagster instance, so that the event log has it with the new data
versions. Dagster is imported inside, as in cli_actions.
"""

from __future__ import annotations

import os
from typing import Any

from realty_assets import cli_actions
from realty_assets.cli_output import Progress

Report = dict[str, Any]
UNRESOLVED, EVERY = "unresolved", "all"


def listed(state: str, kind: str | None) -> Report:
    """Alerts in that state, the most urgent first."""
    from realty_assets.monitoring.alerting.kinds import RESOLVED, RUNBOOKS, STATES
    from realty_assets.monitoring.alerting.records import ALERTS

    if state not in (UNRESOLVED, EVERY, *STATES):
        raise cli_actions.BadRequest(
            f"There is no state {state!r}: {UNRESOLVED}, {EVERY}, {', '.join(STATES)}."
        )
    if kind is not None and kind not in RUNBOOKS:
        raise cli_actions.BadRequest(f"There is no kind {kind!r}: {', '.join(RUNBOOKS)}.")
    rows = [
        row
        for row in _warehouse().read(ALERTS).sort("severity", "opened_on", "key").to_dicts()
        if (kind is None or row["kind"] == kind)
        and (state in (EVERY, row["state"]) or (state == UNRESOLVED and row["state"] != RESOLVED))
    ]
    return {"n_alerts": len(rows), "alerts": rows}


def shown(named: str) -> Report:
    """One alert and its events, oldest first."""
    import polars as pl

    from realty_assets.monitoring.alerting.actions import find
    from realty_assets.monitoring.alerting.records import ALERTS, EVENTS

    warehouse = _warehouse()
    alerts, events = warehouse.read(ALERTS), warehouse.read(EVENTS)
    alert_id = find(dict(alerts.select("alert_id", "key").iter_rows()), named)
    mine = pl.col("alert_id") == alert_id
    return {
        **alerts.row(by_predicate=mine, named=True),
        "events": events.filter(mine).sort("event_id").to_dicts(),
    }


def act(
    verb: str, alert: str, reason: str, by: str | None, until: str | None, progress: Progress
) -> Report:
    """Carries an action out as a run; done already, it is not run again."""
    import dagster as dg

    from realty_assets.cli_decisions import user
    from realty_assets.clock import utc_now
    from realty_assets.monitoring.alerting import making
    from realty_assets.monitoring.alerting.actions import Action, carry_out
    from realty_assets.monitoring.alerting.policy import read_policy
    from realty_assets.monitoring.alerting.records import Clocks
    from realty_assets.today import market_today

    asked = {"verb": verb, "alert": alert, "reason": reason}
    asked["by"] = by if by is not None else user()
    if until is not None:
        asked["until"] = until
    action = Action(**asked)
    warehouse = _warehouse()
    today, policy = market_today(warehouse), read_policy(warehouse.home)
    with warehouse.transaction() as tx:
        # Raises what the run would, before there is one.
        book = making.open_book(tx, policy, Clocks(today, utc_now()))
        row = carry_out(book, action)
    told = {name: getattr(row, name) for name in ("alert_id", "kind", "state", "snoozed_until")}
    if not book.new:
        return {"run_id": None, **told, "already": True}
    done = cli_actions._execute(
        "all",
        progress,
        title=verb,
        keys=[dg.AssetKey(table.split(".")) for table in making.TABLES],
        ops={"alerts": {"config": {"action": {**asked, "alert": row.alert_id}}}},
    )
    return {"run_id": done.run_id, **told, "already": False}


def try_channels() -> Report:
    """Sends a test message on each channel of the home; notes nothing."""
    from realty_assets.monitoring.alerting.channels import ChannelFailed, senders
    from realty_assets.monitoring.alerting.messages import trial_message
    from realty_assets.monitoring.alerting.policy import read_policy

    home = cli_actions._home().home
    rows = []
    for name, send in senders(read_policy(home), home, os.environ).items():
        try:
            rows.append(
                {"channel": name, "state": "sent", "detail": send(trial_message(home.name))}
            )
        except ChannelFailed as error:
            rows.append({"channel": name, "state": "failed", "detail": str(error)})
    return {"n_channels": len(rows), "channels": rows}


def _warehouse() -> Any:
    from realty_assets.monitoring.alerting.making import TABLES
    from realty_assets.warehouse import WarehouseMissing

    cli_actions._home()
    warehouse = cli_actions._warehouse()
    if not all(warehouse.exists(table) for table in TABLES):
        raise WarehouseMissing("Nothing has been monitored in this home yet: `realty run all`.")
    return warehouse
