"""What costs come to per thing that was gained, what was spent for nothing, and room on disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from realty_assets.operations.retention.policy import read_policy
from realty_assets.operations.retention.retain import keepers_of
from realty_assets.operations.retention.things import Thing
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

# What is younger than this is what a class has grown by.
GROWTH_DAYS, YEAR_DAYS = 30.0, 365.0
# The first delivery of a younger home is no growth: nothing is said of its files.
LEAST_DAYS = 7.0
WAREHOUSE = "warehouse"
Row = dict[str, Any]


def per_gain(promotions: Sequence[Row]) -> list[Row]:
    """Rows of sql/operations/costs_of_promotions.sql as `per promoted model` and `per 1% of MAE
    gained`; the latter of promotions that were held against a champion, those that lost with a
    gain below 0. Without a gain there is no cost of one."""
    if not promotions:
        return []
    spent = sum(row["est_cost_usd"] for row in promotions)
    told = [
        {
            "work": "per promoted model",
            "units": float(len(promotions)),
            "est_cost_usd": spent / len(promotions),
            "wall_s": None,
        }
    ]
    paired = [row for row in promotions if row["gain_percent"] is not None]
    gained = sum(row["gain_percent"] for row in paired)
    if gained > 0:
        cost = sum(row["est_cost_usd"] for row in paired)
        told.append(
            {
                "work": "per 1% of MAE gained",
                "units": gained,
                "est_cost_usd": cost / gained,
                "wall_s": None,
            }
        )
    return told


def storage(
    things: Sequence[Thing], keep_days: dict[str, int | None], observed_days: float
) -> list[Row]:
    """Bytes of each class, what it grew by in 30 days, and what it comes to in a year.

    `observed_days`: how old the home is: in a young one 30 days are made of fewer. What is let go
    of by age stops growing when it is that old.
    """
    seen = min(max(observed_days, 1.0), GROWTH_DAYS)
    rows = []
    for kind in dict.fromkeys(one.kind for one in things):
        mine = [one for one in things if one.kind == kind]
        now = sum(one.n_bytes for one in mine)
        a_day = sum(one.n_bytes for one in mine if one.age_days < GROWTH_DAYS) / seen
        kept = keep_days.get(kind)
        in_a_year = now + a_day * YEAR_DAYS
        if kept is not None:
            in_a_year = min(in_a_year, max(float(now), a_day * kept))
        young = observed_days < LEAST_DAYS
        rows.append(_storage(kind, now, *(() if young else (a_day * GROWTH_DAYS, in_a_year))))
    return rows


def _storage(
    kind: str, now: float, grown: float | None = None, in_a_year: float | None = None
) -> Row:
    return {
        "class": kind,
        "n_bytes": int(now),
        "bytes_in_30_days": None if grown is None else int(grown),
        "bytes_in_a_year": None if in_a_year is None else int(in_a_year),
    }


def storage_of(warehouse: Warehouse) -> list[Row]:
    """storage() of a home, and its warehouse: its file now, and the growth of its tables."""
    policy = read_policy(warehouse.home)
    keepers = keepers_of(warehouse, policy)
    things = [one for keeper in keepers.values() for one in keeper.things()]
    ages = {kind: getattr(policy, kind).keep_days for kind in keepers}
    growth = warehouse.read(sql("operations/table_growth.sql")).row(0, named=True)
    oldest = max([one.age_days for one in things] + [float(growth["n_days"])], default=0.0)
    now, a_day = float(warehouse.path.stat().st_size), float(growth["bytes_a_day"])
    own = _storage(WAREHOUSE, now, a_day * GROWTH_DAYS, now + max(a_day, 0.0) * YEAR_DAYS)
    return [own, *storage(things, ages, oldest)]


def figures_of(warehouse: Warehouse) -> dict[str, list[Row]]:
    """`gains`, `waste` and `storage` of a home that has operations.costs."""
    gains: list[Row] = []
    if warehouse.exists("promotion.decisions") and warehouse.exists("promotion.paired_sales"):
        gains = per_gain(warehouse.read(sql("operations/costs_of_promotions.sql")).to_dicts())
    return {
        "gains": gains,
        "waste": warehouse.read(sql("operations/costs_of_waste.sql")).to_dicts(),
        "storage": storage_of(warehouse),
    }
