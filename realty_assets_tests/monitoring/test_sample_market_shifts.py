"""Shifts on the sample market are told of within two months; its quiet years are quiet.

The market of watched_markets.py on the whole road. With REALTY_TORTURE=full, 20 seeds of 24 quiet
months and two of each shift; else one month of one shift, with a shorter past.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from realty_assets.monitoring.alerting.kinds import CRITICAL, ERRORS, FEED, PERFORMANCE
from realty_assets.monitoring.alerting.records import Breach
from realty_assets_tests.monitoring.watched_markets import (
    Shift,
    emptied,
    new_subdivision,
    runs,
    watched_home,
    without_photos,
)

FULL = os.environ.get("REALTY_TORTURE") == "full"
pytestmark = [pytest.mark.slow, pytest.mark.torture]
Tells = Callable[[Breach], bool]
Record = Callable[[str, object], None]
FALL = 0.11  # the generator's own, from its peak on
QUIET_MONTHS, QUIET_SEEDS, TOGETHER = 24, 20, 4
SHIFTS: dict[str, tuple[Shift, Tells]] = {
    "broken feed column": (
        Shift(cells=emptied("Bedrooms")),
        lambda one: (one.kind, one.feature) == (FEED, "bedrooms_total"),
    ),
    "photos missing": (
        Shift(cells=without_photos),
        lambda one: one.feature == "photos_count",
    ),
    "new subdivision": (
        Shift(cells=new_subdivision),
        lambda one: one.feature == "subdivision_name",
    ),
    "price turn": (Shift(fall=FALL), lambda one: one.kind in (ERRORS, PERFORMANCE)),
}
CASES = (
    [(name, seed) for name in SHIFTS for seed in range(2)] if FULL else [(next(iter(SHIFTS)), 0)]
)


def delay(found: list[list[Breach]], since: int, tells: Tells) -> int | None:
    """Months from the beginning of month `since` to the run that first has an alert of the shift,
    which the run before the shift had not; None: none has."""
    stood = {one.key for one in found[since - 1]} if since else set()
    for at, standing in enumerate(found[since:]):
        if any(tells(one) and one.key not in stood for one in standing):
            return at + 1
    return None


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_a_shift_of_the_sample_market_is_told_of_within_two_months(
    name: str, seed: int, tmp_path: Path, record_property: Record
) -> None:
    shift, tells = SHIFTS[name]
    since, n_later, n_before = (1, 3, 14) if FULL else (0, 1, 10)
    home = watched_home(tmp_path / "home", seed, n_before, n_later, shift, since)
    found = delay(runs(home, n_before, n_later, monthly=True), since, tells)
    assert found is not None
    record_property(f"months until told, {name}", found)
    # What the feed no longer fills is told of by the run that took it in.
    assert found <= (1 if name == "broken feed column" else 2)


def criticals(found: list[list[Breach]]) -> list[str]:
    """Alerts that became critical, with the month in which they did, over again if they came back:
    every one is a false alarm."""
    told, before = [], set[str]()
    for at, standing in enumerate(found):
        now = {one.key for one in standing if one.severity == CRITICAL}
        told += [f"{key} in month {at + 1}" for key in sorted(now - before)]
        before = now
    return told


if FULL:  # more than a minute a seed

    @pytest.mark.parametrize("first", range(0, QUIET_SEEDS, TOGETHER))
    def test_quiet_years_of_the_sample_market_have_hardly_a_critical_alert(
        first: int, tmp_path: Path, record_property: Record
    ) -> None:
        told: dict[int, list[str]] = {}
        for seed in range(first, first + TOGETHER):
            home = watched_home(tmp_path / f"{seed}", seed, 14, QUIET_MONTHS, Shift(), 0)
            told[seed] = criticals(runs(home, 14, QUIET_MONTHS, monthly=False))
            shutil.rmtree(home.home)
        n_critical = sum(map(len, told.values()))
        record_property("critical alerts per 24 quiet months", n_critical / TOGETHER)
        assert n_critical <= TOGETHER, told
