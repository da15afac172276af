"""Channels on real servers: what arrives, what a failure says, and that no secret gets out."""

from __future__ import annotations

import email
import email.policy
import json
import socket
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from realty_assets.monitoring.alerting.channels import (
    ChannelFailed,
    by_email,
    by_webhook,
    senders,
    to_file,
)
from realty_assets.monitoring.alerting.lifecycle import observe
from realty_assets.monitoring.alerting.messages import Message, message
from realty_assets.monitoring.alerting.policy import EmailChannel, FileChannel, WebhookChannel
from realty_assets_tests.monitoring.alert_samples import (
    Hook,
    Mailbox,
    alert_policy,
    breach,
    new_book,
    serving,
)

SECRET = "s3cret-and-long"


@pytest.fixture
def told() -> Message:
    """A message about a critical alert and a warning."""
    book = new_book()
    other = breach("feed/all/listings/living_area", "critical", sentence="two\nlines")
    observe(book, [breach(), other], {"drift", "feed"})
    return message("houston", [(event, book.alerts[event.alert_id]) for event in book.new])


def mail_to(port: int, **more: Any) -> EmailChannel:
    said = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "realty@example.com"}
    return EmailChannel.model_validate({**said, "to": ["ann@example.com"], **more})


def test_a_message_says_what_where_to_look_and_what_to_do(told: Message) -> None:
    assert told.subject == "[realty houston] alerts: 2 opened, 1 critical"
    first, second = told.text.split("\n\n")
    assert first.startswith("CRITICAL opened: two lines")
    assert "docs/runbooks/alert-drift.md" in second
    assert f"realty alerts ack {breach().alert_id}" in second
    assert json.loads(json.dumps(dict(told.body)))["events"][1]["month"] == "2023-02-01"


def test_the_file_gets_a_line_of_json_and_a_torn_line_spoils_no_other(
    tmp_path: Path, told: Message
) -> None:
    channel = FileChannel(path="reports/alerts.jsonl")
    to_file(tmp_path, channel, told)
    path = tmp_path / channel.path
    with path.open("a") as file:
        file.write('{"message_id": "torn')
    to_file(tmp_path, channel, told)
    lines = path.read_text().splitlines()
    assert [json.loads(lines[at])["message_id"] for at in (0, 2)] == [told.message_id] * 2
    path.unlink()
    path.mkdir()
    with pytest.raises(ChannelFailed, match="cannot be written"):
        to_file(tmp_path, channel, told)


def test_mail_arrives_with_an_id_that_a_second_sending_has_too(told: Message) -> None:
    box = Mailbox(password=SECRET)
    environ = {"REALTY_SMTP_PASSWORD": SECRET}
    with serving(box):
        for _ in range(2):
            assert by_email(mail_to(box.port, user="realty"), told, environ, 5.0) == ""
    mails = [email.message_from_string(mail, policy=email.policy.default) for mail in box.mails]
    ids = {mail["Message-ID"] for mail in mails}
    assert ids == {f"<{told.message_id}@example.com>"}
    assert isinstance(mails[0], EmailMessage)
    assert mails[0]["Subject"] == told.subject
    assert mails[0].get_content().split() == told.text.split()


def test_an_address_that_is_refused_does_not_keep_mail_from_the_others(told: Message) -> None:
    box = Mailbox(refuse="bob")
    with serving(box):
        both = mail_to(box.port, to=["ann@example.com", "bob@example.com"])
        assert "does not take mail for bob@example.com" in by_email(both, told, {}, 5.0)
        with pytest.raises(ChannelFailed, match="nobody of this name"):
            by_email(mail_to(box.port, to=["bob@example.com"]), told, {}, 5.0)
    assert len(box.mails) == 1


def test_a_password_is_never_told(told: Message) -> None:
    box = Mailbox(password="another")
    channel = mail_to(box.port, user="realty")
    with serving(box), pytest.raises(ChannelFailed) as failed:
        by_email(channel, told, {"REALTY_SMTP_PASSWORD": SECRET}, 5.0)
    assert SECRET not in str(failed.value)
    assert "is not the password" in str(failed.value)
    with pytest.raises(ChannelFailed, match="REALTY_SMTP_PASSWORD is not set"):
        by_email(channel, told, {}, 5.0)
    away = channel.model_copy(update={"host": "smtp.example.com"})
    with pytest.raises(ChannelFailed, match="in the clear"):
        by_email(away, told, {"REALTY_SMTP_PASSWORD": SECRET}, 5.0)


def test_mail_is_not_sent_in_the_clear_when_tls_was_asked_for(told: Message) -> None:
    box = Mailbox()
    with serving(box), pytest.raises(ChannelFailed, match="STARTTLS"):
        by_email(mail_to(box.port, security="starttls"), told, {}, 5.0)
    assert box.mails == []


def test_a_webhook_gets_json_and_its_token(told: Message) -> None:
    hook = Hook()
    with serving(hook):
        by_webhook(WebhookChannel(url=hook.url), told, {"REALTY_WEBHOOK_TOKEN": SECRET}, 5.0)
        by_webhook(WebhookChannel(), told, {"REALTY_WEBHOOK_URL": hook.url}, 5.0)
    (headers, body), (bare, _) = hook.posts
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["Idempotency-Key"] == bare["Idempotency-Key"] == told.message_id
    assert "Authorization" not in bare
    assert body == json.loads(json.dumps(dict(told.body)))


@pytest.mark.parametrize("status", [302, 404, 500])
def test_any_other_answer_is_a_failure_and_a_redirect_is_not_followed(
    told: Message, status: int
) -> None:
    hook = Hook(status)
    with serving(hook), pytest.raises(ChannelFailed, match=f"status {status}"):
        by_webhook(WebhookChannel(url=hook.url), told, {}, 5.0)


def test_an_address_that_is_a_secret_is_never_told(told: Message) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/{SECRET}"
        with pytest.raises(ChannelFailed) as failed:
            by_webhook(WebhookChannel(), told, {"REALTY_WEBHOOK_URL": url}, 5.0)
    assert SECRET not in str(failed.value)
    for bad in ("", "no address", f"ftp://{SECRET}", f"https://ann:{SECRET}@example.com"):
        with pytest.raises(ChannelFailed) as failed:
            by_webhook(WebhookChannel(), told, {"REALTY_WEBHOOK_URL": bad}, 5.0)
        assert SECRET not in str(failed.value)
    with pytest.raises(ChannelFailed, match="in the clear"):
        by_webhook(
            WebhookChannel(url="http://example.com"), told, {"REALTY_WEBHOOK_TOKEN": SECRET}, 5.0
        )


def test_a_policy_has_a_sender_for_each_of_its_channels(tmp_path: Path) -> None:
    channels = {"file": {"path": "a"}, "webhook": {}, "email": mail_to(1).model_dump()}
    assert set(senders(alert_policy(channels=channels), tmp_path, {})) == set(channels)
    assert senders(alert_policy(channels={}), tmp_path, {}) == {}
