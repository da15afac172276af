"""What counts as a change worth telling, as data that a person may change for a home."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from realty_assets.errors import RealtyError

OWN_POLICY = Path(__file__).with_name("policy.yaml")
FILE = "monitoring.yaml"


class MonitoringPolicyError(RealtyError):
    """A monitoring policy cannot be used; the message names the file and the field."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Strict):
    """The size from which a change is told of (warn), and from which it is serious (critical)."""

    warn: float = Field(gt=0)
    critical: float = Field(gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        if self.critical < self.warn:
            raise ValueError("critical lies below warn")
        return self


class Policy(_Strict):
    """When a month counts as changed; see policy.yaml."""

    version: int = Field(ge=1, le=1, description="Of the form of this file.")
    min_rows: int = Field(ge=30)
    min_reference: int = Field(ge=30)
    false_discoveries: float = Field(gt=0, le=0.2)
    usual_sd: Limits
    methods: dict[str, Limits]
    never_critical: tuple[str, ...] = Field((), description="Families of features.registry.")
    features: dict[str, dict[str, Limits]] = {}

    @model_validator(mode="after")
    def _known_methods(self) -> Policy:
        for feature, own in self.features.items():
            if unknown := sorted(set(own) - set(self.methods)):
                raise ValueError(f"{feature} has limits for the unknown method '{unknown[0]}'")
        return self

    @property
    def sha256(self) -> str:
        """Changes when something may be judged differently; comments and spaces do not count."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


def read_policy(home: Path | None = None) -> Policy:
    """The policy of `home` (its monitoring.yaml), else the package's.

    Raises MonitoringPolicyError naming the file and what is wrong with it.
    """
    own = None if home is None else home / FILE
    path = own if own is not None and own.exists() else OWN_POLICY
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        wrong = f"it cannot be read ({error.strerror})"
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        wrong = f"it is not YAML: {' '.join(str(error).split())}"
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        wrong = f"{where}: {first['msg']}"
    raise MonitoringPolicyError(f"The monitoring policy {path} cannot be used: {wrong}.")
