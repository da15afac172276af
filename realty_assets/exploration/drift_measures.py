"""How far the values of a month lie from those of the reference months: PSI and KS D.

The population stability index is taken over bins that the reference alone decides: tenths of its
numbers, or its most frequent words. It is near (bins - 1) x (1/n + 1/m) when nothing has changed,
so a threshold alone would find drift in every small month; `Drift.noise` is what chance reaches at
4.5 standard deviations, and `Drift.ks_noise` the same for the Kolmogorov-Smirnov distance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

N_BINS = 10
# A word of the reference needs so many rows for a bin of its own; the rest share one.
MIN_WORD = 20
SIGMAS = 4.5
# Two-sided Kolmogorov-Smirnov at about the same chance.
KS_SIGMAS = 2.75


@dataclass(frozen=True)
class Drift:
    """A field in a month of `n` rows, against `m` reference rows. `ks` is None for words."""

    field: str
    month: date
    n: int
    m: int
    n_bins: int
    psi: float
    ks: float | None
    ks_noise: float

    @property
    def noise(self) -> float:
        """The PSI that chance alone reaches, by Wilson and Hilferty's form of chi-square."""
        free = max(self.n_bins - 1, 1)
        unit = 2 / (9 * free)
        return free * (1 - unit + SIGMAS * math.sqrt(unit)) ** 3 * (1 / self.n + 1 / self.m)


def reference_edges(reference: np.ndarray) -> np.ndarray:
    """The frozen inner edges of the bins: tenths of the filled reference values.

    A value that fills a tenth by itself gets a bin of its own, so that what lies above it shows.
    """
    filled = np.sort(reference[~np.isnan(reference)])
    if not filled.size:
        return filled
    edges, counts = np.unique(
        filled[[filled.size * tenth // N_BINS for tenth in range(1, N_BINS)]], return_counts=True
    )
    crowded = edges[(counts > 1) | (edges == filled[-1])]
    return np.unique(np.concatenate([edges, np.nextafter(crowded, np.inf)]))


def binned(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Counts by bin; values equal to an edge fall above it, empty cells into a last bin."""
    filled = ~np.isnan(values)
    bins = np.searchsorted(edges, values[filled], "right")
    counts = np.bincount(bins, minlength=edges.size + 1)
    return np.append(counts, np.count_nonzero(~filled))


def psi(reference: np.ndarray, month: np.ndarray) -> tuple[float, int]:
    """(population stability index of two rows of counts, number of bins that hold anything).

    Half a row is added to every bin, so that an empty one does not make it infinite.
    """
    used = (reference + month) > 0
    reference, month = reference[used] + 0.5, month[used] + 0.5
    p, q = reference / reference.sum(), month / month.sum()
    return float(((q - p) * np.log(q / p)).sum()), int(used.sum())


def ks_distance(reference: np.ndarray, month: np.ndarray) -> float:
    """The greatest distance of two empirical distributions of sorted, filled values.

    Between two values of the one the other only rises, so both sides of each value of the shorter
    are enough.
    """
    few, many = sorted((reference, month), key=len)
    apart = [
        np.abs(
            np.searchsorted(many, few, side) / many.size
            - np.searchsorted(few, few, side) / few.size
        )
        for side in ("left", "right")
    ]
    return float(np.max(apart))


def drift_of_numbers(
    field: str, values: np.ndarray, month_of: np.ndarray, months: Sequence[date], n_first: int
) -> list[Drift]:
    """A field by month (empty: nan). The first `n_first` months are the reference.

    `month_of` gives for each value the position of its month in `months`.
    """
    first = values[month_of < n_first]
    edges = reference_edges(first)
    counted = binned(first, edges)
    known = np.sort(first[~np.isnan(first)])
    found = []
    for number in range(n_first, len(months)):
        here = values[month_of == number]
        index, n_bins = psi(counted, binned(here, edges))
        filled = np.sort(here[~np.isnan(here)])
        ks, ks_noise = None, math.inf
        if filled.size and known.size:
            ks = ks_distance(known, filled)
            ks_noise = KS_SIGMAS * math.sqrt(1 / filled.size + 1 / known.size)
        found.append(
            Drift(field, months[number], here.size, first.size, n_bins, index, ks, ks_noise)
        )
    return found


def drift_of_words(
    field: str, counts: dict[str | None, np.ndarray], months: Sequence[date], n_first: int
) -> list[Drift]:
    """The same for words: `counts` gives the rows of each word (None: empty) by month."""
    bins: dict[str | None, np.ndarray] = {}
    for word, by_month in sorted(counts.items(), key=lambda item: (item[0] is None, item[0] or "")):
        own = word is None or by_month[:n_first].sum() >= MIN_WORD
        name = word if own else "\0other"
        bins[name] = bins.get(name, np.zeros(len(months), np.int64)) + by_month
    table = np.array(list(bins.values()))
    first = table[:, :n_first].sum(axis=1)
    found = []
    for number in range(n_first, len(months)):
        here = table[:, number]
        if here.sum():
            index, n_bins = psi(first, here)
            sizes = int(here.sum()), int(first.sum())
            found.append(Drift(field, months[number], *sizes, n_bins, index, None, math.inf))
    return found
