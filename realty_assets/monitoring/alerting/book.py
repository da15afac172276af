"""Alerts and their events while something is done to them: no state changes without an event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from realty_assets.monitoring.alerting.kinds import CHANNEL, MONITORING, OF_THE_DATA, TOLD
from realty_assets.monitoring.alerting.policy import Policy
from realty_assets.monitoring.alerting.records import (
    Alert,
    Clocks,
    Event,
    alerts_frame,
    events_frame,
)


class Book:
    """The alerts as they stand, the events that somebody has still to be told of (`events`, with
    the attempts), and those that are `new` since it was opened.

    `counted` has alert_id, n_events and newest (a day) of all events that there ever were.
    """

    def __init__(
        self,
        alerts: pl.DataFrame,
        events: pl.DataFrame,
        counted: pl.DataFrame,
        policy: Policy,
        clocks: Clocks,
    ) -> None:
        self.policy, self.clocks = policy, clocks
        self.alerts = {row["alert_id"]: Alert(**row) for row in alerts.iter_rows(named=True)}
        self.old = [Event(**row) for row in events.iter_rows(named=True)]
        self.new: list[Event] = []
        told = counted.select("alert_id", "n_events", "newest").rows()
        self._counts = Counter({alert_id: n for alert_id, n, _ in told})
        self.newest: dict[str, date] = {alert_id: day for alert_id, _, day in told}

    @property
    def events(self) -> list[Event]:
        return [*self.old, *self.new]

    def today(self, kind: str) -> date:
        return self.clocks.market if kind in OF_THE_DATA else self.clocks.now.date()

    def put(self, alert: Alert, event: str, reason: str, by: str = MONITORING) -> Alert:
        """`alert` as it now stands, with the event that made it so."""
        self.alerts[alert.alert_id] = alert
        due = self._channels(alert) if by == MONITORING and event in TOLD else []
        self._note(alert, event, reason, by, due=due)
        return alert

    def change(self, alert: Alert, **more: Any) -> None:
        """Other facts in the same state."""
        assert "state" not in more
        self.alerts[alert.alert_id] = replace(alert, **more)

    def note_sending(self, about: Event, event: str, channel: str, reason: str) -> None:
        alert = self.alerts[about.alert_id]
        self._note(alert, event, reason, MONITORING, about=about.event_id, channel=channel)

    def alerts_frame(self) -> pl.DataFrame:
        return alerts_frame(list(self.alerts.values()))

    def new_frame(self) -> pl.DataFrame:
        return events_frame(self.new)

    def _channels(self, alert: Alert) -> list[str]:
        """Who is to be told; a channel cannot tell of its own failure."""
        own = alert.feature if alert.kind == CHANNEL else None
        channels = self.policy.channels.by_name
        return [n for n, one in channels.items() if n != own and one.takes(alert.severity)]

    def _note(
        self,
        alert: Alert,
        event: str,
        reason: str,
        by: str,
        due: Sequence[str] = (),
        about: str | None = None,
        channel: str | None = None,
    ) -> None:
        self._counts[alert.alert_id] += 1
        self.new.append(
            Event(
                event_id=f"{alert.alert_id}-{self._counts[alert.alert_id]:04d}",
                alert_id=alert.alert_id,
                event=event,
                noted_at=self.clocks.now,
                as_of=self.today(alert.kind),
                acted_by=by,
                reason=reason,
                due=list(due),
                about=about,
                channel=channel,
            )
        )
