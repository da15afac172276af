"""What past sales of a home's groups and cells fetched, shrunken to the group around them.

An empirical-Bayes mean (Micci-Barreca 2001): a group of n past sales keeps n / (n + prior) of its
own mean residual and takes the rest from its parent, which was shrunken to its own parent before.
Only sales known before the month of the row's information are in it, so no row is in its own mean.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from realty_assets.features.areas import UNKNOWN
from realty_assets.features.feature import RESIDUAL, Feature

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Each level and the one that it is shrunken to, parents first. None: all past sales.
PARENTS: dict[str, str | None] = {
    "mls_area_minor": None,
    "postal_code": "mls_area_minor",
    "subdivision_name": "postal_code",
    "elementary_school_district": None,
    "property_sub_type": None,
    "architectural_style": "property_sub_type",
    "h3_7": "postal_code",
    "h3_8": "h3_7",
    "h3_9": "h3_8",
}
CELL_LEVELS = ("h3_7", "h3_8", "h3_9")


def encode(
    residual: Array,
    pool: Mapping[str, Ints],
    asked: Mapping[str, Ints],
    prior: float,
) -> dict[str, Array]:
    """`<level>_residual` and `<level>_sales` (n,) of each subject.

    `residual` (m,) and the numbers in `pool` (m,) are those of past sales, `asked` (n,) those of
    the subjects, by level. Where a level is unknown both are NaN, and its child is shrunken to what
    is above; a group without a sale has its parent's mean.
    """
    out: dict[str, Array] = {}
    n_asked = len(next(iter(asked.values())))
    everything = float(np.add.reduce(residual)) / (len(residual) + prior)
    standing: dict[str | None, Array] = {None: np.full(n_asked, everything)}
    for level, parent in PARENTS.items():
        above, code = standing[parent], asked[level]
        own = pool[level]
        seen = own >= 0
        size = max(int(own.max(initial=-1)), int(code.max(initial=-1))) + 2
        count = np.bincount(own[seen], minlength=size).astype(np.float64)
        total = np.bincount(own[seen], residual[seen], size)
        at = np.where(code >= 0, code, size - 1)  # the last one is nobody's: no sales
        value = (total[at] + prior * above) / (count[at] + prior)
        known = code != UNKNOWN
        standing[level] = np.where(known, value, above)
        out[f"{level}_residual"] = np.where(known, value, np.nan)
        out[f"{level}_sales"] = np.where(known, count[at], np.nan)
    return out


def encoding_specs() -> list[Feature]:
    """Specs of the columns of `encode`: groups first, then cells."""
    out = []
    for level, parent in PARENTS.items():
        cell = level in CELL_LEVELS
        family = "encodings" if cell else "group_residual"
        source = ("latitude", "longitude") if cell else (level,)
        around = parent or "all past sales"
        out += [
            Feature(
                f"{level}_residual",
                family,
                RESIDUAL,
                ("close_price", "close_date", *source),
                f"Mean residual of past sales of the same {level}, shrunken to that of {around}.",
                window="36 months before the month",
                default_input=not cell,
            ),
            Feature(
                f"{level}_sales",
                family,
                "count",
                ("close_date", *source),
                f"Past sales of the same {level}.",
                window="36 months before the month",
                default_input=not cell,
            ),
        ]
    return out
