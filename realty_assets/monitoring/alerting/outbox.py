"""What channels are still to be told, and telling it.

An event says which channels it is for in the transaction that notes it, and each delivery is noted
after it was made. A kill between the two sends it again: twice is better than never, and a message
that comes twice has the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from realty_assets.monitoring.alerting import kinds as k
from realty_assets.monitoring.alerting.book import Book
from realty_assets.monitoring.alerting.breaches import mute
from realty_assets.monitoring.alerting.channels import ChannelFailed
from realty_assets.monitoring.alerting.lifecycle import observe
from realty_assets.monitoring.alerting.messages import Message, message
from realty_assets.monitoring.alerting.records import Alert, Event

# Gives a remark on what was sent, mostly none.
Send = Callable[[Message], str]


@dataclass(frozen=True)
class Delivery:
    """Events that a channel was told of together; `error` when it did not take them."""

    channel: str
    events: Sequence[Event]
    error: str | None = None
    remark: str = ""


def waiting(events: Sequence[Event], channels: Collection[str]) -> dict[str, list[Event]]:
    """Events that each of `channels` is still to be told of, oldest first; only channels that have
    any. A channel that the policy has no more is not waited for."""
    sent = {(event.about, event.channel) for event in events if event.event == k.SENT}
    found: dict[str, list[Event]] = {}
    for event in events:
        for channel in event.due:
            if channel in channels and (event.event_id, channel) not in sent:
                found.setdefault(channel, []).append(event)
    return found


def deliver(
    due: Mapping[str, Sequence[Event]],
    alerts: Mapping[str, Alert],
    senders: Mapping[str, Send],
    home: str,
    digest: bool,
) -> list[Delivery]:
    """Tells every channel what is `due`. A channel that fails is not tried with the next message of
    this run, and holds up no other channel."""
    made: list[Delivery] = []
    for channel, events in due.items():
        parts = [list(events)] if digest else [[event] for event in events]
        error: str | None = None
        for part in parts:
            remark = ""
            if error is None:
                try:
                    told = message(home, [(event, alerts[event.alert_id]) for event in part])
                    remark = senders[channel](told)
                except ChannelFailed as failed:
                    error = str(failed)
            made.append(Delivery(channel, part, error, remark))
    return made


def note(book: Book, deliveries: Sequence[Delivery], failing: Mapping[str, str]) -> None:
    """Writes into `book` what came of `deliveries`, with the alerts about channels: `failing` are
    those that failed in this run, with what they said.

    A failure is noted once for each event and reason, however often it is tried.
    """
    said = {
        (event.about, event.channel): event.reason
        for event in book.events
        if event.event == k.SEND_FAILED
    }
    for one in deliveries:
        for event in one.events:
            if one.error is None:
                book.note_sending(event, k.SENT, one.channel, one.remark)
            elif said.get((event.event_id, one.channel)) != one.error:
                book.note_sending(event, k.SEND_FAILED, one.channel, one.error)
    still = waiting(book.events, failing)
    breaches = [
        mute(channel, len(events), events[0].event_id, failing[channel])
        for channel, events in still.items()
    ]
    observe(book, breaches, {k.CHANNEL})
