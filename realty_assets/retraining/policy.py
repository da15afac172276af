"""When models are made anew by themselves: a policy as data, which a hash names."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, model_validator

from realty_assets.errors import RealtyError
from realty_assets.strict import Strict, read_own

OWN_POLICY = Path(__file__).with_name("policy.yaml")
FILE = "retraining.yaml"
Rung = Literal["recalibrate", "index", "refit", "retune", "search", "person"]
# Cheapest first.
LADDER: tuple[Rung, ...] = get_args(Rung)
Kind = Literal["drift", "performance", "new_sales", "calendar", "change", "by_hand"]
BY_HAND: Kind = "by_hand"


class RetrainingPolicyError(RealtyError):
    """A retraining policy cannot be used; the message names the file and the field."""


class DriftRule(Strict):
    """Drift proposes when so many features are critical in so many judged months in a row."""

    min_features: int = Field(1, ge=1)
    consecutive: int = Field(2, ge=1)


class PerformanceRule(Strict):
    """The champion, frozen, on closed sales of its newest months."""

    months: int = Field(2, ge=1, description="Newest months with known sales that are pooled.")
    min_sales: int = Field(100, ge=30)
    error_margin: float = Field(0.08, ge=0, description="Share by which its error has grown.")
    bias_margin: float = Field(0.01, ge=0, description="Mean log ratio, either way.")
    coverage_at_least: float = Field(0.88, gt=0, lt=1)
    alpha: float = Field(0.005, gt=0, lt=0.5, description="One-sided, each figure.")
    doubt: float = Field(0.1, gt=0, lt=0.5, description="The same, to confirm a drift.")

    @model_validator(mode="after")
    def _in_order(self) -> PerformanceRule:
        if self.doubt < self.alpha:
            raise ValueError("doubt lies below alpha")
        return self


class NewSalesRule(Strict):
    share: float = Field(0.3, gt=0, description="Of the sales that the champion learned from.")
    at_least: int = Field(500, ge=1)


class CalendarRule(Strict):
    days: int = Field(90, ge=1, description="Days of the market since the newest model's cutoff.")


class Triggers(Strict):
    """What is asked; null is not."""

    drift: DriftRule | None = DriftRule()
    performance: PerformanceRule | None = PerformanceRule()
    new_sales: NewSalesRule | None = NewSalesRule()
    calendar: CalendarRule | None = CalendarRule()
    change: bool = True


class BackOff(Strict):
    factor: float = Field(2.0, ge=1)
    at_most_days: int = Field(180, ge=1)


class Freeze(Strict):
    """Days (UTC, both included) on which nothing is retrained by itself."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Freeze:
        if self.until < self.since:
            raise ValueError("ends before it begins")
        return self


class Guards(Strict):
    cool_down_days: int = Field(25, ge=0)
    back_off: BackOff = BackOff()
    runs_a_month: int | None = Field(2, ge=0)
    usd_a_month: float | None = Field(None, ge=0)
    freeze: tuple[Freeze, ...] = ()

    def rest_days(self, n_in_vain: int) -> float:
        """Days of the market between two retrains after `n_in_vain` in a row led nowhere."""
        # A power beyond 64 would be cut to `at_most_days` all the same.
        grown = self.cool_down_days * self.back_off.factor ** min(n_in_vain, 64)
        return max(self.cool_down_days, min(grown, self.back_off.at_most_days))


class Begin(Strict):
    """The rung that each trigger begins at."""

    drift: Rung = "refit"
    performance: Rung = "refit"
    intervals: Rung = Field(
        "recalibrate", description="Performance, where intervals alone are out of line."
    )
    new_sales: Rung = "refit"
    calendar: Rung = "refit"
    change: Rung = "retune"


class Policy(Strict):
    """See policy.yaml."""

    version: int = Field(ge=1, le=1, description="Of the form of this file.")
    triggers: Triggers = Triggers()
    guards: Guards = Guards()
    begin: Begin = Begin()
    highest: Rung = "search"

    def rung(self, kind: Kind | Literal["intervals"], n_in_vain: int) -> Rung:
        """Where a trigger stands on the ladder; beyond `highest` a person is asked. `index` makes
        no model, so nothing climbs to it: it is made where a trigger begins there."""
        begin = LADDER.index(getattr(self.begin, kind))
        place = begin + n_in_vain
        if begin < LADDER.index("index") <= place:
            place += 1
        return LADDER[place] if place <= LADDER.index(self.highest) else "person"


def read_policy(home: Path | None = None) -> Policy:
    """The policy of `home` (its retraining.yaml), else the package's. Raises
    RetrainingPolicyError."""
    return read_own(Policy, home, FILE, OWN_POLICY, "The retraining policy", RetrainingPolicyError)
