"""analysis.ablations: what each family of features is worth, tried before the test window.

The model is retrained without the family and judged on the same sales; differences are paired. The
test window is never opened for it: months end before the first month that the headline backtest is
judged on. A screening, not the model: one member, fewer and larger rounds (see settings.py), which
the rows state, and no level correction. Leaving out a family shows what the others cannot make up
for, not what it carries alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.analysis.retraining import (
    Month,
    Without,
    errors_without,
    months,
    train_without,
)
from realty_assets.evaluation.arrays import MIN_SALES, TOO_SMALL
from realty_assets.evaluation.bootstrap import bootstrap_intervals
from realty_assets.evaluation.splits import Fold, next_month
from realty_assets.modeling.points import NOT_INPUTS
from realty_assets.modeling.settings import ModelSettings
from realty_assets.modeling.walk_forward import Market

Array = npt.NDArray[np.float64]

ALL = "nothing (the whole model)"
COMPS = ("location_residual", "comparables", "neighbourhood")
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "without": pl.String,
    "kind": pl.String,
    "n_features": pl.Int64,
    "first_month": pl.Date,
    "last_month": pl.Date,
    "n": pl.Int64,
    "n_blocks": pl.Int64,
    "members": pl.Int64,
    "rounds": pl.Int64,
    "mean_abs_log_error": pl.Float64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "note": pl.String,
}


def variants(families: Mapping[str, str]) -> dict[str, tuple[str, Without]]:
    """{name: (kind, what is left out)}: each family, and the named groups, of inputs by family."""
    inputs = {name: family for name, family in families.items() if name not in NOT_INPUTS}

    def of(*wanted: str) -> frozenset[str]:
        return frozenset(name for name, family in inputs.items() if family in wanted)

    out = {
        f"family {family}": ("family", Without(of(family))) for family in sorted({*inputs.values()})
    }
    return out | {
        "all comparables": ("group", Without(of(*COMPS), comps_start=True)),
        "the comparables' start": ("group", Without(comps_start=True)),
        "the market index": ("group", Without(index=True)),
        "group encodings": ("group", Without(of("group_residual"))),
    }


def folds_before(window_from: date, walked: Sequence[date], n_months: int) -> list[Fold]:
    """The last `n_months` folds of `walked` (cutoffs that a model could be made at) before the
    window that begins with the month `window_from`."""
    before = sorted({cutoff for cutoff in walked if cutoff < window_from})
    return [Fold(cutoff, next_month(cutoff)) for cutoff in before[-n_months:]]


def ablations(
    market: Market,
    folds: Sequence[Fold],
    families: Mapping[str, str],
    *,
    rounds: int,
    n_members: int,
    n_draws: int,
) -> pl.DataFrame:
    """The table: one row per variant, the whole model first.

    `difference` is the mean abs log error without the family less that with it (positive: the
    family helps), paired by sale; its 95% interval resamples blocks of month and postal code.
    """
    tried = [month for month in months(market, folds) if len(month.rows)]
    if not tried:
        return pl.DataFrame(schema=SCHEMA)
    settings = screening(market.model, rounds)
    members = settings.members[:n_members]
    wanted = {ALL: ("whole", Without())} | variants(families)

    def errors(task: tuple[Month, Without]) -> Array:
        month, without = task
        return errors_without(month, without, train_without(month, without, members, settings))

    # A family that is a group of its own is tried once.
    distinct = list(dict.fromkeys(without for _, without in wanted.values()))
    tasks = [(month, without) for without in distinct for month in tried]
    with ThreadPoolExecutor(market.n_threads) as threads:
        done = list(threads.map(errors, tasks))
    n = len(tried)
    found = {w: np.concatenate(done[i * n : (i + 1) * n]) for i, w in enumerate(distinct)}
    by_name = {name: found[without] for name, (_, without) in wanted.items()}
    block = blocks(tried)
    common = {
        "first_month": min(month.fold.cutoff for month in tried),
        "last_month": max(month.fold.cutoff for month in tried),
        "n": len(block),
        "n_blocks": int(block.max()) + 1,
        "members": len(members),
        "rounds": settings.rounds,
    }
    rows = []
    for name, (kind, without) in wanted.items():
        rows.append(
            {
                "without": name,
                "kind": kind,
                "n_features": sum(m in without.features for m in tried[0].data.names),
                **common,
                **_figures(by_name[name], by_name[ALL], block, market.model.seed, n_draws),
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def screening(model: ModelSettings, rounds: int) -> ModelSettings:
    """The model's settings with at most `rounds` rounds, each the larger the fewer they are."""
    fewer = min(rounds, model.rounds)
    return replace(model, rounds=fewer, eta=min(model.eta * model.rounds / fewer, 0.3))


def blocks(tried: Sequence[Month]) -> npt.NDArray[np.int64]:
    """Block number (n,) of each judged sale: its month and its postal code."""
    names = pl.concat(
        [
            month.rows.select(
                pl.lit(month.fold.name).alias("month"), pl.col("postal_code").fill_null("?")
            )
            for month in tried
        ]
    )
    return names.select(pl.struct("month", "postal_code").rank("dense") - 1).to_series().to_numpy()


def paired_interval(
    difference: Array, block: npt.NDArray[np.int64], *, seed: int, n_draws: int
) -> tuple[float, float]:
    """95% interval of the mean of `difference` (n,), whole blocks resampled (Künsch 1989)."""
    sums = np.bincount(block, weights=difference)
    counts = np.bincount(block)

    def mean(at: npt.NDArray[np.int64]) -> tuple[Array]:
        return (np.add.reduce(sums[at], axis=-1) / np.add.reduce(counts[at], axis=-1),)

    return bootstrap_intervals(mean, len(counts), seed=seed, n_draws=n_draws)[0]


def _figures(
    error: Array, whole: Array, block: npt.NDArray[np.int64], seed: int, n_draws: int
) -> dict[str, object]:
    if len(error) < MIN_SALES:
        return {"note": TOO_SMALL}
    difference = error - whole
    low, high = paired_interval(difference, block, seed=seed, n_draws=n_draws)
    return {
        "mean_abs_log_error": float(np.add.reduce(error) / len(error)),
        "difference": float(np.add.reduce(difference) / len(error)),
        "difference_low": low,
        "difference_high": high,
        "note": "",
    }


def inside_the_window(table: pl.DataFrame, predictions: pl.DataFrame) -> list[str]:
    """Variants of the table that were judged on a month of the headline's window or later."""
    headline = predictions.filter("is_headline")
    if headline.is_empty() or table.is_empty():
        return []
    first = min(headline["cutoff"].to_list())
    return table.filter(pl.col("last_month") >= first)["without"].to_list()
