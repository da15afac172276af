"""From what is out of line now to what stands: opened, raised, woken, resolved, reopened.

What a person has resolved stays so until there is news of it: another month, or worse.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from realty_assets.monitoring.alerting import kinds as k
from realty_assets.monitoring.alerting.book import Book
from realty_assets.monitoring.alerting.records import Alert, Breach

GONE = "The breach is gone."


def observe(book: Book, breaches: Sequence[Breach], looked_at: Collection[str]) -> None:
    """Brings `book` up to `breaches`, at most one of a key: all that there are now of the kinds
    that were `looked_at`. The same breaches again on the same day change nothing."""
    for breach in sorted(breaches, key=lambda one: one.key):
        alert = book.alerts.get(breach.alert_id)
        if alert is None:
            facts = _facts(book, breach)
            opened = Alert(**facts, state=k.OPEN, opened_on=book.today(breach.kind))
            book.put(opened, k.OPENED, breach.sentence)
        elif alert.state == k.RESOLVED:
            _back(book, alert, breach)
        else:
            _again(book, alert, breach)
    standing = {breach.alert_id for breach in breaches}
    for alert in sorted(book.alerts.values(), key=lambda one: one.key):
        if alert.kind in looked_at and alert.alert_id not in standing:
            _gone(book, alert)


def _back(book: Book, alert: Alert, breach: Breach) -> None:
    """The breach of a resolved alert is here: again, or still."""
    if breach.evidence != alert.evidence or _is_worse(alert, breach):
        today = book.today(breach.kind)
        fresh = replace(alert, **_facts(book, breach), state=k.OPEN, opened_on=today)
        book.put(fresh, k.REOPENED, breach.sentence)


def _again(book: Book, alert: Alert, breach: Breach) -> None:
    """The breach of an alert that is not resolved goes on."""
    until = alert.snoozed_until
    fresh = replace(alert, **{**_facts(book, breach), "snoozed_until": until})
    worse = _is_worse(alert, breach)
    over = until is not None and until <= book.today(breach.kind)
    if alert.state == k.SNOOZED and (worse or over):
        why = "It has become critical." if worse else f"It was snoozed until {until}."
        book.put(replace(fresh, state=k.OPEN, snoozed_until=None), k.WOKEN, why)
    elif worse:
        book.put(fresh, k.RAISED, breach.sentence)
    elif (breach.evidence, breach.severity) != (alert.evidence, alert.severity):
        book.put(fresh, k.SEEN, breach.sentence)
    else:
        book.change(fresh)


def _gone(book: Book, alert: Alert) -> None:
    if alert.state != k.RESOLVED:
        over = replace(alert, state=k.RESOLVED, snoozed_until=None, evidence="")
        book.put(over, k.RESOLVED, GONE)
    elif alert.evidence:
        # A person resolved it before it went: from now on it is news when it comes back.
        book.change(alert, evidence="")


def _is_worse(alert: Alert, breach: Breach) -> bool:
    return (alert.severity, breach.severity) == (k.WARN, k.CRITICAL)


def _facts(book: Book, breach: Breach) -> dict[str, Any]:
    """What an alert says because of `breach`; not its state."""
    return {
        **vars(breach),
        "alert_id": breach.alert_id,
        "last_seen_on": book.today(breach.kind),
        "owner": book.policy.owner_of(breach.kind),
        "runbook": book.policy.runbook_of(breach.kind),
        "snoozed_until": None,
    }
