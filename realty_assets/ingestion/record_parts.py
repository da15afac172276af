"""Records found in a stretch of bytes, as arrays; and the pieces that such arrays are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Split:
    """Records of a stretch of bytes. Offsets count from its start.

    `rewritten` holds, by position in the arrays, what a parser should read in place of a record
    whose bare quote marks it might take for quoting.
    """

    starts: np.ndarray  # int64, first byte
    ends: np.ndarray  # int64, one past the line end
    fields: np.ndarray  # int64, number of fields; 0 = blank line
    lines: np.ndarray  # int64, physical line of the first byte
    closed: np.ndarray  # bool, False for a record that ends in an open quote
    rewritten: dict[int, bytes] = field(default_factory=dict)
    used: int = 0  # bytes consumed; the rest belongs to the next stretch
    lines_used: int = 0


@dataclass
class Part:
    """Records of a window, whose offsets count from the start of the stretch."""

    starts: np.ndarray
    ends: np.ndarray
    fields: np.ndarray
    lines: np.ndarray
    closed: np.ndarray
    rewritten: dict[int, bytes] = field(default_factory=dict)
    used: int = 0
    lines_used: int = 0


class Careful:
    """Collects records found one at a time behind those of a part."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.rows: list[tuple[int, int, int, int, bool]] = []
        self.offset = int(part.starts[0]) if part.starts.size else -1
        self.first_line = int(part.lines[0]) if part.lines.size else -1

    def add(
        self,
        start: int,
        stop: int,
        fields: int,
        line: int,
        closed: bool = True,
        fitted: bytes | None = None,
    ) -> None:
        if fitted is not None:
            self.part.rewritten[self.part.starts.size + len(self.rows)] = fitted
        self.rows.append((start, stop, fields, line, closed))

    def close(self, at: int, line: int) -> None:
        if not self.rows:
            return
        part = self.part
        start, stop, fields, lines, closed = (
            np.array(column) for column in zip(*self.rows, strict=True)
        )
        origin = self.offset if self.offset >= 0 else int(start[0])
        origin_line = self.first_line if self.first_line >= 0 else int(lines[0])
        part.starts = np.concatenate((part.starts, start))
        part.ends = np.concatenate((part.ends, stop))
        part.fields = np.concatenate((part.fields, fields))
        part.lines = np.concatenate((part.lines, lines))
        part.closed = np.concatenate((part.closed, closed.astype(bool)))
        part.used = at - origin
        part.lines_used = line - origin_line


def join(parts: list[Part], used: int, lines_used: int) -> Split:
    """The records of all windows of a stretch."""
    if not parts:
        empty = np.zeros(0, np.int64)
        return Split(empty, empty, empty, empty, np.zeros(0, bool), {}, used, lines_used)
    rewritten: dict[int, bytes] = {}
    base = 0
    for part in parts:
        rewritten.update({base + at: text for at, text in part.rewritten.items()})
        base += part.starts.size
    return Split(
        np.concatenate([part.starts for part in parts]),
        np.concatenate([part.ends for part in parts]),
        np.concatenate([part.fields for part in parts]),
        np.concatenate([part.lines for part in parts]),
        np.concatenate([part.closed for part in parts]),
        rewritten,
        used,
        lines_used,
    )
