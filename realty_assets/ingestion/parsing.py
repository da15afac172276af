"""A file's text, chunk by chunk: records cut, decoded, parsed and counted twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.ingestion import asides, reading
from realty_assets.ingestion.reading import FileRefused, Layout
from realty_assets.ingestion.record_parts import Split
from realty_assets.ingestion.records import Splitter, UnquotedSplitter


class CountsDisagree(RealtyError):
    """The parser found another number of records than the splitter did."""


class _Unquoted(csv.excel):
    quoting = csv.QUOTE_NONE


@dataclass
class Chunk:
    """Some consecutive records of a file.

    `cells` has a text column per heading, and one row per whole data record; the arrays beside it
    say where each row came from. `malformed` rows have no cells.
    """

    cells: pl.DataFrame
    numbers: np.ndarray  # int64, record number of each row of cells
    lines: np.ndarray  # int64, physical line of each row of cells
    recoded: np.ndarray  # bool, rows read as Windows-1252
    malformed: list[tuple[int, int, int]]  # (record number, line, fields found)
    starts: np.ndarray  # int64, offset in the stream of every data record, malformed ones too
    lengths: np.ndarray  # int32
    other_lines: int
    text_seen: frozenset[str]  # of {'utf-8', 'cp1252'}: what bytes beyond ASCII were
    # (rule id, positions in cells, column): what the form of a cell tells beside its text
    remarks: list[tuple[str, pl.Series, str]] = field(default_factory=list)


def chunks(path: Path, layout: Layout) -> Iterator[Chunk]:
    """The file's records in order.

    Raises FileRefused when the file ends in the middle of a row, CountsDisagree when two counts of
    one chunk differ.
    """
    kind = Splitter if layout.source.quoted else UnquotedSplitter
    splitter = kind(layout.delimiter, len(layout.headings))
    pending, skip = b"", layout.skipped
    offset, line, number = layout.skipped, layout.line, 0
    pieces = reading.stream(path, layout.sheet)
    piece: bytes | None = next(pieces, b"")
    while piece is not None:
        following = next(pieces, None)
        if skip:
            piece, skip = piece[skip:], max(0, skip - len(piece))
        data = pending + piece if pending else piece
        split = splitter.split(data, line, final=following is None)
        if following is None:
            _refuse_cut_off(path, data, split, splitter.n_fields)
        chunk = _chunk(data, split, layout, offset, number, final=following is None)
        number += len(chunk.starts)
        yield chunk
        pending = data[split.used :]
        offset += split.used
        line += split.lines_used
        piece = following


def _refuse_cut_off(path: Path, data: bytes, split: Split, n_fields: int) -> None:
    """A last record without a line end and with fields missing: the transfer broke off."""
    if not split.starts.size or data.endswith(b"\n"):
        return
    last = data[split.starts[-1] : split.ends[-1]]
    fields = int(split.fields[-1])
    if asides.is_total(last) or asides.is_prose(last, fields, n_fields):
        return
    if 0 < fields < n_fields or not split.closed[-1]:
        raise FileRefused(
            f"{path.name} ends in the middle of a row (line {int(split.lines[-1])} has "
            f"{fields} of {n_fields} fields and no line end): the transfer broke off, deliver it "
            "again."
        )


def _chunk(
    data: bytes, split: Split, layout: Layout, offset: int, number: int, *, final: bool
) -> Chunk:
    whole = split.fields == len(layout.headings)
    is_data, malformed_at = asides.sort_records(data, split, layout, number == 0, final)
    recoded, seen = _recode(data, split, whole, layout.source.encoding)
    try:
        cells = _parse(_well_formed(data, split, whole), layout)
    except pl.exceptions.ComputeError:
        # Quotes that the fast parser cannot make sense of: record by record, and what is no row
        # even then is malformed.
        cells, unreadable = _parse_each(data, split, whole, layout)
        whole[unreadable] = False
        malformed_at = sorted([*malformed_at, *unreadable])
    whole_at = np.flatnonzero(whole)
    if cells.height != whole_at.size:
        raise CountsDisagree(
            f"Lines {layout.line} and on: the parser found {cells.height} records where the "
            f"splitter found {whole_at.size}; nothing of the file was taken in."
        )
    notes = asides.among_cells(cells, layout)
    if notes.any():
        kept = ~notes
        is_data[whole_at[notes]] = False
        cells = cells.filter(pl.Series(kept))
        whole_at = whole_at[kept]
    numbers = number + np.cumsum(is_data)
    flags = np.zeros(split.starts.size, bool)
    flags[recoded] = True
    return Chunk(
        cells,
        numbers[whole_at],
        split.lines[whole_at],
        flags[whole_at],
        [(int(numbers[at]), int(split.lines[at]), int(split.fields[at])) for at in malformed_at],
        split.starts[is_data] + offset,
        (split.ends - split.starts)[is_data].astype(np.int32),
        int(np.count_nonzero(~is_data)),
        seen,
    )


def _recode(
    data: bytes, split: Split, whole: np.ndarray, encoding: str
) -> tuple[list[int], frozenset[str]]:
    """Rewrites records that are not UTF-8, or all in a stated encoding.

    Returns their positions and what was seen.

    Only records with bytes beyond ASCII are looked at one by one, and only in a stretch that does
    not decode as a whole.
    """
    if data.isascii():
        return [], frozenset()
    if not encoding:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return [], frozenset({"utf-8"})
    high = np.flatnonzero(np.frombuffer(data, np.uint8) >= 128)
    touched = np.unique(np.searchsorted(split.starts, high, side="right") - 1)
    recoded, seen = [], set()
    for at in touched[touched >= 0].tolist():
        if not whole[at]:
            continue
        record = split.rewritten.get(at, data[split.starts[at] : split.ends[at]])
        try:
            if not encoding:
                record.decode("utf-8")
                seen.add("utf-8")
                continue
        except UnicodeDecodeError:
            pass
        split.rewritten[at] = reading.text(record, encoding).encode("utf-8")
        recoded.append(at)
        seen.add("cp1252")
    return recoded, frozenset(seen)


def _well_formed(data: bytes, split: Split, whole: np.ndarray) -> bytes:
    """The bytes of the whole records, with the rewritten ones in place of their originals."""
    if not split.starts.size:
        return b""
    special = np.flatnonzero(~whole).tolist() + list(split.rewritten)
    if not special:
        return data[: int(split.ends[-1])]
    pieces: list[bytes | memoryview] = []
    view = memoryview(data)
    done = int(split.starts[0])
    for at in sorted(set(special)):
        pieces.append(view[done : int(split.starts[at])])
        if whole[at]:
            record = split.rewritten[at]
            pieces.append(record if record.endswith(b"\n") else record + b"\n")
        done = int(split.ends[at])
    pieces.append(view[done : int(split.ends[-1])])
    return b"".join(pieces)


def _parse(text: bytes, layout: Layout) -> pl.DataFrame:
    names = list(layout.headings)
    if not text:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    return pl.read_csv(
        text,
        has_header=False,
        new_columns=names,
        infer_schema=False,
        separator=layout.delimiter,
        quote_char='"' if layout.source.quoted else None,
    )


def _parse_each(
    data: bytes, split: Split, whole: np.ndarray, layout: Layout
) -> tuple[pl.DataFrame, list[int]]:
    """(cells of the whole records that can be read one by one, positions of the others)."""
    dialect = csv.excel if layout.source.quoted else _Unquoted
    rows, unreadable = [], []
    for at in np.flatnonzero(whole).tolist():
        record = split.rewritten.get(at, data[split.starts[at] : split.ends[at]])
        lines = io.StringIO(record.decode("utf-8").rstrip("\r\n"), newline="")
        try:
            found = list(csv.reader(lines, dialect, delimiter=layout.delimiter, strict=True))
        except csv.Error:
            found = []
        if len(found) == 1 and len(found[0]) == len(layout.headings):
            rows.append([cell or None for cell in found[0]])
        else:
            unreadable.append(at)
    schema = dict.fromkeys(layout.headings, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row"), unreadable


def raw_texts(path: Path, layout: Layout, starts: np.ndarray, lengths: np.ndarray) -> list[str]:
    """The records at ascending offsets of the stream, as text, without their line ends."""
    found: list[str] = []
    wanted = list(zip(starts.tolist(), lengths.tolist(), strict=True))
    at = 0
    held, held_from = b"", 0
    for piece in reading.stream(path, layout.sheet):
        if at == len(wanted):
            break
        held += piece
        while at < len(wanted) and sum(wanted[at]) <= held_from + len(held):
            start, length = wanted[at]
            record = held[start - held_from : start - held_from + length]
            found.append(reading.text(record.rstrip(b"\r\n"), layout.source.encoding))
            at += 1
        keep_from = wanted[at][0] if at < len(wanted) else held_from + len(held)
        drop = max(0, min(keep_from - held_from, len(held)))
        held, held_from = held[drop:], held_from + drop
    return found
