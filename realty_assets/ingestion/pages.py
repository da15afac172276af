"""RESO Web API pages saved as files: JSON records as chunks of cells, like the rows of a table.

A page is an object whose `value` is a list of records; what else it says (`@odata.nextLink` before
or after it) is not data. Every field of a record is kept as text; lists and objects as JSON text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from realty_assets.ingestion import headers, reading
from realty_assets.ingestion.cells import mapped
from realty_assets.ingestion.parsing import Chunk
from realty_assets.ingestion.reading import FileRefused, Layout
from realty_assets.ingestion.sources import Source, recognise

CHUNK_RECORDS = 20_000
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBERS = ("money", "number", "integer")


class _Number(str):
    """A number as it was written; other text is a plain str."""


@dataclass(frozen=True)
class Record:
    """One element of the list: its place in the text, and its fields if it is an object."""

    start: int
    end: int
    line: int
    fields: dict[str, Any] | None


def sniff(path: Path, sources: tuple[Source, ...]) -> Layout:
    """Headings (every field name of the page, in order of appearance) and source of a page.

    Raises FileRefused when the JSON is cut off, holds no records, or is of no known source.
    """
    pages = tuple(source for source in sources if source.form == "json")
    text, encoding = _text(path)
    names: dict[str, None] = {}
    n_records = 0
    for record in _records(path, text):
        n_records += 1
        names.update(dict.fromkeys(record.fields or {}))
    if not n_records:
        raise FileRefused(f"{path.name} is a page without records: nothing to take in.")
    if not pages:
        raise FileRefused(
            f"{path.name} is JSON, which the source '{sources[0].name}' does not read: name "
            "another with --source."
        )
    headings = headers.unique(list(names))
    found = recognise(headings, pages)
    if not isinstance(found, Source):
        raise headers.unknown_headings(path, found)
    return Layout(encoding, "json", headings, b"", 0, 1, 0, found)


def chunks(path: Path, layout: Layout) -> Iterator[Chunk]:
    """The page's records in order, some thousands at a time. Raises FileRefused as `sniff`."""
    text, _ = _text(path)
    records = list(_records(path, text))
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record.fields or {}))
    seen = frozenset() if text.isascii() else frozenset({"utf-8"})
    for at in range(0, len(records), CHUNK_RECORDS):
        yield _chunk(records[at : at + CHUNK_RECORDS], at, list(names), layout, seen)


def raw_texts(path: Path, starts: np.ndarray, lengths: np.ndarray) -> list[str]:
    """The JSON of the records at these places of the text."""
    text, _ = _text(path)
    return [
        text[at : at + length] for at, length in zip(starts.tolist(), lengths.tolist(), strict=True)
    ]


def _text(path: Path) -> tuple[str, str]:
    data = b"".join(reading.stream(path))
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return reading.text(data), "cp1252"


def _records(path: Path, text: str) -> Iterator[Record]:
    """The elements of the page's list. Raises FileRefused for broken JSON."""
    try:
        yield from _walk(text)
    except (ValueError, IndexError, RecursionError) as error:
        line = text.count("\n", 0, getattr(error, "pos", len(text))) + 1
        raise FileRefused(
            f"{path.name} is JSON that breaks off or is damaged near line {line}: save the page "
            "again."
        ) from error
    except _NoRecords as error:
        raise FileRefused(
            f"{path.name} is JSON without a list of records under 'value': save the page of the "
            "resource Property itself."
        ) from error


class _NoRecords(Exception):
    """The JSON is whole, and is no page."""


def _walk(text: str) -> Iterator[Record]:
    decoder = json.JSONDecoder(
        parse_int=_Number, parse_float=_Number, parse_constant=_Number, strict=False
    )
    at = _skip(text, 0)
    found = False
    if text[at] == "[":
        found = True
        at = yield from _list(text, at, decoder)
    else:
        _expect(text, at, "{")
        at = _skip(text, at + 1)
        while text[at] != "}":
            key, at = decoder.raw_decode(text, at)
            at = _expect(text, _skip(text, at), ":")
            at = _skip(text, at)
            if key == "value" and text[at] == "[" and not found:
                found = True
                at = yield from _list(text, at, decoder)
            else:
                _, at = decoder.raw_decode(text, at)
            at = _next(text, at, "}")
        at += 1
    if text[at:].strip():
        raise json.JSONDecodeError("more after the end", text, at)
    if not found:
        raise _NoRecords


def _list(text: str, at: int, decoder: json.JSONDecoder) -> Generator[Record, None, int]:
    """Yields the elements of the list that begins at `at`; returns where it ends."""
    line, counted = 1, 0
    at = _skip(text, at + 1)
    while text[at] != "]":
        fields, end = decoder.raw_decode(text, at)
        line += text.count("\n", counted, at)
        counted = at
        yield Record(at, end, line, fields if isinstance(fields, dict) else None)
        at = _next(text, end, "]")
    return at + 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None, "an empty stretch matches"
    return match.end()


def _expect(text: str, at: int, mark: str) -> int:
    if text[at] != mark:
        raise json.JSONDecodeError(f"'{mark}' expected", text, at)
    return at + 1


def _next(text: str, at: int, end: str) -> int:
    """Where the next element begins, or the closing mark stands."""
    at = _skip(text, at)
    if text[at] == end:
        return at
    at = _skip(text, _expect(text, at, ","))
    if text[at] == end:
        raise json.JSONDecodeError("an element expected", text, at)
    return at


def _chunk(
    records: list[Record], before: int, names: list[str], layout: Layout, seen: frozenset[str]
) -> Chunk:
    whole = [(at, record) for at, record in enumerate(records, before + 1) if record.fields]
    cells = pl.DataFrame(
        {
            heading: pl.Series(
                [_as_text((record.fields or {}).get(name)) for _, record in whole], dtype=pl.String
            )
            for heading, name in zip(layout.headings, names, strict=True)
        },
        schema=dict.fromkeys(layout.headings, pl.String),
    )
    by_heading = dict(zip(layout.headings, names, strict=True))
    remarks = []
    for heading, cell in mapped(layout.source, layout.headings):
        if cell.kind in _NUMBERS and not cell.to.startswith("_"):
            as_text = [
                at
                for at, (_, record) in enumerate(whole)
                if type((record.fields or {}).get(by_heading[heading])) is str
                and (record.fields or {})[by_heading[heading]].strip()
            ]
            if as_text:
                at_rows = pl.Series(as_text, dtype=pl.UInt32)
                remarks.append(("cell.number_as_text", at_rows, cell.to))
    return Chunk(
        cells,
        np.array([at for at, _ in whole], np.int64),
        np.array([record.line for _, record in whole], np.int64),
        np.zeros(len(whole), bool),
        [(at, r.line, 0) for at, r in enumerate(records, before + 1) if not r.fields],
        np.array([record.start for record in records], np.int64),
        np.array([record.end - record.start for record in records], np.int64),
        0,
        seen,
        remarks,
    )


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, str):
        # A lone surrogate is no text: shown as an escape.
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    return _nested(value).encode("utf-8", "backslashreplace").decode("utf-8")


def _nested(value: Any) -> str:
    """JSON text of a list or an object, its numbers as they were written."""
    if isinstance(value, dict):
        inside = ",".join(
            f"{json.dumps(k, ensure_ascii=False)}:{_nested(v)}" for k, v in value.items()
        )
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[" + ",".join(_nested(one) for one in value) + "]"
    if isinstance(value, _Number):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
