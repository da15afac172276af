"""Blocking checks of modeling: no promotion and no value while intervals do not hold."""

from __future__ import annotations

import dagster as dg

from realty_assets.modeling.audit import BANDS, off_coverage
from realty_assets.modeling.backtest_store import BACKTESTS
from realty_assets.warehouse import Warehouse


@dg.asset_check(
    asset=["modeling", "backtests"],
    blocking=True,
    pool="duckdb",
    description=(
        "The 90% intervals of every headline hold what they promise, in all and in every quartile "
        "of predicted price, within what chance explains."
    ),
)
def intervals_hold(warehouse: Warehouse) -> dg.AssetCheckResult:
    off = off_coverage(warehouse.read(BACKTESTS))
    return dg.AssetCheckResult(
        passed=off.is_empty(),
        metadata={"off": dg.MetadataValue.json(off.to_dicts()), "bands": str(BANDS)},
    )
