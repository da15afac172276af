"""Whether a month's rows can be told from the reference's by all their features together.

A small booster learns to tell them apart on two folds and is asked about the third: 0.5 says that
it cannot, 1 that every row gives itself away (a classifier two-sample test: Friedman 2004; Lopez-
Paz and Oquab 2017; NannyML's domain classifier). Changes that no single column shows are seen, too.
What the booster splits on most is where to look first.

Features that move with every market are left out: they are a clock, and tell any month from any
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.monitoring.groups import is_number
from realty_assets.monitoring.measures import SCHEMA
from realty_assets.monitoring.signals.common import TOGETHER

Array = npt.NDArray[np.float64]
DOMAIN_AUC = "domain_auc"
# Rows of a month, and of the reference beside it.
MOST_ROWS, MOST_OTHERS = 500, 1000
N_FOLDS, ROUNDS, N_DRIVERS = 3, 20, 3
# A feature that brings less of the gain than this is no driver.
LEAST_GAIN = 0.1
PARAMS = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "nthread": 1,
    "verbosity": 0,
    "eta": 0.3,
    "max_depth": 3,
    "min_child_weight": 5,
    "max_bin": 32,
}


@dataclass(frozen=True)
class Apart:
    """How well two sets of rows can be told apart: the area under the curve (0.5 not at all), the
    chance of it by luck, and the features that do it, the strongest first."""

    auc: float
    p_value: float
    drivers: tuple[str, ...]


def tell_apart(own: Array, others: Array, names: Sequence[str], seed: int) -> Apart:
    """`own` (n, k) against `others` (m, k), NaN where empty; each has N_FOLDS rows at least. The
    area is the mean over folds of rows that the booster has not seen.

    Rows are dealt to folds in turn: their order must tell nothing. The p value is that of Mann and
    Whitney's statistic, by its normal approximation.
    """
    import xgboost as xgb
    from scipy.special import ndtr

    inputs = np.concatenate([own, others]).astype(np.float32)
    label = np.repeat([1.0, 0.0], [len(own), len(others)])
    fold = np.concatenate([np.arange(len(own)), np.arange(len(others))]) % N_FOLDS
    params = PARAMS | {"seed": seed, "scale_pos_weight": len(others) / len(own)}
    areas, gain = [], np.zeros(len(names))
    for part in range(N_FOLDS):
        held = fold == part
        learned = xgb.DMatrix(inputs[~held], label=label[~held], nthread=1)
        booster = xgb.train(params, learned, ROUNDS)
        score = booster.predict(xgb.DMatrix(inputs[held], nthread=1)).astype(np.float64)
        areas.append(area_under_curve(score[label[held] == 1.0], score[label[held] == 0.0]))
        for name, size in booster.get_score(importance_type="total_gain").items():
            gain[int(name[1:])] += size
    n, m = len(own), len(others)
    auc = float(np.mean(areas))
    z = (auc - 0.5) / np.sqrt((n + m + 1) / (12.0 * n * m))
    order = np.argsort(-gain, kind="stable")[:N_DRIVERS]
    share = gain / max(float(gain.sum()), 1e-12)
    drivers = tuple(names[at] for at in order if share[at] >= LEAST_GAIN)
    return Apart(auc, float(ndtr(-z)), drivers)


def area_under_curve(higher: Array, lower: Array) -> float:
    """The share of pairs in which the one of `higher` (n,) lies above the one of `lower` (m,); ties
    count one half."""
    ordered = np.sort(lower)
    below = np.searchsorted(ordered, higher, "left") + np.searchsorted(ordered, higher, "right")
    return float(below.sum() / (2.0 * len(higher) * len(ordered)))


def domain_drift(
    rows: pl.DataFrame, features: Sequence[str], wanted: pl.DataFrame, min_reference: int, seed: int
) -> pl.DataFrame:
    """One row (measures.SCHEMA and `drivers`) per month of `wanted` (month, in_reference) that has
    rows: TOGETHER by DOMAIN_AUC. Months of the reference are held against the rest of it.

    `rows` have KEYS, `basis` and `features`, at most a sample of each month. What is usual is left
    to `common.with_usual`.
    """
    told = []
    inputs = encoded(rows, features)
    reference = rows["in_reference"].to_numpy()
    month = rows["month"].to_numpy()
    chosen = np.argsort(rows["basis"].to_numpy().astype(str), kind="stable")
    for day, inside in wanted.select("month", "in_reference").sort("month", "in_reference").rows():
        mine = (month == np.datetime64(day)) & (reference == inside)
        rest = reference & ~mine
        own = chosen[mine[chosen]][:MOST_ROWS]
        others = chosen[rest[chosen]][:MOST_OTHERS]
        if len(own) < 2 * N_FOLDS or rest.sum() < min_reference:
            continue
        found = tell_apart(inputs[own], inputs[others], features, seed)
        told.append(
            {
                "population": rows["population"][int(own[0])],
                "month": day,
                "in_reference": inside,
                "feature": TOGETHER,
                "method": DOMAIN_AUC,
                "value": found.auc,
                "p_value": None if inside else found.p_value,
                "n": len(own),
                "n_reference": len(others),
                "drivers": ", ".join(found.drivers) or None,
            }
        )
    return pl.DataFrame(told, schema=SCHEMA | {"drivers": pl.String})


def encoded(rows: pl.DataFrame, features: Sequence[str]) -> Array:
    """Numbers (n, k) of `features`; a word is its place among those of the reference, the most
    usual first, and -1 when the reference never saw it."""
    columns = []
    for name in features:
        column = rows[name]
        if is_number(column):
            columns.append(column.cast(pl.Float64).to_numpy())
            continue
        words = column.cast(pl.String)
        known = (
            pl.DataFrame({"word": words.filter(rows["in_reference"])})
            .drop_nulls()
            .group_by("word")
            .len()
            .sort("len", "word", descending=[True, False])["word"]
        )
        place = {word: float(at) for at, word in enumerate(known)}
        columns.append(
            np.array([np.nan if w is None else place.get(w, -1.0) for w in words], dtype=np.float64)
        )
    return np.column_stack(columns) if columns else np.zeros((len(rows), 0))
