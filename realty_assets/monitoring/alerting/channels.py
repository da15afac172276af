"""Three ways to tell people: a file, e-mail, a webhook.

Each sends a message and gives a remark (mostly none), or raises ChannelFailed. Secrets come from
the environment alone and stand in no message of an error.
"""

from __future__ import annotations

import http.client
import json
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from realty_assets.errors import RealtyError
from realty_assets.monitoring.alerting.messages import Message
from realty_assets.monitoring.alerting.policy import (
    EmailChannel,
    FileChannel,
    Policy,
    WebhookChannel,
    check_address,
)

PASSWORD, TOKEN, ADDRESS = "REALTY_SMTP_PASSWORD", "REALTY_WEBHOOK_TOKEN", "REALTY_WEBHOOK_URL"
Environ = Mapping[str, str]


class ChannelFailed(RealtyError):
    """A channel did not take a message; the message says why, without any secret."""


def senders(policy: Policy, home: Path, environ: Environ) -> dict[str, Callable[[Message], str]]:
    """How to send on each channel of `policy`. What is returned raises ChannelFailed."""
    found: dict[str, Callable[[Message], str]] = {}
    file, email, webhook = policy.channels.file, policy.channels.email, policy.channels.webhook
    if file is not None:
        found["file"] = lambda message: to_file(home, file, message)
    if email is not None:
        found["email"] = lambda message: by_email(email, message, environ, policy.timeout_s)
    if webhook is not None:
        found["webhook"] = lambda message: by_webhook(webhook, message, environ, policy.timeout_s)
    return found


def to_file(home: Path, channel: FileChannel, message: Message) -> str:
    """Adds the message as a line of JSON to a file below `home`."""
    path = home / channel.path
    line = {"message_id": message.message_id, "told_at": _now(), **message.body}
    text = json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            if file.tell() and _last_byte(file) != b"\n":
                # A kill or a full disk ended a line early: what comes stands on its own.
                text = "\n" + text
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ChannelFailed(f"{path} cannot be written ({error.strerror}).") from error
    return ""


def by_email(channel: EmailChannel, message: Message, environ: Environ, timeout_s: float) -> str:
    """Sends the message as mail.

    It counts as sent when the server takes it for one of those it is to: sent again because of the
    others, it would come to that one for ever. The remark names them.
    """
    place, password = f"{channel.host}:{channel.port}", environ.get(PASSWORD, "")
    if channel.user and not password:
        raise ChannelFailed(f"{PASSWORD} is not set, and {place} asks {channel.user} for it.")
    if channel.user and channel.security == "none" and not _is_here(channel.host):
        raise ChannelFailed(f"A password is not sent to {place} in the clear: set security.")
    mail = EmailMessage()
    mail["Subject"], mail["From"] = message.subject, channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Date"] = format_datetime(datetime.now(UTC))
    # The same message again has the same id: mailboxes show it once.
    domain = parseaddr(channel.sender)[1].rpartition("@")[2] or "localhost"
    mail["Message-ID"] = f"<{message.message_id}@{domain}>"
    mail.set_content(message.text)
    try:
        with _session(channel, timeout_s) as server:
            if channel.user:
                server.login(channel.user, password)
            refused = server.send_message(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise ChannelFailed(f"{place}: {_why(error, password)}") from error
    return f"{place} does not take mail for {', '.join(sorted(refused))}." if refused else ""


def _session(channel: EmailChannel, timeout_s: float) -> smtplib.SMTP:
    if channel.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(channel.host, channel.port, timeout=timeout_s, context=context)
    server = smtplib.SMTP(channel.host, channel.port, timeout=timeout_s)
    if channel.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
    return server


def by_webhook(
    channel: WebhookChannel, message: Message, environ: Environ, timeout_s: float
) -> str:
    """Posts the message as JSON; any answer but 2xx is a failure, a redirect too."""
    url, token = channel.url or environ.get(ADDRESS, ""), environ.get(TOKEN, "")
    if not url:
        raise ChannelFailed(f"There is no address: the policy has no url, {ADDRESS} is not set.")
    try:
        parts = urlsplit(check_address(url))
    except ValueError as error:
        raise ChannelFailed(f"The address of the webhook cannot be used: {error}.") from error
    host = str(parts.hostname)
    if token and parts.scheme == "http" and not _is_here(host):
        raise ChannelFailed(f"A token is not sent to {host} in the clear: use https.")
    headers = {"Content-Type": "application/json", "Idempotency-Key": message.message_id}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(dict(message.body), allow_nan=False).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method="POST")
    try:
        with _opener(host).open(request, timeout=timeout_s) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        error.close()
        status = error.code
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ChannelFailed(f"{host}: {_why(error, url, parts.path.strip('/'), token)}") from error
    if not 200 <= status < 300:
        raise ChannelFailed(f"{host} answered with status {status}.")
    return ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to a host that nobody named."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(host: str) -> urllib.request.OpenerDirector:
    """What is on this machine is asked without a proxy."""
    here = [urllib.request.ProxyHandler({})] if _is_here(host) else []
    return urllib.request.build_opener(_NoRedirect, *here)


def _is_here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _why(error: Exception, *secrets: str) -> str:
    """The error as one sentence in which no secret stands."""
    said = str(error) or type(error).__name__
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        said = f"{error.smtp_code} {said}"
    said = " ".join(said.split())
    for secret in filter(None, secrets):
        said = said.replace(secret, "***")
    return said.rstrip(".")[:300] + "."


def _last_byte(file: Any) -> bytes:
    file.seek(-1, os.SEEK_END)
    last: bytes = file.read(1)
    return last


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
