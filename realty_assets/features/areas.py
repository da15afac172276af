"""Areas and homes as whole numbers: quick to group by, and the same for sales and subjects.

Cells are those of H3 (Uber's hexagonal index; https://h3geo.org). A parent cell is taken from its
child's bits, as the format describes them, so that only the finest cell is looked up by place, and
cells nest exactly (looked up on its own, a coarse cell's edge may cut through its children).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FINEST = 9
RESOLUTIONS = (9, 8, 7, 6)  # cells of about 0.1, 0.7, 5 and 36 square km
UNSEEN, UNKNOWN = -1, -2
GRID_DEGREES = 0.05  # about 5 km


def cells(latitude: Array, longitude: Array) -> dict[int, Ints]:
    """H3 cells (n,) by resolution, 0 where the place is unknown or lies off the globe."""
    from h3.api.basic_int import latlng_to_cell

    on_globe = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)  # NaN compares false
    places, back = np.unique(
        np.column_stack([latitude[on_globe], longitude[on_globe]]), axis=0, return_inverse=True
    )
    found = [latlng_to_cell(lat, lon, FINEST) for lat, lon in places.tolist()]
    finest = np.zeros(len(latitude), dtype=np.int64)
    finest[on_globe] = np.array(found, dtype=np.int64)[back.reshape(-1)]
    return {resolution: parent_cell(finest, resolution) for resolution in RESOLUTIONS}


def parent_cell(cell: Ints, resolution: int) -> Ints:
    """The cell of a coarser `resolution` that holds each cell (n,); 0 stays 0.

    Bits 52 to 55 hold the resolution; the three-bit digits below it are all ones.
    """
    unused = (1 << (3 * (15 - resolution))) - 1
    parent = (cell & ~np.int64(0xF << 52)) | np.int64(resolution << 52) | np.int64(unused)
    return np.where(cell == 0, 0, parent)


@dataclass(frozen=True)
class Coded:
    """Names in order, and the number (n,) of each row's name; UNKNOWN where it has none."""

    names: pl.Series
    codes: Ints

    def lookup(self, asked: pl.Series) -> Ints:
        """Numbers (n,) of other rows' names; UNSEEN where no row had it, UNKNOWN for null."""
        known = asked.is_not_null().to_numpy()
        if not len(self.names):
            return np.where(known, UNSEEN, UNKNOWN)
        at = self.names.search_sorted(asked.fill_null(self.names[0])).cast(pl.Int64).to_numpy()
        at = np.minimum(at, len(self.names) - 1)
        same = (self.names.gather(at) == asked).fill_null(False).to_numpy()
        return np.where(known, np.where(same, at, UNSEEN), UNKNOWN)


def coded(values: pl.Series) -> Coded:
    """`values` with their distinct names numbered in order."""
    names = values.drop_nulls().unique().sort()
    without = Coded(names, np.zeros(0, dtype=np.int64))
    return Coded(names, without.lookup(values))


def cell_series(cell: Ints) -> pl.Series:
    """Cells as a column, null where unknown."""
    return pl.Series(cell).replace(0, None)


def area_names(first: Sequence[str], last: Sequence[str] = ()) -> pl.Expr:
    """The name of each row's area, never null: what the columns `first` say, else a cell of
    GRID_DEGREES, else what the columns `last` say, else that of all that are lost."""
    cell = pl.format(
        "{}:{}",
        (pl.col("latitude") / GRID_DEGREES).floor().cast(pl.Int64),
        (pl.col("longitude") / GRID_DEGREES).floor().cast(pl.Int64),
    )
    return pl.coalesce(*first, cell, *last, pl.lit("-")).alias("area")
