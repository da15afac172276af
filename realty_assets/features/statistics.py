"""How each feature is spread over the matrix: what later ones are held against."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.feature import Feature

# 0.05 to 0.95: the edges of twenty bins of equal share. The ends are min and max.
QUANTILES = tuple(np.arange(1, 20) / 20.0)
STATISTICS: dict[str, pl.DataType] = {
    "n": pl.Int64(),
    "filled_share": pl.Float64(),
    "mean": pl.Float64(),
    "sd": pl.Float64(),
    "min": pl.Float64(),
    "max": pl.Float64(),
    "n_distinct": pl.Int64(),
    "reference_quantiles": pl.List(pl.Float64()),
}


def statistics(matrix: pl.DataFrame, specs: Iterable[Feature]) -> dict[str, dict[str, Any]]:
    """STATISTICS of each feature's column: `n` counts its values, `sd` divides by n.

    Sums run over sorted values, so that the rows' order changes no bit. Quantiles are linear
    between order statistics; all but the counts are null for a column without values.
    """
    return {spec.name: _of(matrix[spec.name]) for spec in specs}


def _of(column: pl.Series) -> dict[str, Any]:
    values = np.sort(column.drop_nulls().cast(pl.Float64).to_numpy())
    n = len(values)
    out: dict[str, Any] = {"n": n, "filled_share": n / len(column) if len(column) else 0.0}
    if not n:
        return out | {"n_distinct": 0}
    mean = float(np.add.reduce(values) / n)
    return out | {
        "mean": mean,
        "sd": float(np.sqrt(np.add.reduce((values - mean) ** 2) / n)),
        "min": float(values[0]),
        "max": float(values[-1]),
        "n_distinct": int(np.count_nonzero(np.diff(values)) + 1),
        "reference_quantiles": _quantiles(values).tolist(),
    }


def _quantiles(ordered: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """QUANTILES of values (n,) that are sorted already."""
    at = np.array(QUANTILES) * (len(ordered) - 1)
    below = at.astype(np.int64)
    above = np.minimum(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])
