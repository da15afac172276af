"""How far a month lies from the reference, feature by feature: a value, and the luck it may be.

Every month of the reference is measured against the rest of the reference, every later month
against all of it; only later months have a p value. What a feature usually does (`usual_mean`,
`usual_sd` over the reference's months) stands beside its value, for a month that differs as the
reference's own months differ tells nothing.

Sources. Population stability index and its chi-square law: Yurdakul and Naranjo (2020), Statistical
properties of the population stability index. Two-sample Kolmogorov-Smirnov: Smirnov (1939), by
Kolmogorov's law with the correction for small samples of Stephens (1970). Jensen-Shannon distance:
Endres and Schindelin (2003). Words never seen before: Good (1953).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.exploration.drift_measures import ks_distance, psi, reference_edges
from realty_assets.monitoring.groups import KEYS, Groups, is_number

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

PSI, KS, NULL_SHARE = "psi", "ks", "null_share"
JENSEN_SHANNON, UNSEEN = "jensen_shannon", "unseen_share"
SCHEMA: dict[str, Any] = {
    "population": pl.String,
    "month": pl.Date,
    "in_reference": pl.Boolean,
    "feature": pl.String,
    "method": pl.String,
    "value": pl.Float64,
    "p_value": pl.Float64,
    "n": pl.Int64,
    "n_reference": pl.Int64,
    "usual_mean": pl.Float64,
    "usual_sd": pl.Float64,
    "n_usual": pl.Int64,
}
# Reference months below this size say more of luck than of what is usual.
MIN_USUAL = 30
# A word of its own bin has at least so many rows in the reference; the rest share one.
MIN_WORD = 20


@dataclass(frozen=True)
class Measured:
    """One feature by one method: values and p values (n_groups,), NaN where there is none.

    `n` and `n_reference` are the rows that the values are of.
    """

    method: str
    value: Array
    p_value: Array
    n: Counts
    n_reference: Counts


def measure(groups: Groups, features: Sequence[str], min_reference: int) -> pl.DataFrame:
    """One row per population, month, feature and method (SCHEMA); numbers and words each by their
    methods.

    Without `min_reference` rows in the reference there is nothing to measure against: no rows.
    """
    found = [
        (name, one)
        for name in (features if groups.n_reference >= min_reference else ())
        for one in _of(groups, name)
    ]
    if not found:
        return pl.DataFrame(schema=SCHEMA)
    k, n = len(found), groups.n_groups

    def repeated(name: str, told: Sequence[Any]) -> pl.Series:
        return pl.Series(name, told, dtype=SCHEMA[name]).gather(np.repeat(np.arange(k), n))

    mean, sd, n_usual = zip(*(_usual(one, groups) for _, one in found), strict=True)
    columns = [
        repeated("feature", [name for name, _ in found]),
        repeated("method", [one.method for _, one in found]),
        pl.Series("value", np.concatenate([one.value for _, one in found])).fill_nan(None),
        pl.Series("p_value", np.concatenate([one.p_value for _, one in found])).fill_nan(None),
        pl.Series("n", np.concatenate([one.n for _, one in found])),
        pl.Series("n_reference", np.concatenate([one.n_reference for _, one in found])),
        repeated("usual_mean", mean),
        repeated("usual_sd", sd),
        repeated("n_usual", n_usual),
    ]
    return pl.concat([groups.keys.select(*KEYS)] * k).with_columns(columns).select(*SCHEMA)


def _of(groups: Groups, name: str) -> Iterator[Measured]:
    column = groups.rows[name]
    if is_number(column):
        yield from of_numbers(groups, name)
    elif column.dtype.is_temporal() or names_homes(column.filter(groups.rows["in_reference"])):
        yield _null_share(groups, groups.sizes - groups.n_filled(name))
    else:
        yield from of_words(groups, name)


def names_homes(column: pl.Series) -> bool:
    """Whether words of the reference hardly ever come twice: keys and addresses, of which only the
    empty cells tell anything."""
    filled = column.len() - column.null_count()
    return column.dtype == pl.String and 2 * column.drop_nulls().n_unique() > filled > 0


def of_numbers(groups: Groups, name: str) -> Iterator[Measured]:
    """PSI over frozen bins (empty cells in a bin of their own), KS distance of filled values, and
    the change of the share of empty cells."""
    filled = groups.sorted_values(name)
    n_filled = np.array([len(values) for values in filled], dtype=np.int64)
    empty = groups.sizes - n_filled
    inside = [values for values, first in zip(filled, groups.in_reference, strict=True) if first]
    known = np.sort(np.concatenate(inside)) if inside else np.zeros(0)
    edges = reference_edges(known)
    counts = np.array([_binned(values, edges) for values in filled]).reshape(len(filled), -1)
    yield _psi(groups, np.column_stack([counts, empty]))
    yield _ks(groups, known, filled)
    yield _null_share(groups, empty)


def of_words(groups: Groups, name: str) -> Iterator[Measured]:
    """PSI and Jensen-Shannon distance over the reference's usual words, the share of rows whose
    word the reference never saw, and the change of the share of empty cells."""
    words = groups.word_counts(name)
    seen = words[groups.in_reference].sum(axis=0)
    usual = seen >= MIN_WORD
    empty = groups.sizes - words.sum(axis=1)
    rest = words[:, ~usual].sum(axis=1)
    bins = np.column_stack([words[:, usual], rest, empty])
    by_psi = _psi(groups, bins)
    yield by_psi
    distance = [_jensen_shannon(other, own) for other, own in _pairs(groups, bins)]
    yield _whole(JENSEN_SHANNON, np.array(distance), by_psi.p_value, groups)
    yield _unseen(groups, words)
    yield _null_share(groups, empty)


def _usual(one: Measured, groups: Groups) -> tuple[float | None, float | None, int]:
    """(mean, sd, number) of the sizes of values over the reference's months."""
    told = groups.in_reference & (one.n >= MIN_USUAL) & ~np.isnan(one.value)
    own = np.sort(np.abs(one.value[told]))
    n = len(own)
    if not n:
        return None, None, 0
    mean = float(np.add.reduce(own) / n)
    sd = float(np.sqrt(np.add.reduce((own - mean) ** 2) / (n - 1))) if n > 1 else None
    return mean, sd, n


