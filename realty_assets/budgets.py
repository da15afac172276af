"""Prices and budgets of a home, and what they say of the runs of this month.

Read without the warehouse: sensors ask, and never open it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.metering import totals
from realty_assets.strict import Strict, read_own

OWN_FILE = Path(__file__).with_name("costs.yaml")
FILE = "costs.yaml"


class CostsError(RealtyError):
    """Prices and budgets cannot be used; the message names the file and the field."""


class Price(Strict):
    """US dollars, from a day on."""

    since: date
    cpu_hour_usd: float = Field(ge=0)
    gib_hour_usd: float = Field(ge=0, description="Of a GiB of memory, at its peak.")

    def of(self, cpu_s: float, gib_s: float) -> float:
        """US dollars of so many seconds of CPU, and of a GiB of memory."""
        return (cpu_s * self.cpu_hour_usd + gib_s * self.gib_hour_usd) / 3600


class Budget(Strict):
    """US dollars from which it is told of (soft), and from which automation rests (hard)."""

    soft: float | None = Field(None, gt=0)
    hard: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Budget:
        if self.soft is not None and self.hard is not None and self.hard < self.soft:
            raise ValueError("hard lies below soft")
        return self


class Budgets(Strict):
    monthly_usd: Budget = Budget()
    run_usd: Budget = Budget()


class Costs(Strict):
    """Prices by day, and budgets; see costs.yaml."""

    version: int = Field(ge=1, le=1, description="Of the form of this file.")
    prices: tuple[Price, ...] = Field(min_length=1)
    budgets: Budgets = Budgets()

    @model_validator(mode="after")
    def _by_day(self) -> Costs:
        days = [price.since for price in self.prices]
        if days != sorted(set(days)):
            raise ValueError("prices stand by day, each day once")
        return self

    def price_on(self, day: date) -> Price:
        """The price that holds on a day; before the first one, the first."""
        held = [price for price in self.prices if price.since <= day]
        return held[-1] if held else self.prices[0]

    def of_run(self, told: Mapping[str, Any]) -> float:
        """US dollars of a run, as `metering.totals` tells of it."""
        day = datetime.fromisoformat(told["ended_at"]).date()
        return self.price_on(day).of(told["cpu_s"], told["gib_s"])


def read_costs(home: Path | None = None) -> Costs:
    """Prices and budgets of `home` (its costs.yaml), else the package's. Raises CostsError."""
    return read_own(Costs, home, FILE, OWN_FILE, "The price list", CostsError)


@dataclass(frozen=True)
class Over:
    """A budget that was overstepped; `hard` when automation rests for it."""

    hard: bool
    sentence: str


def overstepped(home: Path, now: datetime | None = None) -> list[Over]:
    """Budgets that this month, or the newest run of it, has overstepped. Raises CostsError."""
    costs = read_costs(home)
    budgets = costs.budgets
    if budgets == Budgets():
        return []
    now = now or utc_now()
    spent = [costs.of_run(told) for told in totals(home, now)]
    found = [
        _over(f"The runs of {now:%Y-%m} cost", sum(spent), budgets.monthly_usd),
        _over("The newest run cost", spent[-1] if spent else 0.0, budgets.run_usd),
    ]
    return [one for one in found if one]


def _over(what: str, spent: float, budget: Budget) -> Over | None:
    for hard, limit in ((True, budget.hard), (False, budget.soft)):
        if limit is not None and spent > limit:
            name = "hard" if hard else "soft"
            end = " Nothing starts by itself; costs.yaml sets the limit." if hard else ""
            said = f"{what} {spent:.4g} US dollars: over the {name} limit of {limit:.4g}."
            return Over(hard, said + end)
    return None
