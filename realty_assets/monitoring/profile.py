"""What the values of each month are like: how many, how full, where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.monitoring.groups import Groups, is_number

QUANTILES = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
_FIGURES = ("mean", "mean_se", "sd", *(f"quantile_{round(100 * q):02d}" for q in QUANTILES))
SCHEMA: dict[str, Any] = {
    "population": pl.String,
    "month": pl.Date,
    "in_reference": pl.Boolean,
    "feature": pl.String,
    "n": pl.Int64,
    "n_filled": pl.Int64,
    "null_share": pl.Float64,
    "null_share_se": pl.Float64,
    **dict.fromkeys(_FIGURES, pl.Float64),
}


def profile(groups: Groups, features: Sequence[str]) -> pl.DataFrame:
    """One row per population, month and feature (SCHEMA).

    Standard errors are those of independent rows: sqrt(p (1 - p) / n) of a share, sd / sqrt(n) of a
    mean. Quantiles are linear between order statistics. Sums run over sorted values, so that the
    rows' order changes no bit. Words and days have their counts only.
    """
    if not (groups.n_groups and features):
        return pl.DataFrame(schema=SCHEMA)
    n, k = groups.n_groups, len(features)
    filled = np.concatenate([groups.n_filled(name) for name in features])
    figures = np.full((k * n, len(_FIGURES)), np.nan)
    for at, name in enumerate(features):
        if is_number(groups.rows[name]):
            for number, values in enumerate(groups.sorted_values(name)):
                if len(values):
                    figures[at * n + number] = _figures(values)
    rows = pl.concat([groups.keys] * k).with_columns(
        pl.Series("feature", np.repeat(np.array(features, dtype=object), n), dtype=pl.String),
        pl.Series("n", np.tile(groups.sizes, k)),
        pl.Series("n_filled", filled),
        *(
            pl.Series(name, column).fill_nan(None)
            for name, column in zip(_FIGURES, figures.T, strict=True)
        ),
    )
    share = pl.col("null_share")
    return (
        rows.with_columns(null_share=1.0 - pl.col("n_filled") / pl.col("n"))
        .with_columns(null_share_se=(share * (1.0 - share) / pl.col("n")).sqrt())
        .select(pl.col(key).cast(kind) for key, kind in SCHEMA.items())
    )


def _figures(values: npt.NDArray[np.float64]) -> list[float]:
    """_FIGURES of sorted values (n,), n > 0."""
    n = len(values)
    mean = np.add.reduce(values) / n
    sd = np.sqrt(np.add.reduce((values - mean) ** 2) / (n - 1)) if n > 1 else np.nan
    place = QUANTILES * (n - 1)
    below = np.floor(place).astype(np.int64)
    low, high = values[below], values[np.minimum(below + 1, n - 1)]
    return [mean, sd / n**0.5, sd, *(low + (high - low) * (place - below))]
