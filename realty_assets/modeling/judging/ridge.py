"""Ridge regression of log price on attributes, area dummies and a trend: the classic hedonic.

Hoerl and Kennard (1970). The area dummies are eliminated block by block (their part of the normal
equations is diagonal), so thousands of areas cost no more than one. Sums run in one thread over
rows in a given order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

PENALTY = 1.0
AREA_PENALTY = 1.0
MIN_VALUES = 30
DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Ridge:
    """A fitted hedonic; `effects` are log effects of areas, zero for one never seen."""

    names: tuple[str, ...]
    fill: Array
    centre: Array
    scale: Array
    coef: Array
    effects: Mapping[str, float]
    intercept: float

    def predict(self, terms: Mapping[str, Array], area: Texts, day: npt.ArrayLike) -> Array:
        """Log price (n,); `day` counts from the day on which the model was made."""
        x = _standard(terms, day, self.names, self.fill, self.centre, self.scale)
        total = np.full(len(area), self.intercept)
        for k in range(x.shape[1]):
            total = total + self.coef[k] * x[:, k]
        return total + np.array([self.effects.get(name, 0.0) for name in area.tolist()])


def fit_ridge(terms: Mapping[str, Array], area: Texts, day: npt.ArrayLike, target: Array) -> Ridge:
    """Fits log prices `target` (n,); terms with under MIN_VALUES values, or all alike, fall away.

    A gap takes the term's median and is told by a dummy of its own.
    """
    names = tuple(name for name, x in terms.items() if np.isfinite(x).sum() >= MIN_VALUES)
    fill = np.array([float(np.median(terms[name][np.isfinite(terms[name])])) for name in names])
    k = 2 * len(names) + 1
    raw = _standard(terms, day, names, fill, np.zeros(k), np.ones(k))
    n = len(target)
    centre = np.add.reduce(raw, axis=0) / n
    spread = np.sqrt(np.add.reduce((raw - centre) ** 2, axis=0) / n)
    # An infinite scale takes a term that never varies out of every sum.
    scale = np.where(spread > 1e-9, spread, np.inf)
    x = (raw - centre) / scale
    middle = float(np.add.reduce(target) / n)
    y = target - middle
    areas, codes = np.unique(area.astype(str), return_inverse=True)
    codes = codes.reshape(-1)
    weight = 1.0 / (np.bincount(codes, minlength=len(areas)) + AREA_PENALTY)
    across = np.column_stack([np.bincount(codes, x[:, j], len(areas)) for j in range(k)])
    of_area = np.bincount(codes, y, len(areas))
    gram = np.einsum("ij,ik->jk", x, x, optimize=False)
    gram -= np.einsum("aj,a,ak->jk", across, weight, across, optimize=False)
    gram[np.diag_indices(k)] += PENALTY
    right = np.einsum("ij,i->j", x, y, optimize=False)
    right -= np.einsum("aj,a,a->j", across, weight, of_area, optimize=False)
    coef = np.linalg.solve(gram, right)
    left = of_area - np.einsum("aj,j->a", across, coef, optimize=False)
    effects = dict(zip(areas.tolist(), (weight * left).tolist(), strict=True))
    return Ridge(names, fill, centre, scale, coef, effects, middle)


def _standard(
    terms: Mapping[str, Array],
    day: npt.ArrayLike,
    names: tuple[str, ...],
    fill: Array,
    centre: Array,
    scale: Array,
) -> Array:
    """Design (n, 2k + 1): terms, dummies of their gaps, years; centred and scaled."""
    years = np.asarray(day, dtype=np.float64) / DAYS_A_YEAR
    gaps = [~np.isfinite(terms[name]) for name in names]
    values = [
        np.where(gap, at, terms[name]) for name, gap, at in zip(names, gaps, fill, strict=True)
    ]
    raw = np.column_stack([*values, *(gap.astype(np.float64) for gap in gaps), years])
    return (raw - centre) / scale
