"""An assessor's ratio study: values against time-adjusted sales, by class and neighbourhood."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from realty_assets.evaluation.acceptable import ACCEPTABLE, hint, within
from realty_assets.evaluation.arrays import TOO_SMALL
from realty_assets.evaluation.ratio_study import STATISTICS, ratio_study

UNKNOWN = "not known"
# (name of the family, columns that its groups are told by)
FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("all", ()),
    ("class", ("class",)),
    ("neighbourhood", ("neighbourhood",)),
    ("class and neighbourhood", ("class", "neighbourhood")),
)
SCHEMA: dict[str, Any] = {
    "family": pl.String,
    "group": pl.String,
    "n": pl.Int64,
    **{
        f"{name}{end}": pl.Boolean if end == "_acceptable" else pl.Float64
        for name in STATISTICS
        for end in ("", "_low", "_high", "_acceptable")
        if end != "_acceptable" or name in ACCEPTABLE
    },
    "note": pl.String,
}


def study(
    rows: pl.DataFrame, *, seed: int = 7, n_draws: int = 1000, n_draws_of_groups: int = 300
) -> pl.DataFrame:
    """One row per group: n, each IAAO statistic with its 95% interval and whether it is acceptable.

    `rows` holds value and adjusted_price (dollars, positive) and class and neighbourhood (text,
    null where unknown). A group of under 30 sales has its n and a note, no figure. The order of
    rows does not matter. Families of a single group that repeats another one are left out.
    """
    named = rows.with_columns(pl.col("class", "neighbourhood").fill_null(UNKNOWN))
    out: list[dict[str, Any]] = []
    for family, columns in FAMILIES:
        if columns and all(named[column].n_unique() < 2 for column in columns):
            continue
        if len(columns) > 1 and any(named[column].n_unique() < 2 for column in columns):
            continue
        labels = (pl.concat_str(list(columns), separator=", ") if columns else pl.lit("all")).alias(
            "group"
        )
        grouped = named.with_columns(labels).sort("group", "adjusted_price", "value")
        draws = n_draws_of_groups if columns else n_draws
        for (group,), mine in grouped.group_by("group", maintain_order=True):
            out.append({"family": family, "group": group, **figures(mine, seed, draws)})
    return pl.DataFrame(out, schema=SCHEMA)


def figures(rows: pl.DataFrame, seed: int, n_draws: int) -> dict[str, Any]:
    """n, statistics and a note of the rows of one group."""
    value = rows["value"].to_numpy().astype(np.float64)
    price = rows["adjusted_price"].to_numpy().astype(np.float64)
    found = ratio_study(value, price, seed=seed, n_draws=n_draws)
    out: dict[str, Any] = {"n": len(rows)}
    if any(one.note == TOO_SMALL for one in found.values()):
        return out | {"note": TOO_SMALL}
    for name, one in found.items():
        out |= {
            name: _finite(one.value),
            f"{name}_low": _finite(one.low),
            f"{name}_high": _finite(one.high),
        }
        if name in ACCEPTABLE:
            out[f"{name}_acceptable"] = within(name, _finite(one.value))
    return out | {"note": hint(found["cod"].value)}


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
