"""Block bootstrap in bulk: thousands of draws of a figure without a loop over draws.

Whole blocks are drawn with replacement (Hall 1985; Kunsch 1989), so that sales which share a month
and a place, and therefore their luck, stay together. A draw is a count per block; sums follow from
sums over blocks, medians from cumulative counts over rows sorted once. Blocks of one row each give
Efron's ordinary bootstrap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.arrays import in_order, paired

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]

CELLS = 50_000  # of one part of the draws: what a cache holds
# Below this many blocks their luck cannot be told from the figure.
MIN_BLOCKS = 20
FIGURES = ("mdape", "ppe10", "r2", "median_ratio", "cod", "prd", "prb")


def block_codes(labels: Sequence[object]) -> Codes:
    """Codes (n,) of block labels, in the order of the labels' text: equal whatever order of rows.

    None is a label of its own.
    """
    _, codes = np.unique(np.array([str(label) for label in labels], dtype=str), return_inverse=True)
    return codes.reshape(-1).astype(np.int64)


def month_area(months: Sequence[object], areas: Sequence[object]) -> list[str]:
    """Labels of the blocks of EVALUATION.md: month x area. Raises ValueError for unequal length."""
    return [f"{month}|{area}" for month, area in zip(months, areas, strict=True)]


@dataclass(frozen=True)
class Resamples:
    """`n_draws` resamples of whole blocks; every method sees the same draws.

    `blocks` (n,) are codes from 0 on, without gaps.
    """

    blocks: Codes
    n_draws: int = 2000
    seed: int = 7

    def __post_init__(self) -> None:
        if not len(self.blocks) or self.n_draws < 1:
            raise ValueError(f"nothing to resample: n {len(self.blocks)}, draws {self.n_draws}")

    @property
    def n_blocks(self) -> int:
        return int(self.blocks.max()) + 1

    def counts(self) -> Iterator[Counts]:
        """How often each block is drawn: parts (d, n_blocks) of all draws, in order."""
        random = np.random.default_rng(self.seed)
        n, left = self.n_blocks, self.n_draws
        step = max(1, CELLS // max(len(self.blocks), n))
        while left:
            d = min(step, left)
            drawn = random.integers(0, n, (d, n)) + np.arange(d)[:, None] * n
            yield np.bincount(drawn.ravel(), minlength=d * n).reshape(d, n).astype(np.int32)
            left -= d

    def means(self, values: Array) -> Array:
        """Mean of each column of `values` (n, k) in each draw, (n_draws, k)."""
        columns = [np.bincount(self.blocks, x, self.n_blocks) for x in values.T]
        columns.append(np.bincount(self.blocks, minlength=self.n_blocks).astype(np.float64))
        sums = np.column_stack(columns)
        parts = [np.einsum("db,bk->dk", c, sums, optimize=False) for c in self.counts()]
        drawn = np.concatenate(parts)
        return drawn[:, :-1] / drawn[:, -1:]

    def medians(self, value: Array) -> Array:
        """Median of `value` (n,) in each draw, (n_draws,)."""
        order = np.argsort(value, kind="stable")
        ordered, blocks = value[order], self.blocks[order]
        return np.concatenate([_medians(ordered, counts[:, blocks]) for counts in self.counts()])


def _medians(ordered: Array, weight: Counts) -> Array:
    """Median of `ordered` (n,) under each row of integer weights (d, n)."""
    below = np.cumsum(weight, axis=1, dtype=np.int32)
    last = below[:, -1:]
    # Of the rows' own type: a search for another one would copy the row first.
    middle = np.concatenate([(last - 1) // 2, last // 2], axis=1)
    # Row by row: a binary search is far cheaper than comparing every cell.
    at = np.array([row.searchsorted(m, "right") for row, m in zip(below, middle, strict=True)])
    return (ordered[at[:, 0]] + ordered[at[:, 1]]) / 2.0


def percentile_interval(draws: Array, level: float = 0.95) -> tuple[float, float]:
    """Two-sided percentile interval of draws (d,). Raises ValueError for a level outside (0, 1)."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    usable = draws[np.isfinite(draws)]
    if not len(usable):
        return float("nan"), float("nan")
    low, high = np.quantile(usable, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def figure_intervals(
    prediction: npt.ArrayLike,
    price: npt.ArrayLike,
    *,
    labels: Sequence[object] | None = None,
    figures: Sequence[str] = FIGURES,
    seed: int = 7,
    n_draws: int = 2000,
    level: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Interval of each of `figures` (as defined in metrics.py and ratio_study.py), by name.

    `labels` (n,) name the blocks; without them, or with fewer than MIN_BLOCKS, sales are drawn one
    by one (`resampled_by` says which). Neither order of rows nor of labels matters.
    """
    p, s = paired(prediction, price)
    if resampled_by(labels) == "sales":
        p, s = in_order(p, s)
        codes = np.arange(len(p), dtype=np.int64)
    else:
        assert labels is not None
        codes = block_codes(labels)
        order = np.lexsort((p, s, codes))
        p, s, codes = p[order], s[order], codes[order]
    resamples = Resamples(codes, n_draws, seed)
    ape = np.abs(p / s - 1.0)
    middle = float(np.add.reduce(s) / len(s))
    around = s - middle  # sums of squares about a near centre lose no digits
    mean = resamples.means(
        np.column_stack([ape <= 0.10, (p - s) ** 2, around**2, around, p / s, p, s]).astype(float)
    )
    spread = mean[:, 2] - mean[:, 3] ** 2
    m, cod, prb = ratio_draws(resamples, p, s, "prb" in figures)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = {
            "mdape": resamples.medians(ape),
            "ppe10": mean[:, 0],
            "r2": np.where(spread > 0, 1.0 - mean[:, 1] / spread, np.nan),
            "median_ratio": m,
            "cod": cod,
            "prd": mean[:, 4] / (mean[:, 5] / mean[:, 6]),
            "prb": prb,
        }
    return {name: percentile_interval(draws[name], level) for name in figures}


def resampled_by(labels: Sequence[object] | None) -> str:
    """'blocks', or 'sales' where there are no labels or too few different ones."""
    return "sales" if labels is None or len(set(labels)) < MIN_BLOCKS else "blocks"


def ratio_draws(
    resamples: Resamples, p: Array, s: Array, with_prb: bool
) -> tuple[Array, Array, Array]:
    """(median ratio, COD, PRB or NaN) of each draw, each (n_draws,)."""
    r = p / s
    order = np.argsort(r, kind="stable")
    r, p, s, blocks = r[order], p[order], s[order], resamples.blocks[order]
    parts = []
    for counts in resamples.counts():
        w = counts[:, blocks]
        m = _medians(r, w)[:, None]
        n = np.add.reduce(w, axis=1).astype(np.float64)
        cod = 100.0 * np.einsum("dn,dn->d", w, np.abs(r - m)) / n / m[:, 0]
        if not with_prb:
            parts.append((m[:, 0], cod, np.full(len(n), np.nan)))
            continue
        x = np.log2(0.5 * (s + p / m))
        y = (r - m) / m
        mx, my = np.einsum("dn,dn->d", w, x) / n, np.einsum("dn,dn->d", w, y) / n
        x -= mx[:, None]
        across = np.einsum("dn,dn,dn->d", w, x, x)
        along = np.einsum("dn,dn,dn->d", w, x, y - my[:, None])
        with np.errstate(divide="ignore", invalid="ignore"):
            prb = np.where(across > 1e-18 * n, along / across, np.nan)
        parts.append((m[:, 0], cod, prb))
    m_all, cod_all, prb_all = (np.concatenate(column) for column in zip(*parts, strict=True))
    return m_all, cod_all, prb_all
