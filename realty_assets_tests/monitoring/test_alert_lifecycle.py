"""Alerts from one day to the next: no twins, no silent change, nothing new from the same again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.monitoring.alerting import kinds as k
from realty_assets.monitoring.alerting.actions import Action, BadAlertAction, carry_out, find
from realty_assets.monitoring.alerting.book import Book
from realty_assets.monitoring.alerting.lifecycle import observe
from realty_assets.monitoring.alerting.records import Alert, Breach
from realty_assets_tests.monitoring.alert_samples import NOW, TODAY, breach, later, new_book

KEYS = ("drift/off_market/sales/area", "feed/all/listings/living_area", "rows/all/listings/(rows)")
STATE_AFTER = {
    k.OPENED: k.OPEN,
    k.REOPENED: k.OPEN,
    k.WOKEN: k.OPEN,
    k.ACKNOWLEDGED: k.ACKNOWLEDGED,
    k.SNOOZED: k.SNOOZED,
    k.RESOLVED: k.RESOLVED,
}


def seen(book: Book, *breaches: Breach) -> Alert:
    """The alert of the package's example breach after a look at `breaches`."""
    observe(book, breaches, k.OF_THE_DATA)
    return book.alerts[breach().alert_id]


def events(book: Book) -> list[str]:
    return [event.event for event in book.events]


def do(book: Book, verb: str, **more: Any) -> Alert:
    said = {"reason": "known", "by": "Ann", **more}
    return carry_out(book, Action(verb=verb, alert=breach().alert_id, **said))


def test_a_breach_opens_an_alert_that_resolves_by_itself_and_is_reopened() -> None:
    book = new_book()
    assert seen(book, breach()).state == k.OPEN
    assert seen(book).state == k.RESOLVED
    back = seen(book, breach())
    assert (back.state, len(book.alerts)) == (k.OPEN, 1)
    assert events(book) == [k.OPENED, k.RESOLVED, k.REOPENED]


def test_what_gets_worse_or_goes_on_is_an_event_and_the_same_again_is_none() -> None:
    book = new_book()
    seen(book, breach())
    assert seen(book, breach(severity="critical")).severity == k.CRITICAL
    assert seen(book, breach(severity="critical", month=3)).month == date(2023, 3, 1)
    seen(book, breach(severity="critical", month=3))
    assert events(book) == [k.OPENED, k.RAISED, k.SEEN]


def test_an_alert_that_somebody_sees_to_stays_and_is_told_of_when_it_gets_worse() -> None:
    book = new_book()
    seen(book, breach())
    assert do(book, "ack").state == k.ACKNOWLEDGED
    assert seen(book, breach()).state == k.ACKNOWLEDGED
    assert seen(book, breach(severity="critical")).state == k.ACKNOWLEDGED
    assert book.events[-1].due == ["file"]
    assert book.events[1].due == []  # Ann knows what she did


def test_a_snoozed_alert_wakes_on_its_day_or_when_it_gets_worse() -> None:
    book = new_book()
    seen(book, breach())
    assert do(book, "snooze", until="2023-03-10").snoozed_until == date(2023, 3, 10)
    book = later(book, date(2023, 3, 9))
    assert seen(book, breach()).state == k.SNOOZED
    book = later(book, date(2023, 3, 10))
    woken = seen(book, breach())
    assert (woken.state, woken.snoozed_until) == (k.OPEN, None)
    do(book, "snooze", until="2023-04-01")
    assert seen(book, breach(severity="critical")).state == k.OPEN
    assert events(book)[-1] == k.WOKEN


def test_what_a_person_resolved_comes_back_with_news_alone() -> None:
    book = new_book()
    seen(book, breach())
    do(book, "resolve")
    assert seen(book, breach()).state == k.RESOLVED
    assert seen(book, breach(month=3)).state == k.OPEN
    do(book, "resolve")
    assert seen(book, breach(month=3, severity="critical")).state == k.OPEN
    do(book, "resolve")
    seen(book)
    assert seen(book, breach(month=3, severity="critical")).state == k.OPEN


