"""Splits by time: rolling origin, a month at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, order=True)
class Fold:
    """One origin: train on what was known before `cutoff`, judge sales that close in
    [cutoff, until)."""

    cutoff: date
    until: date

    @property
    def name(self) -> str:
        return f"{self.cutoff:%Y-%m}"


def parse_month(text: str) -> date:
    """'2015-03' as the first day of that month. Raises ValueError with what was expected."""
    found = _MONTH.fullmatch(text.strip())
    if not found or not 1 <= int(found.group(2)) <= 12 or int(found.group(1)) < 1:
        raise ValueError(f"{text!r} is not a month of the form YYYY-MM")
    return date(int(found.group(1)), int(found.group(2)), 1)


def next_month(month: date, by: int = 1) -> date:
    """First day of the month `by` months after that of `month`; `by` may be negative."""
    at = month.year * 12 + month.month - 1 + by
    return date(at // 12, at % 12 + 1, 1)


def rolling_origin(from_month: date, to_month: date) -> Iterator[Fold]:
    """Monthly folds from `from_month` to `to_month`, both included.

    Raises ValueError when the window ends before it begins.
    """
    first, last = from_month.replace(day=1), to_month.replace(day=1)
    if last < first:
        raise ValueError(f"the window ends ({last:%Y-%m}) before it begins ({first:%Y-%m})")
    while first <= last:
        yield Fold(first, next_month(first))
        first = next_month(first)


def last_full_months(today: date, n: int) -> tuple[date, date]:
    """First and last of the `n` calendar months that were over before `today`."""
    last = next_month(today.replace(day=1), -1)
    return next_month(last, 1 - n), last
