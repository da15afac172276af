"""Splits by time (rolling origin, a month at a time) and by property (grouped)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

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


def grouped_folds(keys: Sequence[str], n_folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Fold (n,) of each row, 0 to n_folds - 1: rows of one key are always in one fold.

    Keys are dealt out in an order drawn by `seed` from the key itself, so that folds differ by at
    most one key in size, and the order of the rows does not matter. Raises ValueError for a
    missing key, for fewer than two folds, and for fewer keys than folds.
    """
    if n_folds < 2:
        raise ValueError(f"a grouped split needs at least two folds, not {n_folds}")
    if any(not key for key in keys):
        raise ValueError("a row without a property key cannot be kept on one side of a split")
    names, at = np.unique(np.array(keys, dtype=object).astype(str), return_inverse=True)
    if len(names) < n_folds:
        raise ValueError(f"{len(names)} properties cannot be dealt out to {n_folds} folds")
    drawn = [hashlib.blake2b(f"{seed} {name}".encode(), digest_size=16).digest() for name in names]
    fold = np.empty(len(names), dtype=np.int64)
    fold[np.argsort(np.array(drawn, dtype="S16"), kind="stable")] = np.arange(len(names)) % n_folds
    return fold[at]
