"""analysis.global_importance: how much each feature, and each family, moves values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.analysis.attributions import INDEX, START_PART
from realty_assets.analysis.contributions import Contributions
from realty_assets.evaluation.bootstrap import bootstrap_intervals

Array = npt.NDArray[np.float64]

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "level": pl.String,
    "name": pl.String,
    "family": pl.String,
    "rank": pl.Int64,
    "n": pl.Int64,
    "mean_abs_log": pl.Float64,
    "mean_abs_log_low": pl.Float64,
    "mean_abs_log_high": pl.Float64,
    "mean_log": pl.Float64,
    "share": pl.Float64,
}
# What the comparables' estimate does as a start counts with the family that it comes from.
FAMILY_OF_PART = {START_PART: "market", INDEX: "market"}


def global_importance(
    parts: Contributions, families: Mapping[str, str], *, seed: int, n_draws: int
) -> pl.DataFrame:
    """One row per feature (`level` feature) and per family (`level` family), by rank within it.

    `mean_abs_log` is the mean over homes of abs(contribution), with its 95% bootstrap interval over
    homes; a family's contribution is the sum of its features'. `share` is of all mean_abs_log of
    the level. Log points.
    """
    if not len(parts):
        return pl.DataFrame(schema=SCHEMA)
    names = [*parts.names, START_PART, INDEX]
    values = np.hstack([parts.features, parts.start[:, None], parts.index[:, None]])
    of = [families.get(name) or FAMILY_OF_PART[name] for name in names]
    groups = sorted(set(of))
    summed = np.column_stack(
        [
            np.add.reduce(values[:, [i for i, f in enumerate(of) if f == group]], axis=1)
            for group in groups
        ]
    )
    return pl.concat(
        [
            _level("feature", names, of, values, seed, n_draws),
            _level("family", groups, groups, summed, seed, n_draws),
        ]
    )


def _level(
    level: str, names: list[str], families: list[str], values: Array, seed: int, n_draws: int
) -> pl.DataFrame:
    size = np.abs(values)
    n = len(size)

    def mean(at: npt.NDArray[np.int64]) -> list[Array]:
        # Counts of a draw instead of its rows: the same mean without copying the matrix.
        place = (at + n * np.arange(len(at))[:, None]).ravel()
        counts = np.bincount(place, minlength=len(at) * n).reshape(len(at), n)
        return list((np.einsum("di,ij->dj", counts.astype(np.float64), size) / n).T)

    seen = np.add.reduce(size, axis=0) / n
    ends = bootstrap_intervals(mean, n, seed=seed, n_draws=n_draws)
    total = float(np.add.reduce(seen)) or 1.0
    order = sorted(range(len(names)), key=lambda j: (-seen[j], names[j]))
    rows = [
        {
            "level": level,
            "name": names[j],
            "family": families[j],
            "rank": rank + 1,
            "n": n,
            "mean_abs_log": float(seen[j]),
            "mean_abs_log_low": ends[j][0],
            "mean_abs_log_high": ends[j][1],
            "mean_log": float(np.add.reduce(values[:, j]) / n),
            "share": float(seen[j]) / total,
        }
        for rank, j in enumerate(order)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def top_features(importance: pl.DataFrame, names: Mapping[str, str], n: int) -> list[str]:
    """The `n` most important features that the model sees, twins counted once.

    `names` maps a feature onto the one that stands for it (itself where it has no twin).
    """
    ranked = importance.filter(pl.col("level") == "feature").sort("rank")["name"].to_list()
    out: list[str] = []
    for name in ranked:
        stands = names.get(name, name)
        if name not in FAMILY_OF_PART and stands not in out:
            out.append(stands)
    return out[:n]