def test_kinds_that_were_not_looked_at_stay_as_they_are() -> None:
    book = new_book()
    seen(book, breach())
    observe(book, [], {k.STOPPED})
    assert book.alerts[breach().alert_id].state == k.OPEN


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"verb": "ack", "reason": " "}, "reason is blank"),
        ({"verb": "ack", "by": ""}, "name is blank"),
        ({"verb": "ack", "by": "monitoring"}, "monitoring itself"),
        ({"verb": "close"}, "no verb 'close'"),
        ({"verb": "snooze"}, "--until"),
        ({"verb": "ack", "until": "2023-04-01"}, "--until"),
        ({"verb": "snooze", "until": "soon"}, "'soon' is no day"),
        ({"verb": "snooze", "until": str(TODAY)}, "is not after"),
        ({"verb": "ack", "alert": "zzz"}, "no alert 'zzz'"),
    ],
)
def test_an_action_that_cannot_be_is_one_sentence(said: dict[str, str], sentence: str) -> None:
    book = new_book()
    seen(book, breach())
    asked = {"alert": breach().alert_id, "reason": "known", "by": "Ann", **said}
    with pytest.raises(BadAlertAction, match=sentence):
        carry_out(book, Action(**asked))
    assert events(book) == [k.OPENED]


def test_an_alert_is_found_by_how_its_id_or_key_begins_when_no_other_does() -> None:
    keys = {"abc1": "drift/all/x", "abd2": "drift/all/xy", "0001": "rows/all/z"}
    for named, found in (("abd", "abd2"), ("drift/all/x", "abc1"), ("rows/", "0001")):
        assert find(keys, named) == found
    for named in ("ab", "", "x", "drift/"):
        with pytest.raises(BadAlertAction):
            find(keys, named)


def test_a_resolved_alert_is_not_acknowledged() -> None:
    book = new_book()
    seen(book, breach())
    do(book, "resolve")
    with pytest.raises(BadAlertAction, match="nothing to ack"):
        do(book, "ack")


breaches = st.dictionaries(
    st.sampled_from(KEYS),
    st.tuples(st.sampled_from(("warn", "critical")), st.integers(1, 3)),
)
verbs = st.tuples(
    st.sampled_from(("ack", "snooze", "resolve")), st.sampled_from(KEYS), st.integers(1, 40)
)
steps = st.lists(st.tuples(st.integers(0, 20), st.one_of(breaches, verbs)), max_size=14)


@settings(max_examples=50, deadline=None)
@given(steps)
def test_whatever_happens_the_tables_hold_together(sequence: list[tuple[int, Any]]) -> None:
    book, today = new_book(), TODAY
    for days, step in sequence:
        today += timedelta(days=days)
        book = later(book, today, NOW + timedelta(days=days))
        if isinstance(step, dict):
            found = [breach(key, severity, month) for key, (severity, month) in step.items()]
            look_twice(book, found)
        else:
            act_twice(book, step, today)
        check(book)


def look_twice(book: Book, found: list[Breach]) -> None:
    """The second look changes nothing; all that is gone is resolved, nothing open is missing."""
    observe(book, found, k.OF_THE_DATA)
    once, n = book.alerts_frame(), len(book.new)
    observe(book, found, k.OF_THE_DATA)
    assert (book.alerts_frame().equals(once), len(book.new)) == (True, n)
    standing = {one.alert_id: one for one in found}
    for alert in book.alerts.values():
        if alert.alert_id not in standing:
            assert (alert.state, alert.evidence) == (k.RESOLVED, "")
        elif alert.state != k.RESOLVED:
            assert alert.severity == standing[alert.alert_id].severity
    assert standing.keys() <= book.alerts.keys()


def act_twice(book: Book, step: tuple[str, str, int], today: date) -> None:
    """An action that is carried out again changes nothing."""
    verb, key, days = step
    until = str(today + timedelta(days=days)) if verb == "snooze" else None
    action = Action(verb, breach(key).alert_id, "known", "Ann", until)
    try:
        done = carry_out(book, action)
    except BadAlertAction:
        return
    n = len(book.new)
    assert (carry_out(book, action), len(book.new)) == (done, n)


def check(book: Book) -> None:
    """One alert a key, and every state is the one that the last event about it made."""
    assert len({alert.key for alert in book.alerts.values()}) == len(book.alerts)
    assert len({event.event_id for event in book.events}) == len(book.events)
    states = {
        event.alert_id: STATE_AFTER[event.event]
        for event in book.events
        if event.event in STATE_AFTER
    }
    assert states == {alert.alert_id: alert.state for alert in book.alerts.values()}
    for alert in book.alerts.values():
        assert (alert.snoozed_until is not None) == (alert.state == k.SNOOZED)
