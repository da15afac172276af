"""A replay of a home, by its own policies and on its own tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.budgets import read_costs
from realty_assets.evaluation.splits import parse_month
from realty_assets.modeling.backtest_report import Window
from realty_assets.modeling.home_models import ModelHome
from realty_assets.modeling.judging.making import photo_counts
from realty_assets.monitoring.policy import read_policy as read_monitoring
from realty_assets.monitoring.populations import matrix_features
from realty_assets.promotion.policy import read_policy as read_promotion
from realty_assets.retraining.policy import read_policy
from realty_assets.retraining.replay.play import Rules
from realty_assets.retraining.replay.run import Asked, OnMonth, replay
from realty_assets.retraining.replay.world import World
from realty_assets.statements import sql


def replay_home(home: ModelHome, window: Window, folder: Path, on_month: OnMonth) -> dict[str, Any]:
    """Replays the months of `window` into `folder`; what there is to tell. Settings are those of a
    search that ended before the first month, else the profile's own. Raises NotEnoughSales."""
    warehouse = home.warehouse
    first = parse_month(window.from_month)
    market = home.market(window.track, first)
    monitoring, costs = read_monitoring(warehouse.home), read_costs(warehouse.home)
    features = matrix_features(warehouse, window.track)
    families = warehouse.read(sql("monitoring/feature_sources.sql"))
    of_the_market = pl.col("family").is_in(monitoring.never_critical)
    never_critical = families.filter(of_the_market)["feature"].to_list()

    def rules_of(world: World) -> Rules:
        def drifting(cutoff: date, today: date) -> Sequence[tuple[str, int]]:
            return world.critical_features(features, monitoring, never_critical, cutoff, today)

        return Rules.of(
            read_policy(warehouse.home),
            read_promotion(warehouse.home),
            lambda day: costs.price_on(day).cpu_hour_usd,
            drifting,
        )

    asked = Asked(
        first, parse_month(window.to_month), folder, home.snapshot_hash(), photo_counts(warehouse)
    )
    told = replay(market, rules_of, asked, on_month)
    return {"from": window.from_month, "to": window.to_month, "track": window.track, **told}
