"""Lines of a table that are no data: totals, notices, copies of the header, rows of empty cells."""

from __future__ import annotations

import re
from itertools import takewhile

import numpy as np
import polars as pl

from realty_assets.ingestion import reading
from realty_assets.ingestion.reading import Layout
from realty_assets.ingestion.record_parts import Split

# A line that sums up, or a copy of the header: not data.
_TOTALS = re.compile(rb'^\s*"?\s*(?:grand\s+|sub)?totals?\b', re.IGNORECASE)
_FILLED = re.compile(rb"[^\W_]|[\x80-\xff]")
# Prose: three words on a line.
_PROSE = re.compile(rb"[A-Za-z]{2,}\W+[A-Za-z]+\W+[A-Za-z]+")
_TOTALS_CELL = r"(?i)^\s*(?:grand\s+|sub)?totals?\b"


def is_total(record: bytes) -> bool:
    """Whether a record sums up the others."""
    return _TOTALS.match(record) is not None


def is_prose(record: bytes, fields: int, n_fields: int) -> bool:
    """Whether a record of one field is a sentence, and no row that lost its delimiters or lies in
    an open quote."""
    return fields == 1 and not _holds_rows(record, n_fields) and _PROSE.search(record) is not None


def _holds_rows(record: bytes, n_fields: int) -> bool:
    """Whether a line of a record has as many delimiters, of any kind, as a row; one that an open
    quote took in with its neighbours, as many as half a row."""
    first, *others = record.rstrip(b"\r\n").split(b"\n")
    return _most_marks(first) >= n_fields - 1 or any(
        _most_marks(line) >= max(2, n_fields // 2) for line in others
    )


def _most_marks(line: bytes) -> int:
    return max(line.count(mark.encode()) for mark in reading.DELIMITERS)


def _tells_nothing(record: bytes, layout: Layout) -> bool:
    """Whether a record of the right width sums up, is the header again, or has no cell filled."""
    copy = record.rstrip(b"\r\n") == layout.header.rstrip(b"\r\n")
    return copy or is_total(record) or not _FILLED.search(record)


def sort_records(
    data: bytes, split: Split, layout: Layout, first: bool, final: bool
) -> tuple[np.ndarray, list[int]]:
    """(which records are data, positions of those that are damaged) of a chunk.

    A line of the wrong width is no data when it sums up, begins as a notice of this source does,
    or is prose before the first row of the file or after its last. Between rows it may be a piece
    of one.
    """
    n_fields = len(layout.headings)
    whole = split.fields == n_fields
    is_data = whole.copy()
    rows = np.flatnonzero(whole)
    records = (data[split.starts[at] : split.ends[at]] for at in rows[::-1])
    n_after = len(list(takewhile(lambda record: _tells_nothing(record, layout), records)))
    above = rows[0] if rows.size else split.starts.size
    below = rows[-1 - n_after] if rows.size > n_after else -1
    notices = tuple(words.encode() for words in layout.source.disclaimers)
    damaged = []
    for at in np.flatnonzero(~whole & (split.fields != 0)).tolist():
        record = data[split.starts[at] : split.ends[at]]
        fields = int(split.fields[at])
        aside = (first and at < above) or (final and at > below)
        notice = record.lstrip(b'" \t').startswith(notices)
        notice = notice and fields == 1 and not _holds_rows(record, n_fields)
        prose = aside and is_prose(record, fields, n_fields)
        if not (is_total(record) or notice or prose):
            is_data[at] = True
            damaged.append(at)
    return is_data, damaged


def among_cells(cells: pl.DataFrame, layout: Layout) -> np.ndarray:
    """Rows that are totals, copies of the header, or empty in every cell."""
    if not cells.height:
        return np.zeros(0, bool)
    first = layout.headings[0]
    second = layout.headings[min(1, len(layout.headings) - 1)]
    totals = cells.select(pl.col(first).str.contains(_TOTALS_CELL).fill_null(False))[first]
    copies = cells.select(
        (
            (pl.col(first).str.strip_chars() == first)
            & (pl.col(second).str.strip_chars() == second)
        ).fill_null(False)
    ).to_series()
    notes = (totals | copies).to_numpy().copy()
    if layout.source.disclaimers and len(layout.headings) > 1:
        notes |= _disclaimers(cells, first, layout.source.disclaimers)
    candidates = cells.select((pl.col(first).is_null() & pl.col(second).is_null()).alias("hollow"))[
        "hollow"
    ].arg_true()
    if candidates.len():
        hollow = (
            cells[candidates.to_list()]
            .select(
                pl.all_horizontal((pl.all().str.strip_chars() == "").fill_null(True)).alias(
                    "hollow"
                )
            )["hollow"]
            .to_numpy()
        )
        notes[candidates.to_numpy()[hollow]] = True
    return notes


def _disclaimers(cells: pl.DataFrame, first: str, beginnings: tuple[str, ...]) -> np.ndarray:
    """Rows that hold nothing but a notice in their first cell."""
    stripped = pl.col(first).str.strip_chars()
    notice = pl.any_horizontal(stripped.str.starts_with(words) for words in beginnings)
    others = pl.exclude(first)
    alone = pl.all_horizontal((others.str.strip_chars() == "").fill_null(True))
    return cells.select((notice.fill_null(False) & alone).alias("notice"))["notice"].to_numpy()
