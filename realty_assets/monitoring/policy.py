"""What counts as a change worth telling, as data that a person may change for a home."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from realty_assets.errors import RealtyError
from realty_assets.strict import Strict, read_own

OWN_POLICY = Path(__file__).with_name("policy.yaml")
FILE = "monitoring.yaml"


class MonitoringPolicyError(RealtyError):
    """A monitoring policy cannot be used; the message names the file and the field."""


class Limits(Strict):
    """The size from which a change is told of (warn), and from which it is serious (critical)."""

    warn: float = Field(gt=0)
    critical: float = Field(gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        if self.critical < self.warn:
            raise ValueError("critical lies below warn")
        return self


class Policy(Strict):
    """When a month counts as changed; see policy.yaml."""

    version: int = Field(ge=1, le=1, description="Of the form of this file.")
    min_rows: int = Field(ge=30)
    min_reference: int = Field(ge=30)
    false_discoveries: float = Field(gt=0, le=0.2)
    usual_sd: Limits
    methods: dict[str, Limits]
    never_critical: tuple[str, ...] = Field(
        (), description="Families of features.registry, and single features."
    )
    features: dict[str, dict[str, Limits]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_methods(self) -> Policy:
        for feature, own in self.features.items():
            if unknown := sorted(set(own) - set(self.methods)):
                raise ValueError(f"{feature} has limits for the unknown method '{unknown[0]}'")
        return self


def read_policy(home: Path | None = None) -> Policy:
    """The policy of `home` (its monitoring.yaml), else the package's.

    Raises MonitoringPolicyError naming the file and what is wrong with it.
    """
    return read_own(Policy, home, FILE, OWN_POLICY, "The monitoring policy", MonitoringPolicyError)
