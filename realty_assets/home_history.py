"""Runs of a home's Dagster instance as things that may go, with their events and their logs.

Dagster itself keeps events for ever. A run that made what stands now stays: its events say so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dagster as dg

from realty_assets.operations.retention.things import DAY_S, Thing, size_and_age, take_away, young

KIND = "runs"
HISTORY, LOGS = Path("dagster") / "history" / "runs", Path("dagster") / "storage"


@dataclass(frozen=True)
class RunKeeper:
    """The runs of an instance that lives in `home`."""

    instance: dg.DagsterInstance
    home: Path
    keep_days: int | None

    def things(self) -> list[Thing]:
        made = []
        for record in self.instance.get_run_records():
            run = record.dagster_run
            ended = record.end_time or record.update_timestamp.timestamp()
            age_days = max(0.0, time.time() - ended) / DAY_S
            if not run.is_finished:
                kept: str | None = "under way"
            elif table := self._makers.get(run.run_id):
                kept = f"made what stands of {table}"
            else:
                kept = young(age_days, self.keep_days)
            files = [*self._events(run.run_id), self.home / LOGS / run.run_id]
            n_bytes = sum(size_and_age(path)[0] for path in files)
            made.append(Thing(KIND, run.run_id, n_bytes, age_days, kept))
        return made

    def exists(self, item: str) -> bool:
        return self.instance.get_run_by_id(item) is not None

    def remove(self, item: str) -> None:
        # Also for a run that is gone already: a kill may have come before its events went. The
        # file of its events goes last.
        logs, *events = [self.home / LOGS / item, *self._events(item)]
        if logs.exists():
            take_away(logs)
        if events or self.exists(item):
            self.instance.delete_run(item)
        for path in self._events(item):
            take_away(path)

    @cached_property
    def _makers(self) -> dict[str, str]:
        """Runs that made the newest state of a table, by id."""
        found = {}
        for record in self.instance.get_asset_records():
            entry = record.asset_entry
            newest = entry.last_materialization
            if newest is not None:
                found[newest.run_id] = entry.asset_key.to_user_string()
        return found

    def _events(self, run_id: str) -> list[Path]:
        """The run's own database, with what SQLite puts beside it."""
        return sorted((self.home / HISTORY).glob(f"{run_id}.db*"))
