"""Is a challenger better than the champion, and for whom is it worse? Judged on paired sales.

EVALUATION, "Comparing two models": superiority on the mean absolute error of log price, by a block
bootstrap of month x area; a segment vetoes when it is worse than a margin, one-sided, with Holm's
correction over all segments (Holm 1979); non-inferiority is proved on the pool. Segments are told
how sure they are by the normal tail of their bootstrap error: a share of 2,000 draws cannot speak
of the small levels that the correction asks for. A segment that lies in few blocks (an area has one
a month) would look surer than it is: its error is then at least that of single sales.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from realty_assets.evaluation.paired import MIN_DRAWS, PairedRows, paired_rows
from realty_assets.evaluation.resampling import MIN_BLOCKS, Resamples

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

POWER = 0.80
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Difference:
    """How far a challenger's mean abs log error lies from the champion's on the same sales, as a
    share of the champion's; negative where the challenger is the more accurate.

    `below` and `above` are one-sided bounds at the level that was asked for, `error` the bootstrap
    standard error.
    """

    n: int
    champion_error: float
    relative: float
    error: float
    below: float
    above: float

    def p_worse_than(self, margin: float) -> float:
        """One-sided p value of "no more than `margin` worse"."""
        if self.error == 0.0:
            return 0.0 if self.relative > margin else 1.0
        return 1.0 - _NORMAL.cdf((self.relative - margin) / self.error)


@dataclass(frozen=True)
class Veto:
    """A segment that is significantly worse than the margin."""

    segment: str
    difference: Difference
    p: float


@dataclass(frozen=True)
class Paired:
    """The pool, every segment with enough sales, the segments that veto, and the smallest gain (a
    share of the champion's error) that this many sales would show in four cases of five."""

    pool: Difference
    segments: Mapping[str, Difference]
    vetoes: tuple[Veto, ...]
    detectable_gain: float
    resampled: str

    @property
    def better(self) -> bool:
        return self.pool.above < 0.0

    @property
    def worse(self) -> bool:
        return self.pool.below > 0.0

    def no_worse_than(self, margin: float) -> bool:
        """Is the challenger shown to be at most `margin` worse on the pool?"""
        return self.pool.above < margin


def judge_pairs(
    challenger: npt.ArrayLike,
    champion: npt.ArrayLike,
    price: npt.ArrayLike,
    labels: Sequence[object],
    segments: Mapping[str, Mask],
    *,
    alpha: float,
    margin: float,
    min_segment_sales: int,
    seed: int = 7,
) -> Paired:
    """Both models' values (n,) of sales at `price` (n,), dollars; `labels` (n,) name the blocks.

    `segments` are masks (n,); those of fewer than `min_segment_sales` are left out. `alpha` is the
    one-sided level of the pool, and of all segments together. The order of rows does not matter.
    Raises ValueError for arrays that differ in length or hold anything but positive numbers.
    """
    rows = paired_rows(challenger, champion, price, labels)
    off_champion = np.abs(np.log(rows.b / rows.price))
    change = np.abs(np.log(rows.a / rows.price)) - off_champion
    masks = _masks(rows, segments, min_segment_sales)
    return _judged(rows, change, off_champion, masks, alpha, margin, seed)


def judge_losses(
    challenger: npt.ArrayLike,
    champion: npt.ArrayLike,
    labels: Sequence[object],
    segments: Mapping[str, Mask],
    *,
    alpha: float,
    margin: float,
    min_segment_sales: int,
    seed: int = 7,
) -> Paired:
    """`judge_pairs` for what each sale costs (n,) by both models (an interval score, say), in the
    place of the error of its value; positive, lower is better."""
    ours, theirs = (np.asarray(one, dtype=np.float64) for one in (challenger, champion))
    rows = paired_rows(ours, theirs, np.ones(len(ours)), labels)
    masks = _masks(rows, segments, min_segment_sales)
    return _judged(rows, rows.a - rows.b, rows.b, masks, alpha, margin, seed)


def _masks(rows: PairedRows, segments: Mapping[str, Mask], least: int) -> dict[str, Mask]:
    return {name: mask[rows.order] for name, mask in segments.items() if mask.sum() >= least}


def _judged(
    rows: PairedRows,
    change: Array,
    off_champion: Array,
    masks: Mapping[str, Mask],
    alpha: float,
    margin: float,
    seed: int,
) -> Paired:
    """`change` and the champion's own errors (n,) in the order of `rows`, as are `masks`."""
    everyone = np.ones(len(change))
    parts = [everyone, *(mask.astype(np.float64) for mask in masks.values())]
    columns = [values * part for part in parts for values in (change, off_champion)]
    drawn = Resamples(rows.blocks, MIN_DRAWS, seed).means(np.column_stack(columns))
    found = [
        _difference(
            change[part > 0.0],
            off_champion[part > 0.0],
            len(np.unique(rows.blocks[part > 0.0])),
            drawn[:, 2 * i : 2 * i + 2],
            alpha,
        )
        for i, part in enumerate(parts)
    ]
    pool, by_name = found[0], dict(zip(masks, found[1:], strict=True))
    reach = _NORMAL.inv_cdf(1.0 - alpha) + _NORMAL.inv_cdf(POWER)
    return Paired(
        pool,
        by_name,
        vetoes(by_name, alpha, margin),
        reach * pool.error,
        "sales" if rows.few_blocks else "blocks",
    )


def vetoes(segments: Mapping[str, Difference], alpha: float, margin: float) -> tuple[Veto, ...]:
    """Segments worse than `margin`, the family's one-sided error held at `alpha` (Holm 1979)."""
    ranked = sorted(
        (Veto(name, seen, seen.p_worse_than(margin)) for name, seen in segments.items()),
        key=lambda veto: (veto.p, veto.segment),
    )
    out = []
    for rank, veto in enumerate(ranked):
        if veto.p > alpha / (len(ranked) - rank):
            break
        out.append(veto)
    return tuple(out)


def _difference(change: Array, off: Array, n_blocks: int, drawn: Array, alpha: float) -> Difference:
    """Of a part's sales (n,), which lie in `n_blocks`, and their draws (d, 2). A draw without any
    of them is left out."""
    n, total = len(off), float(np.add.reduce(off))
    relative = float(np.add.reduce(change)) / total
    usable = drawn[drawn[:, 1] > 0.0]
    ratio = usable[:, 0] / usable[:, 1]
    below, above = np.quantile(ratio, [alpha, 1.0 - alpha])
    error = float(np.std(ratio))
    if n_blocks < MIN_BLOCKS:
        error = max(error, float(np.sqrt(np.add.reduce((change - relative * off) ** 2))) / total)
    return Difference(n, total / n, relative, error, float(below), float(above))
