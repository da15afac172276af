"""A simpler model is not better: no baseline of the headline backtest has a lower error."""

from __future__ import annotations

import polars as pl

from realty_assets.modeling.judging.baseline_table import BETTER
from realty_assets.promotion.gates import FLOORS, Gate
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

BASELINES = "modeling.baselines"
NAME, REQUIREMENT = "no simpler model is better", "no baseline's error is lower beyond chance"
MISSING = "modeling.baselines says nothing of this backtest: `realty run all` makes it"


def read_baselines(warehouse: Warehouse, backtest_id: str) -> pl.DataFrame:
    """Rows (baseline, n, error_difference, error_difference_low, verdict), the best one first;
    empty where there is no such table, or nothing of this backtest in it."""
    if not warehouse.exists(BASELINES):
        return pl.DataFrame()
    return warehouse.read(sql("promotion/baselines.sql").bind(backtest_id=backtest_id))


def baseline_gate(rows: pl.DataFrame) -> Gate:
    """The gate on rows of `read_baselines`. A floor where there is evidence: anybody could have the
    better values for nothing. Without evidence it cannot say, and a verdict waits."""
    if rows.is_empty():
        return Gate(NAME, REQUIREMENT, None, None, "accuracy", MISSING)
    best = rows.row(0, named=True)
    better = rows.filter(verdict=BETTER)["baseline"].to_list()
    told = f"{best['baseline']}: mean absolute log error {best['error_difference']:+.3f} on "
    return Gate(
        NAME,
        REQUIREMENT,
        best["error_difference"],
        not better,
        FLOORS,
        f"{told}{best['n']} sales" + (f"; better: {', '.join(better)}" if better else ""),
    )
