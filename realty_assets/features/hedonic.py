"""A plain robust hedonic: what a home's attributes fetch, apart from where and when it sold.

Huber's M-estimator by iteratively reweighted least squares (Huber 1964; Holland and Welsch 1977)
on log price, with area effects removed by demeaning within areas, so that attributes do not stand
in for location. Sums run in one thread over sorted rows (einsum, no BLAS): the same rows give the
same bits whatever the machine's thread count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

HUBER_K = 1.345  # 95% efficiency at the normal
MAD_TO_SD = 1.4826
MIN_TERM_ROWS = 50


def design(columns: Mapping[str, Array]) -> dict[str, Array]:
    """Hedonic terms (n,) from structure columns; constants are fixed, never taken from the data."""
    ln_living = columns["ln_living_area"]
    age = columns["age_years"]
    grade = columns["grade_score"]
    return {
        "ln_living": ln_living,
        "ln_living_2": (ln_living - 7.5) ** 2,
        "ln_lot": columns["ln_lot_size"],
        "ln_lot_2": (columns["ln_lot_size"] - 9.0) ** 2,
        "age": age,
        "age_2": (age / 10.0) ** 2,
        "since_work": columns["since_work_years"],
        "bedrooms": np.minimum(columns["bedrooms_total"], 8.0),
        "bathrooms": np.minimum(columns["bathrooms_total"], 8.0),
        "stories": np.minimum(columns["stories_total"], 4.0),
        "garage": np.minimum(columns["garage_spaces"], 4.0),
        "pool": columns["pool_private_yn"],
        "waterfront": columns["waterfront_yn"],
        "view": columns["view_score"],
        "condition": columns["condition_score"],
        "grade": grade,
        "grade_2": (grade - 7.0) ** 2,
        "basement_share": np.clip(columns["basement_share"], 0.0, 1.0),
        "ln_neighbor_living": columns["ln_neighbor_living_area"],
        "ln_neighbor_lot": columns["ln_neighbor_lot_size"],
        "fee": np.log1p(np.clip(columns["association_fee"], 0.0, None)),
    }


@dataclass(frozen=True)
class Hedonic:
    """A fitted hedonic: terms with their fill values, centres, scales and coefficients."""

    terms: tuple[str, ...]
    missing_terms: tuple[str, ...]
    fill: Array
    centre: Array
    scale: Array
    coef: Array
    intercept: float

    def predict(self, columns: Mapping[str, Array]) -> Array:
        """Log value (n,) of the attributes alone; `columns` are hedonic terms as from `design`.

        Term by term, not by a matrix product: a row's bits must not depend on how many rows are
        asked for together.
        """
        n = len(next(iter(columns.values())))
        total = np.full(n, self.intercept)
        for k, x in enumerate(self._standardized(columns)):
            total = total + self.coef[k] * x
        return total

    def _standardized(self, columns: Mapping[str, Array]) -> list[Array]:
        out = []
        for k, name in enumerate(self.terms):
            x = columns[name]
            out.append((np.where(np.isnan(x), self.fill[k], x) - self.centre[k]) / self.scale[k])
        for k, name in enumerate(self.missing_terms, start=len(self.terms)):
            out.append((np.isnan(columns[name]) - self.centre[k]) / self.scale[k])
        return out


def fit_hedonic(
    terms: Mapping[str, Array],
    target: Array,
    area: Codes,
    *,
    n_iterations: int = 6,
    ridge: float = 1.0,
    weights: Array | None = None,
) -> tuple[Hedonic, Array, Array]:
    """(hedonic, residual without area effect (n,), robust weight (n,)).

    `terms` as from `design`, `target` log price (index taken off), `area` integer codes >= 0.
    The residual is target minus attributes minus the area's effect. A term with fewer than
    MIN_TERM_ROWS values or no variation is left out.
    """
    names, missing, fill, centre, scale, columns = [], [], [], [], [], []
    n = len(target)
    for name, x in terms.items():
        known = ~np.isnan(x)
        if known.sum() < MIN_TERM_ROWS:
            continue
        middle = float(np.median(x[known]))
        filled = np.where(known, x, middle)
        mean = float(np.add.reduce(filled) / n)
        sd = float(np.sqrt(np.add.reduce((filled - mean) ** 2) / n))
        if sd < 1e-9:
            continue
        names.append(name)
        fill.append(middle)
        centre.append(mean)
        scale.append(sd)
        columns.append((filled - mean) / sd)
    for name in names.copy():
        gap = np.isnan(terms[name]).astype(np.float64)
        share = float(np.add.reduce(gap) / n)
        if min(gap.sum(), n - gap.sum()) < MIN_TERM_ROWS:
            continue
        sd = float(np.sqrt(share * (1.0 - share)))
        missing.append(name)
        centre.append(share)
        scale.append(sd)
        columns.append((gap - share) / sd)
    x_all = np.column_stack(columns) if columns else np.zeros((n, 0))
    w = np.ones(n) if weights is None else weights
    n_areas = int(area.max()) + 1 if n else 0
    coef = np.zeros(x_all.shape[1])
    residual = target
    for _ in range(n_iterations):
        area_weight = np.maximum(np.bincount(area, w, n_areas), 1e-12)
        y = target - (np.bincount(area, w * target, n_areas) / area_weight)[area]
        x = np.column_stack(
            [
                x_all[:, k] - (np.bincount(area, w * x_all[:, k], n_areas) / area_weight)[area]
                for k in range(x_all.shape[1])
            ]
            or [np.zeros((n, 0))]
        )
        xw = x * w[:, None]
        gram = np.einsum("ij,ik->jk", xw, x, optimize=False)
        gram[np.diag_indices_from(gram)] += ridge
        coef = np.linalg.solve(gram, np.einsum("ij,i->j", xw, y, optimize=False))
        fitted = np.zeros(n)
        for k in range(x.shape[1]):
            fitted = fitted + coef[k] * x[:, k]
        residual = y - fitted
        spread = max(MAD_TO_SD * float(np.median(np.abs(residual))), 1e-6)
        w = np.minimum(1.0, HUBER_K * spread / np.maximum(np.abs(residual), 1e-12))
    attributes = np.zeros(n)
    for k in range(x_all.shape[1]):
        attributes = attributes + coef[k] * x_all[:, k]
    intercept = float(np.add.reduce(w * (target - attributes)) / np.add.reduce(w))
    hedonic = Hedonic(
        tuple(names),
        tuple(missing),
        np.array(fill),
        np.array(centre),
        np.array(scale),
        coef,
        intercept,
    )
    return hedonic, residual, w
