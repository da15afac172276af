"""What a start of the home does after a crash: dead runs are ended, and what they left half done is
mended."""

from __future__ import annotations

import dagster as dg

from realty_assets.promotion.registry import reconcile
from realty_assets.runs import dead_runs, free_dead_runs
from realty_assets.warehouse import Warehouse


def recover(instance: dg.DagsterInstance, warehouse: Warehouse) -> list[str]:
    """Ends runs whose process is gone; returns their ids.

    MLflow's aliases are put right before, so that a kill in the middle of this finds the dead runs
    once more. Without a dead run the warehouse is not opened.
    """
    if dead_runs(instance):
        reconcile(warehouse)
    return free_dead_runs(instance)
