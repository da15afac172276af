"""The promotion policy: what a model must show, as data that a person changes and a hash names."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from realty_assets.errors import RealtyError

OWN_POLICY = Path(__file__).with_name("policy.yaml")
FILE = "promotion.yaml"


class PromotionPolicyError(RealtyError):
    """A promotion policy cannot be used; the message names the file and the field."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Floor(_Strict):
    """One absolute requirement of a figure of modeling.backtests."""

    gate: str = Field(min_length=1, description="What the gate is called in a decision.")
    figure: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Column of modeling.backtests.")
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Floor:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("needs at_least, at_most or both")
        if low is not None and high is not None and low > high:
            raise ValueError("at_least lies above at_most: no model could pass")
        return self

    @property
    def requirement(self) -> str:
        """The bounds in words."""
        bounds = ((">=", self.at_least), ("<=", self.at_most))
        return " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)

    def holds(self, seen: float | None) -> bool:
        """A figure that is missing, or no number, does not hold."""
        return (
            seen is not None
            and (self.at_least is None or seen >= self.at_least)
            and (self.at_most is None or seen <= self.at_most)
        )


class Policy(_Strict):
    """Everything that the gate asks for."""

    version: int = Field(ge=1, le=1, description="Of the form of this file.")
    floors: tuple[Floor, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _told_apart(self) -> Policy:
        names = [floor.gate for floor in self.floors]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two gates are called '{twice[0]}'")
        return self

    @property
    def sha256(self) -> str:
        """Changes when a decision may come out differently; comments and spaces do not count."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


def read_policy(home: Path | None = None) -> Policy:
    """The policy of `home` (its promotion.yaml), else the package's.

    Raises PromotionPolicyError naming the file and what is wrong with it.
    """
    own = None if home is None else home / FILE
    path = own if own is not None and own.exists() else OWN_POLICY

    def wrong(what: str) -> PromotionPolicyError:
        return PromotionPolicyError(f"The promotion policy {path} cannot be used: {what}.")

    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise wrong(f"it cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise wrong(f"it is not YAML: {' '.join(str(error).split())}") from error
    try:
        return Policy.model_validate(stated)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise wrong(f"{where}: {first['msg']}") from error
