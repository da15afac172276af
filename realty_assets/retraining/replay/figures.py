"""What a replay came to: a row per month, and the figures of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.retraining import deciding as d
from realty_assets.retraining.replay.play import MANAGED, MODELS, MONTHLY, NEVER, Month

Row = dict[str, Any]
Array = npt.NDArray[np.float64]
# One-sided level at which a champion is called behind a model of the month, looking back.
BEHIND_ALPHA = 0.05
# Months of fewer sales say little about coverage.
MIN_MONTH = 300
_NORMAL = NormalDist()


def month_row(one: Month) -> Row:
    """One row of the table: figures of each model on the month's valid sales, and what was done."""
    row: Row = {
        "month": one.month,
        "champion_cutoff": one.standing.champion,
        "fired": "",
        "rung": "",
        "outcome": "",
        "reason": "",
        "promoted": one.promoted,
        "loop_cpu_s": round(one.seconds, 3),
    }
    if own := next((t for t in one.triggers if t["decision"] == d.FIRED), None):
        past = next(p for p in one.standing.past if p.trigger_id == own["trigger_id"])
        row |= {
            "fired": own["kind"],
            "rung": own["rung"],
            "outcome": past.outcome,
            "reason": own["reason"],
        }
    for name in MODELS:
        row |= _figures(name, of_model(one.sales, name))
    return row | {"n": row[f"{NEVER}_n"]}


def of_model(sales: pl.DataFrame, name: str) -> pl.DataFrame:
    """Valid sales of one model, in a stable order."""
    if sales.is_empty():
        return sales
    mine = sales.filter(pl.col("model") == name, pl.col("excluded_by").is_null())
    return mine.sort("cutoff", "listing_key", "property_key", "close_price")


def _figures(name: str, sales: pl.DataFrame) -> Row:
    if sales.is_empty():
        empty = dict.fromkeys(f"{name}_{what}" for what in ("mdape", "error", "bias", "coverage"))
        return {f"{name}_n": 0, **empty}
    price, value, lower, upper = _arrays(sales)
    off = np.log(value / price)
    return {
        f"{name}_n": len(sales),
        f"{name}_mdape": float(np.median(np.abs(value / price - 1.0))),
        f"{name}_error": float(np.add.reduce(np.abs(off)) / len(off)),
        f"{name}_bias": float(np.add.reduce(off) / len(off)),
        f"{name}_coverage": float(np.count_nonzero((lower <= price) & (price <= upper)) / len(off)),
    }


def _arrays(sales: pl.DataFrame) -> tuple[Array, Array, Array, Array]:
    price, value, lower, upper = (
        sales[name].cast(pl.Float64).to_numpy()
        for name in ("close_price", "value", "lower_90", "upper_90")
    )
    return price, value, lower, upper


def behind(sales: pl.DataFrame, name: str, alpha: float = BEHIND_ALPHA) -> bool:
    """Was a model, on a month's sales, less right than one made on the month's first day, beyond
    chance (paired, one-sided)?"""
    theirs, fresh = of_model(sales, name), of_model(sales, MONTHLY)
    if len(theirs) < MIN_SALES or len(theirs) != len(fresh):
        return False
    off = [np.abs(np.log(value / price)) for price, value, *_ in map(_arrays, (theirs, fresh))]
    gap = off[0] - off[1]
    mean = float(np.add.reduce(gap)) / len(gap)
    spread = float(np.sqrt(np.add.reduce((gap - mean) ** 2) / max(len(gap) - 1, 1)))
    if spread == 0.0:
        return mean > 0
    return mean / (spread / np.sqrt(len(gap))) > _NORMAL.inv_cdf(1 - alpha)


def summary(months: Sequence[Month], unretrained: dict[date, bool]) -> Row:
    """The figures of the whole. `unretrained`: of each month in which the loop fired, whether the
    champion that stood before was behind on the month's sales or on the next one's, all known."""
    sales = pl.concat([one.sales for one in months if len(one.sales)])
    told: Row = {"n_months": len(months), "n_sales": of_model(sales, NEVER).height}
    for name in MODELS:
        figures = _figures(name, of_model(sales, name))
        told |= {key: figures[key] for key in figures if not key.endswith("_n")}
    past = months[-1].standing.past
    trained = [one for one in past if one.rung != "person"]
    alarms = [one for one in past if one.kind in ("performance", "drift")]
    told |= {
        "n_retrains": len(trained),
        "n_retrains_monthly": len(months),
        "n_promoted": sum(one.promoted for one in months),
        "n_person_asked": len(past) - len(trained),
        "n_alarms": len(alarms),
        "n_false_alarms": sum(not unretrained[one.as_of] for one in alarms),
        "retrain_usd": round(sum((one.cost_usd or 0.0) for one in trained), 6),
    }
    full = [row for row in map(month_row, months) if row["n"] >= MIN_MONTH]
    told["n_months_300"] = len(full)
    for name in MODELS:
        seen = [row[f"{name}_coverage"] for row in full if row[f"{name}_coverage"] is not None]
        told[f"{name}_coverage_worst_300"] = min(seen, default=None)
    if told[f"{NEVER}_mdape"]:
        told["gain_over_never"] = 1.0 - told[f"{MANAGED}_mdape"] / told[f"{NEVER}_mdape"]
    return told | delays(months)


def delays(months: Sequence[Month]) -> Row:
    """How many months passed from the first in which the champion was behind to the one at whose
    beginning the loop fired; a spell ends with a new champion. Those that never fired are counted
    apart."""
    found: list[int] = []
    since: int | None = None
    undetected = 0
    for i, one in enumerate(months):
        fired = any(row["decision"] == d.FIRED for row in one.triggers)
        if since is not None and fired:
            found.append(i - since)
            since = None
        elif since is not None and one.promoted:
            since = None
        if since is None and not fired and behind(one.sales, MANAGED):
            since = i
    if since is not None:
        undetected = 1
    return {
        "n_detected": len(found),
        "n_undetected": undetected,
        "detection_delay_months": sum(found) / len(found) if found else None,
        "detection_delay_months_worst": max(found, default=None),
    }
