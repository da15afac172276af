"""What runs cost, as rows: from what was measured beside them, at the price of their day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from realty_assets.budgets import Costs, overstepped, read_costs
from realty_assets.clock import utc_now
from realty_assets.cost_days import unusual_days
from realty_assets.metering import RUNS, gib, settle_killed, totals
from realty_assets.operations.bills import BILLS, reconciled
from realty_assets.operations.cost_figures import figures_of
from realty_assets.operations.records import create_tables
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

COSTS = "operations.costs"
BLOCK_BYTES = 1 << 18
SCHEMA: dict[str, Any] = {
    "run_id": pl.String,
    "job": pl.String,
    "step": pl.String,
    "asset": pl.String,
    "started_at": pl.Datetime("us"),
    "wall_s": pl.Float64,
    "cpu_s": pl.Float64,
    "peak_rss_bytes": pl.Int64,
    "n_rows": pl.Int64,
    "table_bytes": pl.Int64,
    "reused": pl.Boolean,
    "outcome": pl.String,
    "est_cost_usd": pl.Float64,
    "price_version": pl.Date,
}


def take_in(warehouse: Warehouse) -> int:
    """Adds what was measured since to operations.costs, killed runs too; returns how many runs.

    A file goes once its rows stand; rows that a kill left beside their file come no second time.
    Raises CostsError.
    """
    settle_killed(warehouse.home)
    files = sorted((warehouse.home / RUNS).glob("*.json"))
    if not files:
        return 0
    costs = read_costs(warehouse.home)
    with warehouse.transaction() as tx:
        create_tables(tx)
        known = set(tx.read(COSTS, columns=["run_id"])["run_id"])
        told = [json.loads(path.read_text(encoding="utf-8")) for path in files]
        new = [one for one in told if one["run_id"] not in known]
        sizes: dict[str, int | None] = {}
        rows = [row for one in new for row in _rows(tx, one, costs, sizes)]
        if rows:
            tx.append(COSTS, pl.DataFrame(rows, schema=SCHEMA))
    for path in files:
        path.unlink()
    return len(new)


def _rows(
    tx: Tx, run: Mapping[str, Any], costs: Costs, sizes: dict[str, int | None]
) -> list[dict[str, Any]]:
    """A row per table of each step, which bears its part of the step; one for a step without."""
    rows = []
    price = costs.price_on(datetime.fromisoformat(run["ended_at"]).date())
    for step in run["steps"]:
        made = step["assets"] or [{"asset": None, "n_rows": None, "reused": False}]
        wall_s, cpu_s = step["wall_s"] / len(made), step["cpu_s"] / len(made)
        for one in made:
            rows.append(
                {
                    "run_id": run["run_id"],
                    "job": run["job"],
                    "step": step["step"],
                    "started_at": datetime.fromisoformat(step["started_at"]),
                    "wall_s": wall_s,
                    "cpu_s": cpu_s,
                    "peak_rss_bytes": step["peak_rss_bytes"],
                    "outcome": step["outcome"],
                    "table_bytes": _size(tx, one, sizes),
                    "est_cost_usd": price.of(cpu_s, gib(step["peak_rss_bytes"]) * wall_s),
                    "price_version": price.since,
                    **one,
                }
            )
    return rows


def _size(tx: Tx, made: Mapping[str, Any], sizes: dict[str, int | None]) -> int | None:
    """Bytes of the blocks that hold a table as it stands; None for one that was not made anew."""
    table = made["asset"]
    if table is None or made["reused"]:
        return None
    if table not in sizes:
        sizes[table] = _bytes_of(tx, table)
    return sizes[table]


def _bytes_of(tx: Tx, table: str) -> int | None:
    try:
        found = tx.conn.execute(
            "SELECT count(DISTINCT block_id) FROM pragma_storage_info(?) WHERE persistent", [table]
        ).fetchall()
    except duckdb.CatalogException:
        # A view, or a table that is there no more.
        return None
    return int(found[0][0]) * BLOCK_BYTES


def told_of(warehouse: Warehouse, now: datetime | None = None) -> dict[str, Any]:
    """What runs cost: this month and its budgets, each run, each table, each unit of work; what was
    spent for nothing, room on disk, and bills beside the estimate."""
    now = now or utc_now()
    costs = read_costs(warehouse.home)
    month = totals(warehouse.home, now)
    told: dict[str, Any] = {
        "month": f"{now:%Y-%m}",
        "n_runs": len(month),
        "est_cost_usd": sum(costs.of_run(one) for one in month),
        "budgets": costs.budgets.model_dump(),
        "over_budget": [over.sentence for over in overstepped(warehouse.home, now)],
        "unusual_days": [one.sentence for one in unusual_days(warehouse.home, now.date())],
        "price_version": str(costs.price_on(now.date()).since),
    }
    if not warehouse.exists(COSTS):
        return told
    figures = figures_of(warehouse)
    billed: list[dict[str, Any]] = []
    if warehouse.exists(BILLS):
        with warehouse.transaction() as tx:
            billed = reconciled(tx)
    return told | {
        "work": [
            *warehouse.read(sql("operations/costs_of_work.sql")).to_dicts(),
            *figures["gains"],
        ],
        "waste": figures["waste"],
        "storage": figures["storage"],
        "reconciled": billed,
        "assets": warehouse.read(sql("operations/costs_by_asset.sql")).to_dicts(),
        "runs": warehouse.read(sql("operations/costs_by_run.sql")).to_dicts(),
    }
