"""What an alert, a breach and an event are, and the forms of the two tables."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

ALERTS, EVENTS = "monitoring.alerts", "monitoring.alert_events"
ALERT_SCHEMA: dict[str, Any] = {
    "alert_id": pl.String,
    "key": pl.String,
    "kind": pl.String,
    "severity": pl.String,
    "state": pl.String,
    "track": pl.String,
    "population": pl.String,
    "slice": pl.String,
    "feature": pl.String,
    "month": pl.Date,
    "opened_on": pl.Date,
    "last_seen_on": pl.Date,
    "n_breaches": pl.Int64,
    "value": pl.Float64,
    "threshold": pl.Float64,
    "owner": pl.String,
    "runbook": pl.String,
    "cause": pl.String,
    "sentence": pl.String,
    "snoozed_until": pl.Date,
    "evidence": pl.String,
}
EVENT_SCHEMA: dict[str, Any] = {
    "event_id": pl.String,
    "alert_id": pl.String,
    "event": pl.String,
    "noted_at": pl.Datetime("us"),
    "as_of": pl.Date,
    "acted_by": pl.String,
    "reason": pl.String,
    "due": pl.List(pl.String),
    "about": pl.String,
    "channel": pl.String,
}


@dataclass(frozen=True)
class Breach:
    """Something that is out of line now. `key` says what it is, whenever it is; `evidence` names
    what it was seen in (a month, say): another one is news."""

    key: str
    kind: str
    severity: str
    track: str
    population: str
    slice: str
    feature: str
    month: date | None
    evidence: str
    n_breaches: int
    value: float | None
    threshold: float | None
    cause: str
    sentence: str

    @property
    def alert_id(self) -> str:
        """One alert per key for ever: what comes back is the same alert, reopened."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Alert:
    """A row of monitoring.alerts. `evidence` is empty once the breach has gone."""

    alert_id: str
    key: str
    kind: str
    severity: str
    state: str
    track: str
    population: str
    slice: str
    feature: str
    month: date | None
    opened_on: date
    last_seen_on: date
    n_breaches: int
    value: float | None
    threshold: float | None
    owner: str
    runbook: str
    cause: str
    sentence: str
    snoozed_until: date | None
    evidence: str


@dataclass(frozen=True)
class Event:
    """A row of monitoring.alert_events. `due` names the channels that are to be told, decided when
    it was noted; `sent` and `send_failed` say of which event (`about`) and on which channel."""

    event_id: str
    alert_id: str
    event: str
    noted_at: datetime
    as_of: date
    acted_by: str
    reason: str
    due: list[str] = field(default_factory=list)
    about: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Clocks:
    """Which day it is: for what the data say, the market's; for what this machine does, and for the
    time of an event, the wall clock's (UTC)."""

    market: date
    now: datetime


def alerts_frame(alerts: list[Alert]) -> pl.DataFrame:
    rows = pl.DataFrame([vars(one) for one in alerts], schema=ALERT_SCHEMA, orient="row")
    return rows.sort("key")


def events_frame(events: list[Event]) -> pl.DataFrame:
    return pl.DataFrame([vars(one) for one in events], schema=EVENT_SCHEMA, orient="row")
