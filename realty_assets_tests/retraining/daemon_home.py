"""What a real daemon runs in test_daemon.py: the sensor on retrains, and tables that cost nothing.

A run writes the id of its trigger into DONE of the home, and looks as if it had not heard of
itself.
"""

# No postponed annotations here: Dagster looks at the type of `config` itself.
import os
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from realty_assets.retraining.assets import DUE
from realty_assets.retraining.ladder import ALL_TABLES
from realty_assets.retraining_watch import LOOK, retrain_job, retraining_sensor

DONE = "done.txt"
WORDS = {"trigger_id": "t1", "rung": "refit", "kind": "performance"}


def look() -> dg.AssetMaterialization:
    """The look that says a retrain is due."""
    return dg.AssetMaterialization(LOOK, metadata={DUE: dg.MetadataValue.json(WORDS)})


class Config(dg.Config):
    trigger_id: str


@dg.multi_asset(
    name="retraining",
    specs=[dg.AssetSpec(name.split(".")) for name in ALL_TABLES],
    can_subset=True,
)
def retraining(context: dg.AssetExecutionContext, config: Config) -> Iterator[dg.MaterializeResult]:
    with (Path(os.environ["REALTY_HOME"]) / DONE).open("a") as file:
        file.write(f"{config.trigger_id}\n")
    time.sleep(2)
    for key in sorted(context.selected_asset_keys):
        yield dg.MaterializeResult(key, metadata=dict(look().metadata) if key == LOOK else {})


defs = dg.Definitions(assets=[retraining], jobs=[retrain_job], sensors=[retraining_sensor])
