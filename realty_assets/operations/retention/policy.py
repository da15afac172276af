"""The retention policy: how long a home keeps what, as data that a person changes."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from realty_assets.errors import RealtyError
from realty_assets.strict import Strict, read_own

OWN_POLICY = Path(__file__).with_name("policy.yaml")
FILE = "retention.yaml"


class RetentionPolicyError(RealtyError):
    """A retention policy cannot be used; the message names the file and the field."""


class Age(Strict):
    """Days that things of a class are kept; null: for ever."""

    keep_days: int | None = Field(ge=1)


class Models(Age):
    """Of every track, the newest are kept whatever their age."""

    keep_days: int | None = Field(365, ge=1)
    keep_newest: int = Field(3, ge=1, description="Versions of each track.")
    rollback_days: int = Field(90, ge=1, description="Days that one may want to go back.")


class Backups(Age):
    """Of the home's own folder, the newest are kept, and the newest of each of the last months."""

    keep_days: int | None = Field(30, ge=1)
    keep_newest: int = Field(7, ge=1)
    keep_monthly: int = Field(12, ge=0)


class Compaction(Strict):
    """When the warehouse file is written anew; null: never."""

    min_share: float | None = Field(0.3, gt=0, lt=1, description="Of the file, that it saves.")


class Policy(Strict):
    """How long a home keeps what; see policy.yaml."""

    version: int = Field(ge=1, le=1, description="Of the form of this file.")
    deliveries: Age = Age(keep_days=None)
    refused: Age = Age(keep_days=None)
    reports: Age = Age(keep_days=365)
    models: Models = Models()
    boosters: Age = Age(keep_days=180)
    searches: Age = Age(keep_days=730)
    backups: Backups = Backups()
    runs: Age = Age(keep_days=90)
    temporary: Age = Age(keep_days=1)
    compaction: Compaction = Compaction()


def read_policy(home: Path | None = None) -> Policy:
    """The policy of `home` (its retention.yaml), else the package's.

    Raises RetentionPolicyError naming the file and what is wrong with it.
    """
    return read_own(Policy, home, FILE, OWN_POLICY, "The retention policy", RetentionPolicyError)
