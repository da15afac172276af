"""How often a sensor starts a run for one state of the world: until one goes well, three at most.

The runs themselves remember it, by a tag with the state; so a restarted daemon starts none twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

MOST_TRIES = 3


def next_try(
    instance: dg.DagsterInstance,
    tag: str,
    state: str,
    *,
    busy: str,
    failed: str,
    done: str | None = None,
    tags: dict[str, str] | None = None,
    config: dict[str, Any] | None = None,
    keys: Sequence[dg.AssetKey] | None = None,
) -> dg.RunRequest | dg.SkipReason:
    """The request for a run on `state`, or why there is none.

    `busy`, `failed` and `done` complete the sentences for a run under way, for MOST_TRIES that
    failed, and for one that went well (None: that does not end it, for the state will be another).
    `keys` are the assets that the run makes (None: all of its job's).
    """
    tried = instance.get_runs(filters=dg.RunsFilter(tags={tag: state}))
    if done is not None and any(run.is_success for run in tried):
        return dg.SkipReason(done)
    if any(not run.is_finished for run in tried):
        return dg.SkipReason(busy)
    if len(tried) >= MOST_TRIES:
        return dg.SkipReason(f"{len(tried)} runs have failed {failed}")
    # Dagster never starts a second run of one key, even when the first one failed.
    return dg.RunRequest(
        run_key=f"{state}-{len(tried)}",
        tags={**(tags or {}), tag: state},
        run_config=config,
        asset_selection=keys,
    )


def ended_well(instance: dg.DagsterInstance, tag: str, state: str) -> bool:
    """Has a run on `state` gone well?"""
    return any(
        run.is_success for run in instance.get_runs(filters=dg.RunsFilter(tags={tag: state}))
    )


def as_result(tried: dg.RunRequest | dg.SkipReason) -> dg.SensorResult | dg.SkipReason:
    """What a sensor returns for `next_try`."""
    return tried if isinstance(tried, dg.SkipReason) else dg.SensorResult(run_requests=[tried])