def _binned(values: Array, edges: Array) -> Counts:
    """Counts of sorted values by bin; values equal to an edge fall above it."""
    below = np.searchsorted(values, edges, "left")
    return np.diff(below, prepend=0, append=len(values))


def _pairs(groups: Groups, counts: Counts) -> Iterator[tuple[Counts, Counts]]:
    """(counts of the reference, without the month itself; counts of the month) of every group."""
    whole = counts[groups.in_reference].sum(axis=0)
    for own, first in zip(counts, groups.in_reference, strict=True):
        yield (whole - own if first else whole), own


def _psi(groups: Groups, counts: Counts) -> Measured:
    """psi / (1/n + 1/m) is near chi-square with (bins - 1) degrees of freedom by luck alone."""
    from scipy.special import chdtrc

    value, bins = np.array([psi(other, own) for other, own in _pairs(groups, counts)]).T
    value = np.where((groups.sizes == 0) | (groups.others == 0), np.nan, value)
    p_value, later = _later(groups, value)
    n, m = groups.sizes[later], groups.others[later]
    p_value[later] = chdtrc(np.maximum(bins[later] - 1, 1), value[later] / (1.0 / n + 1.0 / m))
    return _whole(PSI, value, p_value, groups)


def _whole(method: str, value: Array, p_value: Array, groups: Groups) -> Measured:
    """Of all rows, empty cells among them."""
    return Measured(method, value, p_value, groups.sizes, groups.others)


def _later(groups: Groups, value: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """(empty p values, which groups get one)."""
    return np.full(len(value), np.nan), ~groups.in_reference & ~np.isnan(value)


def _ks(groups: Groups, known: Array, filled: Sequence[Array]) -> Measured:
    """Of a month inside the reference the distance to the rest of it follows from that to all of
    it: the whole is the month and the rest, mixed by their numbers."""
    from scipy.special import kolmogorov

    value = np.full(len(filled), np.nan)
    others = np.zeros(len(filled), dtype=np.int64)
    for at, (own, first) in enumerate(zip(filled, groups.in_reference, strict=True)):
        others[at] = len(known) - len(own) * first
        if len(own) and others[at] > 0:
            whole = ks_distance(known, own)
            value[at] = min(whole * len(known) / others[at], 1.0)
    n = np.array([len(own) for own in filled], dtype=np.int64)
    p_value, later = _later(groups, value)
    root = np.sqrt(n[later] * others[later] / (n[later] + others[later]))
    p_value[later] = kolmogorov((root + 0.12 + 0.11 / root) * value[later])
    return Measured(KS, value, p_value, n, others)


def _null_share(groups: Groups, empty: Counts) -> Measured:
    """Share of empty cells less the reference's; two-sided z test with the pooled share."""
    from scipy.special import ndtr

    n, m = groups.sizes.astype(float), groups.others.astype(float)
    whole = empty[groups.in_reference].sum()
    there = np.where(groups.in_reference, whole - empty, whole).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = empty / n - there / m
    p_value, later = _later(groups, value)
    n, m, pooled = n[later], m[later], ((empty + there) / (n + m))[later]
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m))
    z = np.divide(np.abs(value[later]), error, out=np.zeros_like(error), where=error > 0)
    p_value[later] = 2.0 * ndtr(-z)
    return _whole(NULL_SHARE, value, p_value, groups)


def _jensen_shannon(other: Counts, own: Counts) -> float:
    """Square root of the Jensen-Shannon divergence in bits: 0 for the same shares, at most 1."""
    if not (other.sum() and own.sum()):
        return float("nan")
    p, q = other / other.sum(), own / own.sum()
    middle = (p + q) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(x > 0, x * np.log2(x / middle), 0.0) for x in (p, q)]
    return float(np.sqrt(max((parts[0] + parts[1]).sum() / 2.0, 0.0)))


def _unseen(groups: Groups, words: Counts) -> Measured:
    """Share of filled rows whose word stands nowhere in the (rest of the) reference. By luck alone
    it is near the reference's share of words that it has once only (Good 1953)."""
    from scipy.special import bdtrc

    value, p_value = np.full(len(words), np.nan), np.full(len(words), np.nan)
    for at, (other, own) in enumerate(_pairs(groups, words)):
        n, m = own.sum(), other.sum()
        if n and m:
            new = own[other == 0].sum()
            once = max(int((other == 1).sum()), 1) / m
            value[at] = new / n
            if not groups.in_reference[at]:
                p_value[at] = bdtrc(new - 1, n, min(once, 1.0)) if new else 1.0
    return _whole(UNSEEN, value, p_value, groups)
