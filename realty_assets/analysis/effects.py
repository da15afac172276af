"""How the ensemble's log value answers to one feature: ALE with bands, PDP beside it, ICE curves.

Accumulated local effects (Apley and Zhu 2020): within each quantile bin of the feature, the mean
change of the answer from the bin's lower to its upper edge over the homes in it, summed up and
centred. Unlike partial dependence (Friedman 2001) it never asks for a home that cannot be, far from
its own value; where the two part, the feature hangs together with others. ICE (Goldstein et al.
2015) are single homes' curves. All are in log points, the members' mean, at each home's own market.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.evaluation.bootstrap import bootstrap_intervals

Array = npt.NDArray[np.float64]
Predict = Callable[[pl.DataFrame], Array]

# Features that say the same in another unit: they move with the one that stands for them.
TWINS: dict[str, dict[str, Callable[[Array], Array]]] = {
    "ln_living_area": {"living_area": np.exp},
    "ln_lot_size": {"lot_size_square_feet": np.exp},
    "ln_neighbor_living_area": {"neighbor_living_area": np.exp},
}
STANDS_FOR: dict[str, str] = {
    twin: name for name, twins in TWINS.items() for twin in (name, *twins)
}
EFFECT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "feature": pl.String,
    "bin": pl.Int64,
    "edge": pl.Float64,
    "n": pl.Int64,
    "ale": pl.Float64,
    "ale_low": pl.Float64,
    "ale_high": pl.Float64,
    "pdp": pl.Float64,
}
CURVE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "feature": pl.String,
    "listing_key": pl.String,
    "curve": pl.Int64,
    "edge": pl.Float64,
    "ice": pl.Float64,
}


@dataclass(frozen=True)
class Ale:
    """First-order ALE at the bin edges (m + 1,): centred log points and their band; homes per bin
    (m,)."""

    edges: Array
    effect: Array
    low: Array
    high: Array
    counts: npt.NDArray[np.int64]


def moved(rows: pl.DataFrame, feature: str, to: Array) -> pl.DataFrame:
    """`rows` with `feature`, and its twins with it, set to `to` (n,)."""
    twins = {name: form(to) for name, form in TWINS.get(feature, {}).items()}
    return rows.with_columns(
        pl.Series(name, value) for name, value in {feature: to, **twins}.items()
    )


def bin_edges(values: Array, n_bins: int) -> Array:
    """Edges (m + 1,) of at most `n_bins` quantile bins of the known values; ties make fewer."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(0)
    return np.unique(np.quantile(known, np.linspace(0.0, 1.0, n_bins + 1)))


def accumulate(step: Array, counts: Array) -> Array:
    """Effects at the edges (..., m + 1) of mean steps (..., m), centred to a mean of 0 over the
    homes, `counts` of which are in each bin."""
    effect = np.zeros((*step.shape[:-1], step.shape[-1] + 1))
    np.cumsum(step, axis=-1, out=effect[..., 1:])
    middle = (effect[..., 1:] + effect[..., :-1]) / 2.0
    homes = np.add.reduce(counts, axis=-1, keepdims=True)
    return effect - np.add.reduce(middle * counts, axis=-1, keepdims=True) / homes


def ale(
    predict: Predict, rows: pl.DataFrame, feature: str, n_bins: int, *, seed: int, n_draws: int
) -> Ale | None:
    """ALE of `feature` over `rows` that know it, with a 95% bootstrap band over homes.

    None when the feature has fewer than two known values. The edges stay as they are in all draws;
    a bin that a draw leaves empty keeps its step.
    """
    rows = rows.filter(pl.col(feature).is_not_null() & pl.col(feature).is_not_nan())
    values = rows[feature].to_numpy().astype(np.float64)
    edges = bin_edges(values, n_bins)
    if len(edges) < 2:
        return None
    at = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2)
    both = pl.concat([moved(rows, feature, edges[at]), moved(rows, feature, edges[at + 1])])
    answer = predict(both)
    change = answer[len(rows) :] - answer[: len(rows)]
    m = len(edges) - 1
    seen_n = np.bincount(at, minlength=m)
    seen = np.bincount(at, weights=change, minlength=m) / np.maximum(seen_n, 1)

    def effect(draws: npt.NDArray[np.int64]) -> list[Array]:
        shape = (len(draws), m)
        place = (at[draws] + m * np.arange(len(draws))[:, None]).ravel()
        n = np.bincount(place, minlength=shape[0] * m).reshape(shape)
        total = np.bincount(place, change[draws].ravel(), shape[0] * m).reshape(shape)
        step = np.where(n > 0, total / np.maximum(n, 1), seen)
        return list(accumulate(step, n.astype(np.float64)).T)

    ends = np.array(bootstrap_intervals(effect, len(rows), seed=seed, n_draws=n_draws))
    whole = accumulate(seen, seen_n.astype(np.float64))
    return Ale(edges, whole, ends[:, 0], ends[:, 1], seen_n)


