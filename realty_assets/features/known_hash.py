"""What was known when, as a hash: equal hashes of a day, equal sales known before it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

DAY_US = 86_400_000_000
Micros = npt.NDArray[np.int64]


def row_texts(frame: pl.DataFrame) -> pl.Series:
    """All that each row (n,) says, in one text from which every cell can be told again.

    Numbers are written so that they read back to the same bits; texts with their length before
    them, so that no two rows run into the same one.
    """
    cells = []
    for name, kind in frame.schema.items():
        text = pl.col(name).cast(pl.String)
        if kind == pl.String:
            text = pl.format("{}:{}", text.str.len_bytes(), text)
        cells.append(text.fill_null("null"))
    return frame.select(text=pl.concat_str(cells, separator="|"))["text"]


@dataclass(frozen=True)
class KnownHashes:
    """Hash (hex) of the rows known before 00:00 UTC of each day from `first_day` on (days since
    1970)."""

    first_day: int
    hashes: tuple[str, ...]

    @classmethod
    def of_texts(cls, texts: Sequence[str], known_at: Micros) -> KnownHashes:
        """`texts` (n,) in order of `known_at` (microseconds UTC, ascending)."""
        return cls.of(lambda part: "\n".join([*texts[part], ""]).encode(), known_at)

    @classmethod
    def of(cls, said: Callable[[slice], bytes], known_at: Micros) -> KnownHashes:
        """`said` tells what rows say; the rows stand in order of `known_at` (microseconds UTC,
        ascending)."""
        digest = hashlib.sha256()
        if not len(known_at):
            return cls(0, (digest.hexdigest(),))
        first, last = int(known_at[0] // DAY_US), int(known_at[-1] // DAY_US) + 1
        ends = np.searchsorted(known_at, np.arange(first, last + 1) * DAY_US, side="left")
        hashes, start = [], 0
        for end in ends.tolist():
            if end > start:
                digest.update(said(slice(start, end)))
                start = end
            hashes.append(digest.hexdigest())
        return cls(first, tuple(hashes))

    def before(self, day: int) -> str:
        """Hash of what was known before `day`; days out of range have that of nothing or of all."""
        return self.hashes[min(max(day - self.first_day, 0), len(self.hashes) - 1)]
