"""Steps that failed when they last ran, told from Dagster's event log.

A step is an asset, some that are made together, or a check that blocks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

LOOKED_AT = [
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
]
# How far back to look: a step that has not run in so many runs is not waited for.
MOST_RUNS = 50


@dataclass(frozen=True)
class Failure:
    """A step whose last run, `run_id`, failed, and how often in a row it has."""

    step: str
    run_id: str
    n_in_a_row: int


def failing_steps(instance: dg.DagsterInstance) -> list[Failure]:
    """Steps that failed when they last ran, by name; what a run that goes on has ended counts. A
    step that was under way when its process was killed has failed; one that was left out because of
    another has not."""
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=LOOKED_AT), limit=MOST_RUNS)
    if not any(run.is_failure for run in runs):
        return []
    found: dict[str, Failure] = {}
    settled: set[str] = set()
    for run in runs:
        for told in instance.get_run_step_stats(run.run_id):
            status = "SKIPPED" if told.status is None else told.status.value
            under_way = status == "IN_PROGRESS" and not run.is_finished
            if told.step_key in settled or status == "SKIPPED" or under_way:
                continue
            if status == "SUCCESS":
                settled.add(told.step_key)
            elif told.step_key in found:
                one = found[told.step_key]
                found[one.step] = Failure(one.step, one.run_id, one.n_in_a_row + 1)
            else:
                found[told.step_key] = Failure(told.step_key, run.run_id, 1)
    return sorted(found.values(), key=lambda one: one.step)


def digest_of(failures: Sequence[Failure]) -> str:
    """Names a state of failures: another one is news. Empty when there are none.

    A step that fails for the third time is no other state: who looks at alerts because of it may
    fail itself, and would look for ever.
    """
    told = [f"{one.step} {min(one.n_in_a_row, 2)}" for one in failures]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16] if told else ""
