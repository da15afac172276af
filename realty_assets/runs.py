"""Runs started from the command line: real runs of the home's Dagster instance."""

from __future__ import annotations

import fcntl
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from realty_assets.errors import RealtyError, if_disk_full
from realty_assets.faces import KEPT_BACK
from realty_assets.processes import PID_TAG, alive, process_tags

POLL_S = 0.3
UNFINISHED = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
# Called with ("step" | "done" | "failed", name of the step, seconds or None).
OnStep = Callable[[str, str, float | None], None]


class RunFailed(RealtyError):
    """A Dagster run ended in failure; the message is that of the first step that failed."""


@dataclass(frozen=True)
class RunOutcome:
    """What a finished run left in the event log."""

    run_id: str
    materialized: tuple[dg.AssetKey, ...]
    reused: tuple[dg.AssetKey, ...]
    wall_s: float
    step_s: Mapping[str, float]
    # Whether no other run has made any of these tables since.
    last_word: bool
    # Tables that a pause of publishing kept as they were, by key, with the sentence that says so.
    kept_back: Mapping[dg.AssetKey, str]


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of the home; its databases are made by one process at a time.

    Two that make them at once leave them with two schema versions, which no later command can read.
    """
    place = Path(os.environ["DAGSTER_HOME"]) / ".opening"
    with place.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        instance = dg.DagsterInstance.get()
        # Made when they are first asked for.
        _ = instance.run_storage, instance.event_log_storage, instance.schedule_storage
        instance.get_runs_count()
    with instance:
        yield instance


def execute(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    *,
    asset_selection: Sequence[dg.AssetKey] | None = None,
    ops: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    on_step: OnStep | None = None,
) -> RunOutcome:
    """Runs `job` in this process, as a run that the UI shows. Raises RunFailed."""
    free_dead_runs(instance)
    run_id = str(uuid.uuid4())
    config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if ops:
        config["ops"] = dict(ops)
    started = time.monotonic()
    with _watching(instance, run_id, on_step):
        result = job.execute_in_process(
            run_config=config,
            instance=instance,
            asset_selection=list(asset_selection) if asset_selection else None,
            run_id=run_id,
            raise_on_error=False,
            tags={**process_tags(), **(tags or {})},
        )
    if not result.success:
        raise RunFailed(_why(result, run_id))
    made = [
        event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
    ]
    return RunOutcome(
        run_id,
        tuple(one.asset_key for one in made),
        tuple(
            one.asset_key
            for one in made
            if "reused" in one.metadata and one.metadata["reused"].value
        ),
        time.monotonic() - started,
        {key: seconds for key, seconds in map(_step_seconds, result.all_events) if key},
        all(_made_by(instance, one.asset_key) == run_id for one in made),
        {
            one.asset_key: str(one.metadata[KEPT_BACK].value)
            for one in made
            if KEPT_BACK in one.metadata
        },
    )


def _made_by(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    event = instance.get_latest_materialization_event(key)
    return event.run_id if event else None


def _step_seconds(event: dg.DagsterEvent) -> tuple[str | None, float]:
    """(name of the step that ended well here, its seconds), or (None, 0)."""
    if not event.is_step_success:
        return None, 0.0
    data: Any = event.event_specific_data
    return event.step_key, data.duration_ms / 1000


def free_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Ends runs whose process is gone and gives back their place in the pool; returns their ids.

    A killed run keeps its slot otherwise, and the next one would wait for it for ever.
    """
    dead = dead_runs(instance)
    for run in dead:
        instance.report_run_failed(run, "The process of this run is gone: it was killed.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def dead_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Runs that count as under way, and whose process is gone."""
    # A run without a process of its own is still being launched by a daemon.
    return [
        run
        for run in instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED))
        if PID_TAG in run.tags and not alive(run.tags)
    ]


def _why(result: dg.ExecuteInProcessResult, run_id: str) -> str:
    for event in result.all_events:
        if not event.is_step_failure or event.step_failure_data.error is None:
            continue
        error = event.step_failure_data.error
        while error.cause is not None and error.cls_name not in _told():
            error = error.cause
        text = error.message.strip().split("\n")[0]
        if error.cls_name in _told():
            _, _, text = text.partition(": ")
        elif said := if_disk_full(text):
            text = said
        return f"{event.step_key} failed: {text} (run {run_id[:8]})"
    return f"run {run_id[:8]} failed; its log stands in the UI (`realty ui`)"


def _told(base: type = RealtyError) -> set[str]:
    """Names of the errors whose message is a sentence for the user."""
    names = {base.__name__}
    kind: type
    for kind in base.__subclasses__():
        names |= _told(kind)
    return names


class _watching:
    """Reports steps from the event log while a run goes on in the main thread."""

    def __init__(self, instance: dg.DagsterInstance, run_id: str, on_step: OnStep | None) -> None:
        self.instance, self.run_id, self.on_step = instance, run_id, on_step
        self.stop = threading.Event()
        self.cursor: str | None = None
        self.began: dict[str, float] = {}
        self.thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> None:
        if self.on_step:
            self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        if self.on_step:
            self.thread.join()
            self._look()

    def _loop(self) -> None:
        while not self.stop.wait(POLL_S):
            self._look()

    def _look(self) -> None:
        assert self.on_step is not None
        found = self.instance.get_records_for_run(self.run_id, cursor=self.cursor)
        self.cursor = found.cursor
        for record in found.records:
            event = record.event_log_entry.dagster_event
            if event is None or event.step_key is None:
                continue
            if event.is_step_start:
                self.began[event.step_key] = record.timestamp
                self.on_step("step", event.step_key, None)
            elif event.is_step_success or event.is_step_failure:
                took = record.timestamp - self.began.get(event.step_key, record.timestamp)
                self.on_step("done" if event.is_step_success else "failed", event.step_key, took)
