"""`realty alerts`: what stands out and waits for somebody, and what is done about it."""

from __future__ import annotations

from typing import Annotated

import typer

from realty_assets import alert_actions as actions
from realty_assets import cli_output as out

app = typer.Typer(
    name="alerts",
    no_args_is_help=True,
    help="What stands out and waits for somebody: list, show, ack, snooze, resolve, test.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Id = Annotated[str, typer.Argument(help="An alert by its id or its key, or how that begins.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the alert.")]
By = Annotated[str | None, typer.Option("--by", help="Who does it (default: the user).")]
# What fits a terminal; --json has all.
COLUMNS = ("alert_id", "severity", "state", "kind", "opened_on", "n_breaches", "owner", "cause")
EVENT_COLUMNS = ("noted_at", "event", "acted_by", "channel", "reason")


@app.command("list")
def list_alerts(
    state: Annotated[
        str, typer.Option("--state", help="unresolved, all, or one of the four states.")
    ] = "unresolved",
    kind: Annotated[str | None, typer.Option("--kind", help="Of this kind alone.")] = None,
    as_json: Json = False,
) -> None:
    """Alerts, the most urgent first."""
    out.show(actions.listed(state, kind), as_json, {"alerts": COLUMNS})


@app.command()
def show(alert: Id, as_json: Json = False) -> None:
    """Everything about one alert: what, since when, likely cause, runbook, and its history."""
    out.show(actions.shown(alert), as_json, {"events": EVENT_COLUMNS})


@app.command()
def ack(alert: Id, reason: Reason, by: By = None, as_json: Json = False) -> None:
    """Say that somebody sees to it; it stays until the breach is gone."""
    out.show(actions.act("ack", alert, reason, by, None, out.progress), as_json)


@app.command()
def snooze(
    alert: Id,
    until: Annotated[str, typer.Option("--until", help="The day to wake on, YYYY-MM-DD.")],
    reason: Reason,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Put it away until a day; it wakes at once when it becomes critical."""
    out.show(actions.act("snooze", alert, reason, by, until, out.progress), as_json)


@app.command()
def resolve(alert: Id, reason: Reason, by: By = None, as_json: Json = False) -> None:
    """Close it; it comes back when there is news of it. What is mended resolves by itself."""
    out.show(actions.act("resolve", alert, reason, by, None, out.progress), as_json)


@app.command("test")
def try_channels(as_json: Json = False) -> None:
    """Send a test message on each channel, and say what came of it."""
    told = actions.try_channels()
    out.show(told, as_json)
    if any(row["state"] == "failed" for row in told["channels"]):
        raise typer.Exit(1)
