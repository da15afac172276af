"""How much a home's value depends on chance: other seeds, and other draws of the same sales.

The model of today is trained again with other seeds, and with its own seed on resampled training
sales (a bootstrap of rows, each drawn with replacement). A home's churn is the mean of abs(change
of ln value) over the repeats. Seed churn is the noise of the fit alone; bootstrap churn adds that
of which sales there happened to be.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.analysis.contributions import log_values
from realty_assets.analysis.retraining import resampled, retrained, training_at
from realty_assets.evaluation.bootstrap import bootstrap_intervals
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.walk_forward import Market

Array = npt.NDArray[np.float64]

KINDS = ("seed", "bootstrap")
CHURN_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "role": pl.String,
    "property_key": pl.String,
    "listing_key": pl.String,
    "as_of": pl.Date,
    "model_version": pl.String,
    "seed_churn_log": pl.Float64,
    "bootstrap_churn_log": pl.Float64,
    "seed_most_log": pl.Float64,
    "bootstrap_most_log": pl.Float64,
}
SUMMARY_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "kind": pl.String,
    "n": pl.Int64,
    "n_repeats": pl.Int64,
    "median_churn_log": pl.Float64,
    "median_churn_log_low": pl.Float64,
    "median_churn_log_high": pl.Float64,
    "p95_churn_log": pl.Float64,
    "p95_churn_log_low": pl.Float64,
    "p95_churn_log_high": pl.Float64,
}


def churn_tables(
    market: Market,
    valuer: Valuer,
    homes: pl.DataFrame,
    *,
    n_seeds: int,
    n_resamples: int,
    n_draws: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(analysis.churn: one row per home, analysis.stability: one row per kind of repeat)."""
    if homes.is_empty():
        return pl.DataFrame(schema=CHURN_SCHEMA), pl.DataFrame(schema=SUMMARY_SCHEMA)
    change = changes(market, valuer, homes, n_seeds, n_resamples)
    mean = {kind: np.add.reduce(rows, axis=0) / len(rows) for kind, rows in change.items()}
    table = homes.select("role", "property_key", "listing_key", "as_of").with_columns(
        pl.lit(valuer.model_version).alias("model_version"),
        *(pl.Series(f"{kind}_churn_log", mean[kind]) for kind in KINDS),
        *(pl.Series(f"{kind}_most_log", np.max(change[kind], axis=0)) for kind in KINDS),
    )
    seed = market.model.seed
    rows = []
    for kind in KINDS:
        ordered = np.sort(mean[kind])
        seen = _figures(ordered)
        ends = bootstrap_intervals(
            lambda at, ordered=ordered: _figures(ordered[at]),  # type: ignore[misc]
            len(ordered),
            seed=seed,
            n_draws=n_draws,
        )
        row: dict[str, object] = {
            "kind": kind,
            "n": len(homes),
            "n_repeats": len(change[kind]),
        }
        for name, value, (low, high) in zip(("median", "p95"), seen, ends, strict=True):
            row |= {
                f"{name}_churn_log": float(value),
                f"{name}_churn_log_low": low,
                f"{name}_churn_log_high": high,
            }
        rows.append(row)
    return table.select(*CHURN_SCHEMA), pl.DataFrame(rows, schema=SUMMARY_SCHEMA)


def changes(
    market: Market, valuer: Valuer, homes: pl.DataFrame, n_seeds: int, n_resamples: int
) -> dict[str, Array]:
    """abs(change of ln value) (repeats, n) by kind of repeat."""
    data, how = training_at(market, valuer.trained_before), market.model
    random = np.random.default_rng(how.seed)
    n = len(data)
    seeds = [(data, replace(how, seed=how.seed + 101 * (i + 1))) for i in range(n_seeds)]
    draws = [(resampled(data, np.sort(random.integers(0, n, n))), how) for _ in range(n_resamples)]
    models = retrained([*seeds, *draws], market.n_threads)
    published = log_values(valuer, homes)
    moved = np.array([np.abs(model.predict_log(homes)[0] - published) for model in models])
    return {"seed": moved[:n_seeds], "bootstrap": moved[n_seeds:]}


def _figures(churn: Array) -> tuple[Array, Array]:
    return np.median(churn, axis=-1), np.quantile(churn, 0.95, axis=-1)
