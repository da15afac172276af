"""Two predictions of the same sales, compared sale by sale.

EVALUATION.md, "Comparing two models": the mean absolute error of log price decides, MdAPE stands
beside it; intervals by a block bootstrap of month x area with at least 2,000 draws, seeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.arrays import paired
from realty_assets.evaluation.resampling import (
    MIN_BLOCKS,
    Resamples,
    block_codes,
    percentile_interval,
)

Array = npt.NDArray[np.float64]

MIN_DRAWS = 2000
FEW_BLOCKS = f"fewer than {MIN_BLOCKS} blocks: sales were drawn one by one"


@dataclass(frozen=True)
class PairedComparison:
    """`a` less `b`: negative where `a` is the more accurate.

    Errors are mean abs(ln(p/s)) and MdAPE, as shares. `_low` and `_high` bound the two-sided
    interval; `_below` and `_above` are the one-sided bounds at the same level: `a` is better when
    `error_difference_above` < 0, and worse when `error_difference_below` > 0.
    """

    n: int
    n_blocks: int
    n_draws: int
    level: float
    error_a: float
    error_b: float
    error_difference: float
    error_difference_low: float
    error_difference_high: float
    error_difference_below: float
    error_difference_above: float
    mdape_a: float
    mdape_b: float
    mdape_difference: float
    mdape_difference_low: float
    mdape_difference_high: float
    mdape_difference_below: float
    mdape_difference_above: float
    note: str = ""

    @property
    def verdict(self) -> str:
        """'better', 'worse' or 'no difference shown': does the two-sided interval exclude zero?"""
        if self.error_difference_high < 0:
            return "better"
        return "worse" if self.error_difference_low > 0 else "no difference shown"

    def as_dict(self) -> dict[str, float | int | str]:
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True)
class PairedRows:
    """Two predictions of the same sales (n,) in an order that the order of rows does not decide:
    `order` is where each stood. `blocks` are the codes to resample by, one a sale where there are
    too few of them."""

    a: Array
    b: Array
    price: Array
    blocks: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    few_blocks: bool


def paired_rows(
    a: npt.ArrayLike, b: npt.ArrayLike, price: npt.ArrayLike, labels: Sequence[object]
) -> PairedRows:
    """`a` and `b` (n,) of sales at `price` (n,), all in dollars, by blocks of `labels` (n,).

    Raises ValueError for arrays that differ in length or hold anything but positive numbers.
    """
    p, s = paired(a, price)
    q, _ = paired(b, price)
    if len(labels) != len(s):
        raise ValueError(f"{len(labels)} block labels for {len(s)} sales")
    codes = block_codes(labels)
    few = int(codes.max()) + 1 < MIN_BLOCKS
    order = np.lexsort((q, p, s, codes))
    blocks = np.arange(len(s), dtype=np.int64) if few else codes[order]
    return PairedRows(p[order], q[order], s[order], blocks, order, few)


def compare(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    price: npt.ArrayLike,
    labels: Sequence[object],
    *,
    seed: int = 7,
    n_draws: int = MIN_DRAWS,
    level: float = 0.95,
) -> PairedComparison:
    """Compares predictions `a` and `b` (n,) of sales at `price` (n,), all in dollars.

    `labels` (n,) name the blocks (`resampling.month_area`). The order of rows does not matter.
    Raises ValueError for arrays that differ in length or hold anything but positive numbers, and
    for fewer than 2,000 draws.
    """
    if n_draws < MIN_DRAWS:
        raise ValueError(f"a comparison needs at least {MIN_DRAWS} draws, not {n_draws}")
    rows = paired_rows(a, b, price, labels)
    p, q, s = rows.a, rows.b, rows.price
    off_a, off_b = np.abs(np.log(p / s)), np.abs(np.log(q / s))
    ape_a, ape_b = np.abs(p / s - 1.0), np.abs(q / s - 1.0)
    resamples = Resamples(rows.blocks, n_draws, seed)
    n = len(s)
    error_a, error_b = float(np.add.reduce(off_a) / n), float(np.add.reduce(off_b) / n)
    mdape_a, mdape_b = float(np.median(ape_a)), float(np.median(ape_b))
    error_draws = resamples.means((off_a - off_b)[:, None])[:, 0]
    mdape_draws = resamples.medians(ape_a) - resamples.medians(ape_b)
    return PairedComparison(
        n,
        resamples.n_blocks,
        n_draws,
        level,
        error_a,
        error_b,
        float(np.add.reduce(off_a - off_b) / n),
        *_bounds(error_draws, level),
        mdape_a,
        mdape_b,
        mdape_a - mdape_b,
        *_bounds(mdape_draws, level),
        FEW_BLOCKS if rows.few_blocks else "",
    )


def _bounds(draws: npt.NDArray[np.float64], level: float) -> tuple[float, float, float, float]:
    """(low, high) of the two-sided interval, then the one-sided bounds (below, above)."""
    below, above = np.quantile(draws, [1.0 - level, level])
    return *percentile_interval(draws, level), float(below), float(above)
