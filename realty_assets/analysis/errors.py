"""Where and why the model misses: the worst sales with their comparables, and errors by segment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.evaluation.bootstrap import bootstrap_intervals

Array = npt.NDArray[np.float64]

# What the model knew of a sale's comparables; of the walk-forward row, so as of the month's cutoff.
EVIDENCE = (
    "comps_count",
    "comps_distance_km",
    "comps_spread",
    "comps_unlikeness",
    "alike_weight_400m",
    "alike_weight_1200m",
    "distance_to_sale_5_km",
    "comps_log_value",
    "index_log",
    "spread",
)
KINDS = ("property_type", "property_sub_type")
HOME = ("age_years", "ln_living_area", "ln_lot_size")
FIGURES = ("mdape", "mean_abs_log_error", "median_ratio")
SEGMENT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "segmentation": pl.String,
    "segment": pl.String,
    "n": pl.Int64,
    "note": pl.String,
    **{f"{name}{end}": pl.Float64 for name in FIGURES for end in ("", "_low", "_high")},
}
WORST_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "rank": pl.Int64,
    "listing_key": pl.String,
    "postal_code": pl.String,
    "cutoff": pl.Date,
    "close_date": pl.Date,
    "close_price": pl.Float64,
    "prediction": pl.Float64,
    "lower_90": pl.Float64,
    "upper_90": pl.Float64,
    "ratio": pl.Float64,
    "log_error": pl.Float64,
    "inside_90": pl.Boolean,
    "excluded_by": pl.String,
    "comps_estimate_usd": pl.Float64,
    **dict.fromkeys((*EVIDENCE, *HOME), pl.Float64),
}


def judged(predictions: pl.DataFrame, walked: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """The headline's predictions with what was known of their comparables and of the home.

    `predictions` is modeling.predictions, `walked` modeling.walk_forward, `sales` clean.sales, of
    which the property type is read. A column that is not there is null.
    """
    keys = ["listing_key", "cutoff", "close_price"]
    known = [name for name in (*EVIDENCE, *HOME) if name in walked.columns]
    missing = [name for name in (*EVIDENCE, *HOME) if name not in walked.columns]
    facts = walked.select(*keys, *known).unique(keys, keep="first", maintain_order=True)
    kinds = [name for name in KINDS if name in sales.columns]
    told = sales.select("listing_key", *kinds).unique("listing_key", keep="first")
    return (
        predictions.filter("is_headline")
        .join(facts, on=keys, how="left")
        .join(told, on="listing_key", how="left")
        .with_columns(
            *(pl.lit(None, dtype=pl.Float64).alias(name) for name in missing),
            *(pl.lit(None, dtype=pl.String).alias(name) for name in KINDS if name not in kinds),
            log_error=(pl.col("prediction") / pl.col("close_price")).log(),
        )
        .sort("cutoff", "listing_key", "close_price")
    )


def worst_misses(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """analysis.worst_misses: the `most` largest abs log errors of `judged` rows, largest first."""
    worst = rows.with_columns(_size=pl.col("log_error").abs()).sort(
        "_size", "listing_key", descending=[True, False]
    )
    return (
        worst.head(most)
        .with_row_index("rank", offset=1)
        .with_columns(
            ratio=pl.col("prediction") / pl.col("close_price"),
            inside_90=pl.col("close_price").is_between(pl.col("lower_90"), pl.col("upper_90")),
            comps_estimate_usd=(pl.col("comps_log_value") + pl.col("index_log")).exp(),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in WORST_SCHEMA.items())
    )


def segment_errors(rows: pl.DataFrame, *, seed: int, n_draws: int) -> pl.DataFrame:
    """analysis.errors: one row per segment of the headline window, all sales first.

    MdAPE, mean abs log error and median ratio, each with its 95% bootstrap interval over sales; a
    segment of fewer than 30 sales has its n and a note, no figures.
    """
    return pl.DataFrame(
        [
            {"segmentation": kind, "segment": name, **_figures(inside, seed, n_draws)}
            for kind, name, inside in segments(rows)
        ],
        schema=SEGMENT_SCHEMA,
    )


def segments(rows: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """(segmentation, segment, its rows): the ways in which the headline's sales are cut."""
    if rows.is_empty():
        return
    yield "all", "all sales", rows
    yield "validity", "valid sales", rows.filter(pl.col("excluded_by").is_null())
    yield "validity", "excluded sales", rows.filter(pl.col("excluded_by").is_not_null())
    quarter = (pl.col("prediction").rank("ordinal") - 1) * 4 // pl.len()
    new = pl.col("age_years") <= 1
    bands = pl.col("age_years").cut([5, 20, 40, 70], left_closed=True)
    spelled = {0: "under 5", 1: "5 to 19", 2: "20 to 39", 3: "40 to 69", 4: "70 and older"}
    far = pl.col("comps_distance_km").quantile(0.9)
    cuts = {
        "month": pl.col("cutoff").dt.strftime("%Y-%m"),
        "area": pl.col("postal_code").fill_null("unknown"),
        "predicted price": pl.format("quartile {}", quarter + 1),
        "type": pl.coalesce("property_sub_type", "property_type").fill_null("unknown"),
        "age in years": bands.to_physical().replace_strict(spelled, default="unknown"),
        "new build": pl.when(new).then(pl.lit("new build")).otherwise(pl.lit("not new")),
        "thin market": pl.when(pl.col("comps_distance_km") >= far)
        .then(pl.lit("farthest tenth of comparables"))
        .otherwise(pl.lit("other homes")),
    }
    cut = rows.with_columns(expression.alias(f"_{kind}") for kind, expression in cuts.items())
    for kind in cuts:
        for name in sorted(cut[f"_{kind}"].unique().to_list()):
            yield kind, name, cut.filter(pl.col(f"_{kind}") == name)


def _figures(rows: pl.DataFrame, seed: int, n_draws: int) -> dict[str, object]:
    out: dict[str, object] = {"n": len(rows), "note": ""}
    if len(rows) < MIN_SALES:
        return out | {"note": TOO_SMALL}
    error = np.sort(rows["log_error"].to_numpy())
    ends = bootstrap_intervals(lambda at: _of(error[at]), len(error), seed=seed, n_draws=n_draws)
    for name, value, (low, high) in zip(FIGURES, _of(error), ends, strict=True):
        out |= {name: float(value), f"{name}_low": low, f"{name}_high": high}
    return out


def _of(error: Array) -> tuple[Array, Array, Array]:
    """MdAPE, mean abs log error and median ratio (...,) of log errors ln(p/s) (..., n)."""
    ratio = np.exp(error)
    return (
        np.median(np.abs(ratio - 1.0), axis=-1),
        np.add.reduce(np.abs(error), axis=-1) / error.shape[-1],
        np.median(ratio, axis=-1),
    )
