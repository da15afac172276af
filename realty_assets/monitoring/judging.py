"""From what was measured to what is told: thresholds, severities, and how long it has lasted.

A month is judged when it lies behind the reference and has enough rows. Its value is a breach when
it is large (beyond the method's least size, and beyond what the reference's own months reach) and
no luck (by its p value among all features of the month). Features that move with every market
(`never_critical`) are warned of at most. Homes asked about are not drawn as sales are (those that
do not sell stay longer among them) and are of a later day than all of them: what they differ in is
warned of at most, and features that move with the market are not judged of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl

from realty_assets.monitoring.discoveries import adjusted
from realty_assets.monitoring.policy import Policy
from realty_assets.monitoring.populations import AREA, ASKED, PREDICTED, PRICE
from realty_assets.monitoring.row_counts import ROW_COUNT

KEYS = ("track", "population", "slice", "feature", "method")
# The features of these are asked about together; so are all areas, and all segments of price.
FAMILY = ("month", "in_reference", "track", "population", "_slices", "method")
SLICES = (AREA, PRICE)
# Fewer months of the reference than this do not say what is usual.
MIN_MONTHS = 3
JUDGED: dict[str, Any] = {
    "q_value": pl.Float64,
    "threshold": pl.Float64,
    "threshold_critical": pl.Float64,
    "judged": pl.Boolean,
    "breached": pl.Boolean,
    "severity": pl.String,
    "n_consecutive": pl.Int64,
}


def judge(
    measured: pl.DataFrame, policy: Policy, never_critical: Collection[str] = ()
) -> pl.DataFrame:
    """`measured` (rows of measures.SCHEMA with KEYS) with JUDGED, sorted by KEYS and month.

    `severity` is empty, warn or critical; `n_consecutive` counts the judged months in a row, this
    one included, in which the same was breached. `never_critical` names features that are warned of
    at most. Raises KeyError for a method without limits.
    """
    moves = pl.col("feature").is_in(sorted(never_critical))
    told = _with_limits(measured.drop(JUDGED, strict=False), policy)
    told = told.with_columns(
        judged=~pl.col("in_reference")
        & ~((pl.col("population") == ASKED) & moves & ~pl.col("feature").is_in(PREDICTED))
        # A month in which hardly anything came is what counting rows is for.
        & ((pl.col("n") >= policy.min_rows) | (pl.col("method") == ROW_COUNT))
        & (pl.col("n_reference") >= policy.min_reference)
        & pl.col("value").is_not_null()
    )
    told = _with_q_values(told)
    size, sure = pl.col("value").abs(), pl.col("q_value") <= policy.false_discoveries
    sure = pl.col("judged") & (sure | pl.col("p_value").is_null())
    serious = (pl.col("population") != ASKED) & ~moves & (size >= pl.col("threshold_critical"))
    told = told.with_columns(
        severity=pl.when(sure & serious)
        .then(pl.lit("critical"))
        .when(sure & (size >= pl.col("threshold")))
        .then(pl.lit("warn"))
        .otherwise(pl.lit(""))
    ).with_columns(breached=pl.col("severity") != "")
    order = [*KEYS, "month", "in_reference"]
    told = told.sort(order, descending=[*[False] * (len(order) - 1), True])
    told = _with_consecutive(told)
    others = [name for name in told.columns if name not in (*order, *JUDGED)]
    return told.select(*order, *others, *(pl.col(k).cast(kind) for k, kind in JUDGED.items()))


def _with_limits(measured: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """threshold and threshold_critical: the larger of the policy's and the usual months'."""
    if unknown := sorted(set(measured["method"]) - set(policy.methods)):
        raise KeyError(f"the monitoring policy has no limits for the method '{unknown[0]}'")
    usual = pl.col("n_usual") >= MIN_MONTHS
    out = measured
    for name, column in (("warn", "threshold"), ("critical", "threshold_critical")):
        least = pl.col("method").replace_strict(
            {method: getattr(limits, name) for method, limits in policy.methods.items()},
            return_dtype=pl.Float64,
        )
        for feature, own in policy.features.items():
            for method, limits in own.items():
                its = (pl.col("feature") == feature) & (pl.col("method") == method)
                least = pl.when(its).then(getattr(limits, name)).otherwise(least)
        reach = pl.col("usual_mean") + getattr(policy.usual_sd, name) * pl.col("usual_sd")
        out = out.with_columns(pl.max_horizontal(least, pl.when(usual).then(reach)).alias(column))
    return out


def _with_q_values(told: pl.DataFrame) -> pl.DataFrame:
    """p values adjusted over the judged features of one month, population, kind of slice and
    method."""
    slices = pl.col("slice")
    for kind in SLICES:
        slices = (
            pl.when(pl.col("slice").str.starts_with(f"{kind} "))
            .then(pl.lit(kind))
            .otherwise(slices)
        )
    parts = [
        own.with_columns(
            pl.Series(
                "q_value",
                adjusted(
                    own.select(pl.when("judged").then(pl.col("p_value")).fill_null(float("nan")))
                    .to_series()
                    .to_numpy()
                ),
            ).fill_nan(None)
        )
        for own in told.with_columns(_slices=slices).partition_by(*FAMILY, maintain_order=True)
    ]
    return (
        pl.concat(parts).drop("_slices")
        if parts
        else told.with_columns(q_value=pl.lit(None, pl.Float64))
    )


def _with_consecutive(told: pl.DataFrame) -> pl.DataFrame:
    """Judged months in a row that breach, up to each month; months that are not judged are passed
    over. `told` is sorted by KEYS and month."""
    calm = (pl.col("judged") & ~pl.col("breached")).cast(pl.Int64).cum_sum().over(KEYS)
    run = pl.col("breached").cast(pl.Int64).cum_sum().over([*KEYS, "_run"])
    return (
        told.with_columns(_run=calm)
        .with_columns(n_consecutive=pl.when("breached").then(run).otherwise(0))
        .drop("_run")
    )
