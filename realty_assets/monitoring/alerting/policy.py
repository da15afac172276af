"""Who is told of what, and how, as data that a person may change for a home; see policy.yaml."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from realty_assets.errors import RealtyError
from realty_assets.monitoring.alerting.kinds import CRITICAL, OF_THE_DATA, RUNBOOKS, WARN
from realty_assets.strict import Strict, read_own

OWN_POLICY = Path(__file__).with_name("policy.yaml")
FILE = "alerts.yaml"
Kind = Literal[
    "drift",
    "feed",
    "rows",
    "performance",
    "expected",
    "errors",
    "retrain",
    "stopped",
    "failed",
    "channel",
    "cost",
]
Text = Field(min_length=1, pattern=r"^[^\r\n]+$")


class AlertPolicyError(RealtyError):
    """A policy of alerts cannot be used; the message names the file and the field."""


class Channel(Strict):
    """A way to tell people; what is less severe than `least` is not sent on it."""

    least: Literal["warn", "critical"] = "warn"

    def takes(self, severity: str) -> bool:
        return self.least == WARN or severity == CRITICAL


class FileChannel(Channel):
    """JSON lines, added to a file below the home."""

    path: str = Text

    @field_validator("path")
    @classmethod
    def _below_the_home(cls, path: str) -> str:
        where = PurePosixPath(path)
        if where.is_absolute() or ".." in where.parts:
            raise ValueError("must be a path below the home")
        return path


class EmailChannel(Channel):
    """Mail over SMTP; the password is REALTY_SMTP_PASSWORD."""

    host: str = Text
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    sender: str = Text
    to: tuple[str, ...] = Field(min_length=1)


class WebhookChannel(Channel):
    """JSON by POST, with REALTY_WEBHOOK_TOKEN as its bearer; an address that is a secret itself is
    REALTY_WEBHOOK_URL and not said here."""

    url: str | None = None

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is not None:
            check_address(url)
        return url


class Channels(Strict):
    """The channels of a home; none of them is one that tells nobody."""

    file: FileChannel | None = None
    email: EmailChannel | None = None
    webhook: WebhookChannel | None = None

    @property
    def by_name(self) -> dict[str, Channel]:
        named = {"file": self.file, "email": self.email, "webhook": self.webhook}
        return {name: one for name, one in named.items() if one is not None}


class Policy(Strict):
    """See policy.yaml."""

    version: int = Field(ge=1, le=1, description="Of the form of this file.")
    owner: str = Text
    owners: dict[Kind, str] = Field(default_factory=dict)
    runbooks: str
    consecutive: dict[Kind, int]
    stopped_after_days: float = Field(gt=0)
    digest: bool = True
    timeout_s: float = Field(10.0, gt=0, le=120)
    channels: Channels

    @field_validator("consecutive")
    @classmethod
    def _of_every_kind(cls, said: dict[Kind, int]) -> dict[Kind, int]:
        if set(said) != OF_THE_DATA or min(said.values()) < 1:
            raise ValueError(f"names months, 1 or more, for {', '.join(sorted(OF_THE_DATA))}")
        return said

    def owner_of(self, kind: str) -> str:
        return next((who for name, who in self.owners.items() if name == kind), self.owner)

    def runbook_of(self, kind: str) -> str:
        return self.runbooks + RUNBOOKS[kind]


def check_address(url: str) -> str:
    """`url` itself. Raises ValueError when it cannot be posted to; the message does not repeat it:
    it may be a secret."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http or https address")
    if parts.username or parts.password:
        raise ValueError("may hold no user or password: secrets stand in the environment")
    return url


def read_policy(home: Path | None = None) -> Policy:
    """The policy of `home` (its alerts.yaml), else the package's.

    Raises AlertPolicyError naming the file and what is wrong with it.
    """
    return read_own(Policy, home, FILE, OWN_POLICY, "The policy of alerts", AlertPolicyError)
