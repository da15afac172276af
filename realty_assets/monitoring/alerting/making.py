"""The alerts of a home: brought up to what is out of line now, and told on its channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.monitoring.alerting import kinds as k
from realty_assets.monitoring.alerting.actions import Action, carry_out
from realty_assets.monitoring.alerting.book import Book
from realty_assets.monitoring.alerting.breaches import asks_a_person, breaches_of, stopped
from realty_assets.monitoring.alerting.channels import senders
from realty_assets.monitoring.alerting.lifecycle import observe
from realty_assets.monitoring.alerting.outbox import deliver, note, waiting
from realty_assets.monitoring.alerting.policy import Policy
from realty_assets.monitoring.alerting.records import (
    ALERT_SCHEMA,
    ALERTS,
    EVENT_SCHEMA,
    EVENTS,
    Alert,
    Breach,
    Clocks,
)
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

CODE_VERSION = "1"
TABLES = (ALERTS, EVENTS)
# Metadata of a run: how many events wait for a channel that failed, and which steps fail.
WAITING, FAILING = "n_waiting", "failing"
# A channel that fails in the first round is told of in the second, on the others.
ROUNDS = 2


@dataclass(frozen=True)
class Machine:
    """What the machine says: when monitoring last ended well (seconds since 1970; None: never), the
    breaches of steps that fail, and those of days that cost far more than usual."""

    last_success_s: float | None = None
    failing: Sequence[Breach] = ()
    spending: Sequence[Breach] = ()


@dataclass(frozen=True)
class Kept:
    """What a run left: unresolved alerts by severity, events of this run by name, events that still
    wait by channel."""

    unresolved: Mapping[str, int]
    noted: Mapping[str, int]
    n_waiting: Mapping[str, int]


def keep_alerts(
    warehouse: Warehouse,
    policy: Policy,
    today: date,
    machine: Machine,
    environ: Mapping[str, str],
    now: Callable[[], datetime] = utc_now,
) -> Kept:
    """Brings both tables up to the facts as of `today`, and tells what is to be told.

    A run as of an earlier day than one before leaves the alerts of the data alone. A channel that
    fails is noted, not raised.
    """
    facts = gather(warehouse, today)
    noted: Counter[str] = Counter()
    with warehouse.transaction() as tx:
        book = open_book(tx, policy, Clocks(today, now()))
        found = stopped(machine.last_success_s, book.clocks.now, policy)
        asking = map(asks_a_person, facts["asking"])
        found = [*found, *machine.failing, *machine.spending, *asking]
        kinds = {k.STOPPED, k.FAILED, k.COST, k.RETRAIN}
        if not _is_past(book, today):
            found, kinds = found + breaches_of(facts, policy), kinds | k.OF_THE_DATA
        observe(book, found, kinds)
        write(tx, book)
    noted.update(event.event for event in book.new)
    by_name = senders(policy, warehouse.home, environ)
    failing: dict[str, str] = {}
    for _ in range(ROUNDS):
        due = waiting(book.events, by_name.keys() - failing.keys())
        made = deliver(due, book.alerts, by_name, warehouse.home.name, policy.digest)
        failing |= {one.channel: one.error for one in made if one.error is not None}
        with warehouse.transaction() as tx:
            book = open_book(tx, policy, Clocks(today, now()))
            note(book, made, failing)
            write(tx, book)
        noted.update(event.event for event in book.new)
    return Kept(
        Counter(one.severity for one in book.alerts.values() if one.state != k.RESOLVED),
        noted,
        {name: len(events) for name, events in waiting(book.events, by_name).items()},
    )


def act(warehouse: Warehouse, policy: Policy, today: date, action: Action) -> Alert:
    """Carries out what a person asks for, and gives the alert as it now stands.

    Raises BadAlertAction.
    """
    with warehouse.transaction() as tx:
        book = open_book(tx, policy, Clocks(today, utc_now()))
        alert = carry_out(book, action)
        write(tx, book)
    return alert


def open_book(tx: Tx, policy: Policy, clocks: Clocks) -> Book:
    """The alerts that stand and the events that wait; none yet in a new home."""
    alerts = tx.read(ALERTS) if tx.exists(ALERTS) else pl.DataFrame(schema=ALERT_SCHEMA)
    if not tx.exists(EVENTS):
        tx.replace(EVENTS, pl.DataFrame(schema=EVENT_SCHEMA))
    events = tx.read(sql("monitoring/open_events.sql"))
    counted = tx.read(sql("monitoring/event_counts.sql"))
    return Book(alerts, events, counted, policy, clocks)


def write(tx: Tx, book: Book) -> None:
    """Writes what has changed; events are only added."""
    made, new = book.alerts_frame(), book.new_frame()
    if not tx.exists(ALERTS) or not tx.read(ALERTS).equals(made):
        tx.replace(ALERTS, made)
    if len(new):
        tx.append(EVENTS, new)


def gather(warehouse: Warehouse, today: date) -> dict[str, list[dict[str, Any]]]:
    """What breaches.breaches_of looks at, as of `today`."""
    names: dict[str, tuple[str, dict[str, Any]]] = {
        "open": ("open_breaches", {"today": today}),
        "performance": ("performance_shown", {"today": today}),
        "slices": ("performance_of_slices", {"today": today}),
        "sources": ("feature_sources", {}),
    }
    with warehouse.transaction() as tx:
        facts = {
            key: tx.read(sql(f"monitoring/{name}.sql").bind(**params)).to_dicts()
            for key, (name, params) in names.items()
        }
        triggers = tx.exists("retraining.triggers")
        asking = tx.read(sql("retraining/asking.sql")).to_dicts() if triggers else []
        return facts | {"asking": asking}


def _is_past(book: Book, today: date) -> bool:
    """Whether the alerts of the data are of a later day."""
    return any(
        day > today
        for alert_id, day in book.newest.items()
        if book.alerts[alert_id].kind in k.OF_THE_DATA
    )
