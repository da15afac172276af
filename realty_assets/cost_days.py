"""Days on which a home cost far more than on the same weekday before.

Read without the warehouse, from the lines that runs leave: a home may be asked every day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median

from realty_assets.budgets import read_costs
from realty_assets.evaluation.splits import next_month
from realty_assets.metering import totals

# Same weekdays that are looked back on, and how many of them must have cost anything.
WEEKS, LEAST_WEEKS = 8, 4
# A day stands out beyond so many robust standard deviations, and beyond so many times the median.
DEVIATIONS, TIMES = 4.0, 1.5


@dataclass(frozen=True)
class UnusualDay:
    """A day (UTC), its cost, and the median of the same weekday before (US dollars)."""

    day: date
    cost_usd: float
    usual_usd: float
    threshold_usd: float
    n_weeks: int

    @property
    def sentence(self) -> str:
        return (
            f"Runs of {self.day:%A, %Y-%m-%d} cost {self.cost_usd:.4g} US dollars; on the "
            f"{self.n_weeks} {self.day:%A}s before it was {self.usual_usd:.4g} "
            f"(told of from {self.threshold_usd:.4g})."
        )


def unusual(by_day: Mapping[date, float], day: date) -> UnusualDay | None:
    """`day` if it cost far more than the same weekdays of the WEEKS before it; None if not, or with
    fewer than LEAST_WEEKS of them with runs."""
    before = [by_day.get(day - timedelta(weeks=week), 0.0) for week in range(1, WEEKS + 1)]
    before = [cost for cost in before if cost > 0]
    if len(before) < LEAST_WEEKS or day not in by_day:
        return None
    usual = median(before)
    spread = 1.4826 * median(abs(cost - usual) for cost in before)
    threshold = max(usual + DEVIATIONS * spread, TIMES * usual)
    if by_day[day] <= threshold:
        return None
    return UnusualDay(day, by_day[day], usual, threshold, len(before))


def costs_by_day(home: Path, until: date) -> dict[date, float]:
    """US dollars of the runs that ended on each day (UTC) of the WEEKS up to `until`, its own among
    them. Raises CostsError."""
    costs, found = read_costs(home), dict[date, float]()
    month = (until - timedelta(weeks=WEEKS)).replace(day=1)
    while month <= until:
        for run in totals(home, datetime(month.year, month.month, 1)):  # noqa: DTZ001 names a file
            day = datetime.fromisoformat(run["ended_at"]).date()
            if day <= until:
                found[day] = found.get(day, 0.0) + costs.of_run(run)
        month = next_month(month)
    return found


def unusual_days(home: Path, today: date) -> list[UnusualDay]:
    """Today, as far as it has come, and yesterday, where they stand out; the newest first. Raises
    CostsError."""
    by_day = costs_by_day(home, today)
    told = (unusual(by_day, day) for day in (today, today - timedelta(days=1)))
    return [one for one in told if one is not None]
