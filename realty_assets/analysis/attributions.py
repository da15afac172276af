"""analysis.attributions: every home's value, part by part, in log points and in dollars.

Dollars are allotted in proportion to log points by the logarithmic mean of value and base (Ang
2004, the LMDI decomposition): a part of c log points gets c * (value - base_usd) /
ln(value / base_usd) dollars, which is additive, exact, and the same for equal parts of one home.
The base is what the ensemble says of a home of which it knows nothing: exp of `Contributions.base`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.analysis.contributions import TOLERANCE, Contributions
from realty_assets.evaluation.splits import next_month

Array = npt.NDArray[np.float64]

KEYS = ("role", "property_key", "listing_key", "track", "as_of", "close_date")
VALUED = ("active", "property")
# Parts that are no feature of the model, by name: what kind of part each is.
BASE, START_PART, INDEX, SHIFT, OTHER, ROUNDING = (
    *("base", "comps_start", "market_index", "level_shift"),
    *("other_features", "rounding"),
)
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "role": pl.String,
    "property_key": pl.String,
    "listing_key": pl.String,
    "track": pl.String,
    "as_of": pl.Date,
    "close_date": pl.Date,
    "model_version": pl.String,
    "rank": pl.Int64,
    "part": pl.String,
    "kind": pl.String,
    "family": pl.String,
    "feature_value": pl.Float64,
    "log_points": pl.Float64,
    "dollars_usd": pl.Float64,
    "value_usd": pl.Float64,
}


def explained_homes(matrix: pl.DataFrame, most: int) -> pl.DataFrame:
    """Matrix rows to explain: homes valued today, and the sales of the last full month before.

    At most `most` of each, drawn by the hash of their keys. Sorted by role and key.
    """
    today = matrix.filter(pl.col("role").is_in(VALUED))
    sold = matrix.filter(pl.col("role") == "sale")
    newest = sold["close_date"].max()
    if isinstance(newest, date):
        last = next_month(newest, -1)
        inside = pl.col("close_date").is_between(last, next_month(last), closed="left")
        sold = sold.filter(inside)
    return pl.concat([_drawn(today, most), _drawn(sold, most)]).sort(
        "role", "property_key", "listing_key", "close_date", nulls_last=False, maintain_order=True
    )


def _drawn(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most `most` of the rows, whatever their order."""
    if len(rows) <= most:
        return rows
    names = rows.select(pl.concat_str("role", "property_key", "listing_key", ignore_nulls=True))
    draw = [hashlib.sha256(str(name).encode()).hexdigest() for name in names.to_series()]
    return rows.with_columns(_draw=pl.Series(draw)).sort("_draw").head(most).drop("_draw")


def dollars(log_points: Array, base: float, log_value: Array) -> Array:
    """Dollars (n, k) of parts (n, k) in log points that sum to log_value - base (n,)."""
    gap = log_value - base
    near = np.abs(gap) < 1e-12
    per_point = np.where(
        near, np.exp(log_value), np.exp(base) * np.expm1(gap) / np.where(near, 1.0, gap)
    )
    return log_points * per_point[:, None]


def attribution_rows(
    homes: pl.DataFrame,
    parts: Contributions,
    families: Mapping[str, str],
    model_version: str,
    top_k: int,
) -> pl.DataFrame:
    """The table: for each home its base, its `top_k` features by size, all others together, and the
    parts that are no feature. Their log points sum to ln value, their dollars to the value."""
    if homes.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    n, k = parts.features.shape
    top_k = min(top_k, k)
    order = np.argsort(-np.abs(parts.features), axis=1, kind="stable")[:, :top_k]
    top = np.take_along_axis(parts.features, order, axis=1)
    other = np.add.reduce(parts.features, axis=1) - np.add.reduce(top, axis=1)
    ends = np.column_stack(
        [other, parts.start, parts.index, np.full(n, parts.level_shift), parts.rounding]
    )
    log_points = np.hstack([top, ends])
    usd = dollars(log_points, parts.base, parts.log_value)
    log_points = np.hstack([np.full((n, 1), parts.base), log_points])
    usd = np.hstack([np.full((n, 1), np.exp(parts.base)), usd])
    names = np.array(parts.names, dtype=object)
    kinds = [BASE, *["feature"] * top_k, OTHER, START_PART, INDEX, SHIFT, ROUNDING]
    part = np.empty(log_points.shape, dtype=object)
    part[:] = np.array(kinds, dtype=object)
    part[:, 1 : top_k + 1] = names[order]
    seen = homes.select(parts.names).to_numpy().astype(np.float64)
    shown = np.full(log_points.shape, np.nan)
    shown[:, 1 : top_k + 1] = np.take_along_axis(seen, order, axis=1)
    width = len(kinds)
    flat = part.ravel().tolist()
    kind = ["feature" if name in families else name for name in flat]
    return (
        homes.select(KEYS)[np.repeat(np.arange(n), width).tolist()]
        .with_columns(
            model_version=pl.lit(model_version),
            rank=pl.Series(np.tile(np.arange(width), n)),
            part=pl.Series(flat, dtype=pl.String),
            kind=pl.Series(kind, dtype=pl.String),
            family=pl.Series([families.get(name) for name in flat], dtype=pl.String),
            feature_value=pl.Series(shown.ravel()).fill_nan(None),
            log_points=pl.Series(log_points.ravel()),
            dollars_usd=pl.Series(usd.ravel()),
            value_usd=pl.Series(np.repeat(np.exp(parts.log_value), width)),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    )


# What wrong_homes reads of the parts.
_HOME = ("role", "property_key", "listing_key", "close_date")
SUMMED = (*_HOME, "kind", "log_points", "dollars_usd")


def wrong_homes(attributions: pl.DataFrame, homes: pl.DataFrame, value: Array) -> pl.DataFrame:
    """Homes whose parts do not sum to `value` (n,) of `homes`, are missing, or do not round.

    `attributions` has the columns SUMMED. One row per wrong home with its keys, the value, and what
    its parts sum to. Log points may be off by 1e-9, dollars by a millionth of the value, and the
    rounding by TOLERANCE.
    """
    keys = list(_HOME)
    sums = attributions.group_by(keys, maintain_order=True).agg(
        pl.col("log_points").sum().alias("sum_log"),
        pl.col("dollars_usd").sum().alias("sum_usd"),
        pl.col("log_points").filter(pl.col("kind") == ROUNDING).abs().max().alias("rounding_log"),
        pl.len().alias("n_parts"),
    )
    asked = homes.select(keys).with_columns(value_usd=pl.Series(value))
    joined = asked.join(sums, on=keys, how="full", coalesce=True, nulls_equal=True)
    good = (
        ((pl.col("sum_log") - pl.col("value_usd").log()).abs() <= 1e-9)
        & ((pl.col("sum_usd") - pl.col("value_usd")).abs() <= 1e-6 * pl.col("value_usd"))
        & (pl.col("rounding_log") <= TOLERANCE)
    )
    return joined.filter(~good.fill_null(False)).sort(keys)
