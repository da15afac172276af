"""What channels say: one message for some events, the same however it is sent."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realty_assets.monitoring.alerting import kinds as k
from realty_assets.monitoring.alerting.records import Alert, Event

FORM = "realty-alerts/1"
SAID = (
    *("alert_id", "key", "kind", "severity", "state", "track", "population", "slice", "feature"),
    *("month", "opened_on", "n_breaches", "value", "threshold", "owner", "runbook", "cause"),
    "sentence",
)


@dataclass(frozen=True)
class Message:
    """`message_id` is that of its events: what is sent twice can be told by it."""

    message_id: str
    subject: str
    text: str
    body: Mapping[str, Any]


def message(home: str, told: Sequence[tuple[Event, Alert]]) -> Message:
    """A message about events, each with its alert as it now stands; `home` is a name."""
    ordered = sorted(told, key=lambda one: (one[1].severity, one[0].event, one[1].key))
    names = "\n".join(event.event_id for event, _ in ordered)
    n_critical = sum(alert.severity == k.CRITICAL for _, alert in ordered)
    counted = Counter(event.event for event, _ in ordered)
    counts = ", ".join(f"{n} {name}" for name, n in sorted(counted.items()))
    urgent = f", {n_critical} critical" if n_critical else ""
    subject = f"[realty {home}] alerts: {counts}{urgent}"
    return Message(
        message_id=hashlib.sha256(names.encode()).hexdigest()[:32],
        subject=_line(subject),
        text="\n\n".join(_paragraph(event, alert) for event, alert in ordered) + "\n",
        body=_body(home, subject, [_told(event, alert) for event, alert in ordered]),
    )


def trial_message(home: str) -> Message:
    """What `realty alerts test` sends."""
    subject = f"[realty {home}] alerts: a test"
    text = "This channel works: alerts of this home are told of here.\n"
    digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
    return Message(digest, _line(subject), text, _body(home, subject, []))


def _body(home: str, subject: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    # `text` is what chat services show of a posted message.
    return {"form": FORM, "home": home, "text": subject, "events": events}


def _told(event: Event, alert: Alert) -> dict[str, Any]:
    said = {name: getattr(alert, name) for name in SAID}
    said |= {name: str(said[name]) for name in ("month", "opened_on") if said[name] is not None}
    return {"event_id": event.event_id, "event": event.event, "as_of": str(event.as_of), **said}


def _paragraph(event: Event, alert: Alert) -> str:
    return "\n".join(
        (
            f"{alert.severity.upper()} {event.event}: {_line(alert.sentence)}",
            f"  Likely cause: {_line(alert.cause)}",
            f"  Owner: {alert.owner}. Runbook: {alert.runbook}",
            f"  realty alerts ack {alert.alert_id} --reason ...",
        )
    )


def _line(text: str) -> str:
    return " ".join(text.split())
