"""Backups in the home's own folder: the newest, the young and one a month stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from realty_assets.clock import utc_now
from realty_assets.operations.home_files import BACKUPS
from realty_assets.operations.manifest import backups_in
from realty_assets.operations.retention.policy import Backups as Rules
from realty_assets.operations.retention.things import Thing, size_and_age, take_away, young


@dataclass(frozen=True)
class BackupKeeper:
    """The backups of a home; each can go without harm to the others."""

    home: Path
    rules: Rules

    def things(self) -> list[Thing]:
        now, made = utc_now(), []
        found = [(place, told.made_at) for place, told in backups_in(self.home / BACKUPS)]
        monthly = _newest_of_months([at for _, at in found], self.rules.keep_monthly)
        for n_newer, (place, made_at) in enumerate(reversed(found)):
            age_days = (now - made_at) / timedelta(days=1)
            if n_newer < self.rules.keep_newest:
                kept: str | None = f"among the newest {self.rules.keep_newest}"
            elif made_at in monthly:
                kept = "the newest of its month"
            else:
                kept = young(age_days, self.rules.keep_days)
            n_bytes, _ = size_and_age(place)
            item = place.relative_to(self.home).as_posix()
            made.append(Thing("backups", item, n_bytes, age_days, kept, (place.name,)))
        return made[::-1]

    def exists(self, item: str) -> bool:
        return (self.home / item).is_dir()

    def remove(self, item: str) -> None:
        if self.exists(item):
            take_away(self.home / item)


def _newest_of_months(made_at: list[datetime], n_months: int) -> set[datetime]:
    newest = {(at.year, at.month): at for at in sorted(made_at)}
    return {newest[month] for month in sorted(newest)[-n_months:]} if n_months else set()
