"""What was known when, as a hash: equal hashes of a day, equal sales known before it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

DAY_US = 86_400_000_000
Micros = npt.NDArray[np.int64]


_NUMBERS = (pl.Date, pl.Datetime("us"), pl.Boolean)


@dataclass(frozen=True)
class RowBytes:
    """All that each row says, in bytes from which every cell can be told again.

    `numbers` (n, w) are the bits of each number with a byte that says whether there is one; `texts`
    (n,) every text with its length before it, so that no two rows run into the same one.
    """

    numbers: npt.NDArray[np.uint8]
    texts: list[str]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> RowBytes:
        """Raises TypeError for a column that is neither a number, a day, a moment nor a text."""
        parts, texts = [np.zeros((len(frame), 0), dtype=np.uint8)], []
        for name, kind in frame.schema.items():
            if kind == pl.String:
                text = pl.col(name)
                texts.append(pl.format("{}:{}", text.str.len_bytes(), text).fill_null("null"))
            else:
                parts += [_bits(frame[name], kind), frame[name].is_null().to_numpy()[:, None]]
        said = [""] * len(frame)
        if texts:
            said = frame.select(text=pl.concat_str(texts, separator="|"))["text"].to_list()
        return cls(np.hstack([part.view(np.uint8) for part in parts]), said)

    def rows(self, part: slice) -> bytes:
        """What some rows say."""
        return self.numbers[part].tobytes() + "\n".join([*self.texts[part], ""]).encode()

    def __iter__(self) -> Iterator[bytes]:
        """What each row says."""
        width, numbers = self.numbers.shape[1], self.numbers.tobytes()
        for at, text in enumerate(self.texts):
            yield numbers[at * width : (at + 1) * width] + text.encode()


def _bits(cells: pl.Series, kind: pl.DataType) -> npt.NDArray[np.uint8]:
    """The bits of each number (n, 8); those of a null are zero."""
    if kind.is_float():
        held = cells.cast(pl.Float64).fill_nan(float("nan")).fill_null(0.0)
    elif kind.is_integer() and kind != pl.UInt64:
        held = cells.cast(pl.Int64).fill_null(0)
    elif kind in _NUMBERS:
        held = cells.to_physical().cast(pl.Int64).fill_null(0)
    else:
        raise TypeError(f"column {cells.name} of type {kind} cannot be hashed")
    return np.ascontiguousarray(held.to_numpy())[:, None].view(np.uint8)


@dataclass(frozen=True)
class KnownHashes:
    """Hash (hex) of the rows known before 00:00 UTC of each day from `first_day` on (days since
    1970)."""

    first_day: int
    hashes: tuple[str, ...]

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
