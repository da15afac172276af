"""What a person does about an alert: acknowledge, snooze, resolve. Twice is as good as once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from realty_assets.errors import RealtyError
from realty_assets.monitoring.alerting import kinds as k
from realty_assets.monitoring.alerting.book import Book
from realty_assets.monitoring.alerting.records import Alert

ACK, SNOOZE, RESOLVE = "ack", "snooze", "resolve"
STATE_OF = {ACK: k.ACKNOWLEDGED, SNOOZE: k.SNOOZED, RESOLVE: k.RESOLVED}


class BadAlertAction(RealtyError):
    """An action on an alert cannot be carried out; the message says why and what to do."""


@dataclass(frozen=True)
class Action:
    """What a person asks for: `verb` is ack, snooze or resolve; `until` a day (YYYY-MM-DD) for
    snooze alone.

    Raises BadAlertAction for an unknown verb, a blank reason or name, or a day that is none.
    """

    verb: str
    alert: str
    reason: str
    by: str
    until: str | None = None

    def __post_init__(self) -> None:
        if self.verb not in STATE_OF:
            raise BadAlertAction(f"There is no verb {self.verb!r}: {', '.join(STATE_OF)}.")
        if not self.reason.strip():
            raise BadAlertAction(f"The reason is blank: say with --reason why to {self.verb}.")
        if not self.by.strip():
            raise BadAlertAction("The name is blank: say with --by who does it.")
        if self.by.strip() == k.MONITORING:
            raise BadAlertAction(f"{k.MONITORING!r} is monitoring itself: say with --by who does.")
        if (self.until is not None) != (self.verb == SNOOZE):
            raise BadAlertAction("A day to wake on (--until) is for snooze, and needed there.")
        _ = self.day

    @property
    def day(self) -> date | None:
        try:
            return None if self.until is None else date.fromisoformat(self.until)
        except ValueError as error:
            raise BadAlertAction(
                f"{self.until!r} is no day: say --until YYYY-MM-DD, e.g. 2026-03-15."
            ) from error


def find(keys: Mapping[str, str], named: str) -> str:
    """The id of the one alert with that key, or whose id or key begins so; `keys` are those of all
    alerts by id. Raises BadAlertAction when there is none, or several."""
    found = [one for one, key in keys.items() if key == named] or sorted(
        one
        for one, key in keys.items()
        if named and (one.startswith(named) or key.startswith(named))
    )
    if not found:
        raise BadAlertAction(
            f"There is no alert {named!r}: `realty alerts list --state all` shows them."
        )
    if len(found) > 1:
        raise BadAlertAction(
            f"{len(found)} alerts begin with {named!r} ({', '.join(found[:3])}): say more of it."
        )
    return found[0]


def carry_out(book: Book, action: Action) -> Alert:
    """The alert as it now stands; `book` has an event of it when something changed.

    Raises BadAlertAction.
    """
    keys = {one: alert.key for one, alert in book.alerts.items()}
    alert = book.alerts[find(keys, action.alert)]
    wanted, until = STATE_OF[action.verb], action.day
    if (alert.state, alert.snoozed_until) == (wanted, until):
        return alert
    if alert.state == k.RESOLVED:
        raise BadAlertAction(
            f"The alert {alert.alert_id} is resolved: there is nothing to {action.verb}."
        )
    today = book.today(alert.kind)
    if until is not None and until <= today:
        raise BadAlertAction(f"{until} is not after {today}: --until says a later day.")
    fresh = replace(alert, state=wanted, snoozed_until=until)
    reason = action.reason.strip() + (f" (until {until})" if until else "")
    return book.put(fresh, wanted, reason, action.by.strip())
