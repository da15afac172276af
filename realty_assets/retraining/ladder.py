"""What a rung of the ladder makes, as tables; a job runs them in their order.

- `recalibrate`: the champion's boosters with intervals made anew, as a model of its own. Nothing is
  trained, and no value changes.
- `index`: index, comparables, windows and values of today, by the champion as it is. Nothing of the
  model changes, so no model comes of it.
- `refit`: the champion's settings on all that is known today.
- `retune`: a search around the champion's settings, then as `refit`.
- `search`: twice as many candidates over all settings, then as `refit`.

All but `index` leave a model like any other, which the gate judges.
"""

from __future__ import annotations

from typing import Any

from realty_assets.retraining.policy import Rung

WALK = ("modeling.walk_forward", "modeling.predictions", "modeling.backtests", "modeling.openings")
INTERVALS = ("modeling.interval_methods", "modeling.hit_rates")
PROMOTION = tuple(
    f"promotion.{name}" for name in ("decisions", "aliases", "paired_sales", "probations")
)
LOOK = ("retraining.champion_months", "retraining.triggers")
FEATURES = (
    *(f"features.{name}" for name in ("vintages", "market_index", "matrix", "comparables")),
    *("features.matrix_at_listing", "features.matrix_on_market", "features.registry"),
)
VALUES = ("serving.valuations", "serving.listing_valuations")
TRIALS, MODELS = "modeling.trials", "modeling.models"
_MODEL = (*WALK, *INTERVALS, MODELS, *PROMOTION, *LOOK)
TABLES: dict[Rung, tuple[str, ...]] = {
    "recalibrate": (MODELS, *PROMOTION, *LOOK),
    "index": (*FEATURES, *VALUES, *LOOK),
    "refit": _MODEL,
    "retune": (TRIALS, *_MODEL),
    "search": (TRIALS, *_MODEL),
    "person": (),
}
ALL_TABLES = tuple(dict.fromkeys(name for names in TABLES.values() for name in names))


def op_config(rung: Rung, trigger_id: str) -> dict[str, Any]:
    """Configuration of the ops of a run of `rung`."""
    config: dict[str, Any] = {"retraining": {"config": {"trigger_id": trigger_id}}}
    if TRIALS in TABLES[rung]:
        config["modeling__trials"] = {"config": {"search": rung}}
    if rung == "recalibrate":
        config["modeling__models"] = {"config": {"recalibrate": True}}
    return config