def curves(predict: Predict, rows: pl.DataFrame, feature: str, grid: Array) -> Array:
    """Answers (n, g) of each row with `feature` at each of `grid` (g,), ln usd."""
    n = len(rows)
    every = [moved(rows, feature, np.full(n, value)) for value in grid]
    return predict(pl.concat(every)).reshape(len(grid), n).T


def effect_tables(
    predict: Predict,
    rows: pl.DataFrame,
    features: Sequence[str],
    *,
    n_bins: int,
    pdp_rows: int,
    ice_curves: int,
    seed: int,
    n_draws: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(analysis.effects, analysis.individual_curves) of `features` over `rows`.

    PDP and ICE are of `pdp_rows` and `ice_curves` of the rows, evenly spaced; each is centred at
    its own mean over the edges, so that all three can lie in one picture.
    """
    effects: list[dict[str, object]] = []
    singles: list[dict[str, object]] = []
    for feature in features:
        found = ale(predict, rows, feature, n_bins, seed=seed, n_draws=n_draws)
        if found is None:
            continue
        known = rows.filter(pl.col(feature).is_not_null())
        few = known[spaced(len(known), pdp_rows)]
        answer = curves(predict, few, feature, found.edges)
        pdp = np.add.reduce(answer, axis=0) / len(answer)
        pdp = pdp - np.add.reduce(pdp) / len(pdp)
        counts = [0, *found.counts.tolist()]
        effects += [
            {
                "feature": feature,
                "bin": i,
                "edge": float(edge),
                "n": counts[i],
                "ale": float(found.effect[i]),
                "ale_low": float(found.low[i]),
                "ale_high": float(found.high[i]),
                "pdp": float(pdp[i]),
            }
            for i, edge in enumerate(found.edges)
        ]
        shown = spaced(len(few), ice_curves)
        keys = few["listing_key"].to_list()
        for number, row in enumerate(shown):
            own = answer[row] - np.add.reduce(answer[row]) / len(answer[row])
            singles += [
                {
                    "feature": feature,
                    "listing_key": keys[row],
                    "curve": number,
                    "edge": float(edge),
                    "ice": float(value),
                }
                for edge, value in zip(found.edges, own, strict=True)
            ]
    return (
        pl.DataFrame(effects, schema=EFFECT_SCHEMA),
        pl.DataFrame(singles, schema=CURVE_SCHEMA),
    )


def spaced(n: int, most: int) -> list[int]:
    """At most `most` row numbers of `n`, evenly spaced, ascending."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64)).tolist() if n else []


INTERACTION_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "feature": pl.String,
    "other_feature": pl.String,
    "rank": pl.Int64,
    "n": pl.Int64,
    "interaction_log": pl.Float64,
    "h": pl.Float64,
}


def interaction_rows(predict: Predict, rows: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """analysis.interactions: Friedman's H of every pair of `features` over `rows` (sampled small).

    `interaction_log` is the root mean square, over homes, of what the pair's joint partial
    dependence has beyond the sum of the two (log points); `h` that over the root mean square of it
    (Friedman and Popescu 2008, equation 44). Cost: n² answers a pair.
    """
    known = rows.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in features))
    n, found = len(known), []
    if n > 1:
        values = {name: known[name].to_numpy().astype(np.float64) for name in features}
        own = {name: _centred(_mean_at(predict, known, {name: values[name]})) for name in features}
        for i, first in enumerate(features):
            for second in features[i + 1 :]:
                both = {first: values[first], second: values[second]}
                joint = _centred(_mean_at(predict, known, both))
                beyond = joint - own[first] - own[second]
                size = _rms(beyond)
                whole = _rms(joint)
                found.append((first, second, size, size / whole if whole > 0 else 0.0))
    found.sort(key=lambda row: (-row[2], row[0], row[1]))
    return pl.DataFrame(
        [
            {
                "feature": first,
                "other_feature": second,
                "rank": rank + 1,
                "n": n,
                "interaction_log": size,
                "h": h,
            }
            for rank, (first, second, size, h) in enumerate(found)
        ],
        schema=INTERACTION_SCHEMA,
    )


def _mean_at(predict: Predict, rows: pl.DataFrame, at: Mapping[str, Array]) -> Array:
    """Partial dependence (n,) at each row's own values of the features of `at`."""
    n = len(rows)
    many = rows[np.tile(np.arange(n), n).tolist()]
    for name, values in at.items():
        many = moved(many, name, np.repeat(values, n))
    return np.add.reduce(predict(many).reshape(n, n), axis=1) / n


def _centred(values: Array) -> Array:
    return values - np.add.reduce(values) / len(values)


def _rms(values: Array) -> float:
    return float(np.sqrt(np.add.reduce(values * values) / len(values)))
