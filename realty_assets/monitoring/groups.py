"""Rows by population and month, those of the reference apart: what every measure reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]
KEYS = ("population", "month", "in_reference")


@dataclass(frozen=True)
class Groups:
    """`rows` in the order of KEYS; `keys` and `sizes` (n_groups,) of the groups.

    A month that is in the reference in part is two groups.
    """

    rows: pl.DataFrame
    keys: pl.DataFrame
    sizes: npt.NDArray[np.int64]
    _sorted: dict[str, list[Array]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Groups:
        """The groups of `rows`, which have `population`, `month` (date), `in_reference` (bool)."""
        ordered = rows.sort(*KEYS, maintain_order=True)
        counted = ordered.group_by(*KEYS, maintain_order=True).len()
        return cls(ordered, counted.select(*KEYS), counted["len"].cast(pl.Int64).to_numpy())

    @property
    def n_groups(self) -> int:
        return len(self.sizes)

    @cached_property
    def in_reference(self) -> npt.NDArray[np.bool_]:
        return self.keys["in_reference"].to_numpy()

    @cached_property
    def n_reference(self) -> int:
        return int(self.sizes[self.in_reference].sum())

    @cached_property
    def others(self) -> npt.NDArray[np.int64]:
        """Rows that each group is held against: the reference, without the group itself."""
        return self.n_reference - np.where(self.in_reference, self.sizes, 0)

    def sorted_values(self, name: str) -> list[Array]:
        """The filled values of each group, sorted."""
        if name not in self._sorted:
            column = self.rows[name].cast(pl.Float64).to_numpy()  # empty: NaN, sorted last
            found = [np.sort(part) for part in self._parts(column)]
            self._sorted[name] = [own[: len(own) - _n_empty(own)] for own in found]
        return self._sorted[name]

    def word_counts(self, name: str) -> npt.NDArray[np.int64]:
        """Rows of each word (groups, words), words in the order of their text."""
        group = pl.Series("group", np.repeat(np.arange(self.n_groups), self.sizes))
        told = pl.DataFrame([group, self.rows[name].cast(pl.String).alias("word")]).drop_nulls()
        names = told["word"].unique().sort()
        if names.is_empty():
            return np.zeros((self.n_groups, 0), dtype=np.int64)
        code = told["word"].cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
        at = told["group"].to_numpy() * len(names) + code
        counts = np.bincount(at, minlength=self.n_groups * len(names))
        return counts.reshape(self.n_groups, len(names))

    def n_filled(self, name: str) -> npt.NDArray[np.int64]:
        """Filled cells (n_groups,) of a column."""
        filled = self.rows[name].is_not_null().to_numpy()
        return np.array([np.count_nonzero(part) for part in self._parts(filled)], dtype=np.int64)

    def _parts(self, column: npt.NDArray) -> list[npt.NDArray]:
        return np.split(column, np.cumsum(self.sizes)[:-1]) if self.n_groups else []


def is_number(column: pl.Series) -> bool:
    """Numbers and yes or no; other columns hold words or days."""
    return column.dtype.is_numeric() or column.dtype == pl.Boolean


def _n_empty(ordered: Array) -> int:
    return len(ordered) - int(np.searchsorted(ordered, np.nan, "left"))
