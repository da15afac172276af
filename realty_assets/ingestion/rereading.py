"""Reads rows again from raw, under the mapping and the rules of today. No database here.

A retry judges a row among all rows of its file, as the first reading did; rows that were discarded
have no say in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.ingestion.cells import mapped
from realty_assets.ingestion.contract import COLUMNS, POLARS_TYPES, range_of
from realty_assets.ingestion.file_rules import NARROW, judge_file
from realty_assets.ingestion.files import file_known_at
from realty_assets.ingestion.findings import Findings
from realty_assets.ingestion.parsing import Chunk
from realty_assets.ingestion.rows import RowReader
from realty_assets.ingestion.sources import Source

_PLACE = ("file_hash", "record_number", "line_number")


class RawGone(RealtyError):
    """The cells of a file are no longer below raw/."""


@dataclass(frozen=True)
class Reread:
    """Some whole rows of one file, as they are read now.

    `typed`: their staging columns; `rows`: their NARROW columns; `broken`: (record_number,
    rule_ids, rule_versions, detail) of those that break an error rule; `late`: (record_number,
    blank_place, flags) of the others.
    """

    typed: pl.DataFrame
    rows: pl.DataFrame
    broken: pl.DataFrame
    late: pl.DataFrame


def reread_rows(home: Path, file_hash: str, source: Source, numbers: pl.Series) -> Reread:
    """The records `numbers` alone, each read by itself."""
    findings = Findings()
    typed, rows = _read(home, file_hash, source, findings, numbers)
    return Reread(typed, rows, *_told(findings, numbers))


def reread_among_all(
    home: Path,
    file_hash: str,
    source: Source,
    numbers: pl.Series,
    discarded: pl.Series,
    arrived: datetime,
) -> Reread:
    """The records `numbers`, judged among all others of their file but `discarded` ones.

    `arrived`: when the file was written, UTC, for mappings that date rows by it.
    """
    findings = Findings()
    typed, rows = _read(home, file_hash, source, findings, None, numbers)
    known_at = file_known_at(source, rows, arrived)
    filled = pl.col("known_at").fill_null(known_at)
    rows = rows.with_columns(filled)
    judged = rows.filter(~pl.col("record_number").is_in(discarded.implode()))
    for found in judge_file(judged, source.market_box):
        for rule_id, at in found:
            findings.add(rule_id, at)
    chosen = pl.col("record_number").is_in(numbers.implode())
    return Reread(typed.with_columns(filled), rows.filter(chosen), *_told(findings, numbers))


def within_contract(typed: pl.DataFrame) -> pl.DataFrame:
    """`typed` with cells outside the ranges of the contract emptied: staging never holds them."""
    limits = {name: range_of(name) for name in typed.columns if name in COLUMNS}
    return typed.with_columns(
        pl.when(pl.col(name).is_between(*limit)).then(pl.col(name)).alias(name)
        for name, limit in limits.items()
        if limit is not None
    )


def _told(findings: Findings, numbers: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    errors = findings.errors()
    broken = findings.told(errors.filter(errors.is_in(numbers.implode())))
    late = findings.late(errors).filter(pl.col("record_number").is_in(numbers.implode()))
    return broken, late


def _read(
    home: Path,
    file_hash: str,
    source: Source,
    findings: Findings,
    only: pl.Series | None,
    typed_only: pl.Series | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    folder = home / "raw" / file_hash
    if not folder.is_dir():
        raise RawGone(
            f"The cells of the file {file_hash[:12]} are no longer below {home / 'raw'}: deliver "
            "it again."
        )
    parts = sorted(folder.glob("*.parquet"))
    if not parts:
        # Every record of the file is malformed.
        return pl.DataFrame(schema=POLARS_TYPES), pl.DataFrame(schema=NARROW)
    wanted = only if typed_only is None else typed_only
    assert wanted is not None
    typed: list[pl.DataFrame] = []
    narrow: list[pl.DataFrame] = []
    with duckdb.connect(":memory:") as hasher:
        for part in parts:
            found = pl.scan_parquet(part)
            if only is not None:
                found = found.filter(pl.col("record_number").is_in(only.implode()))
            frame = found.collect()
            if not frame.height and (typed or part != parts[-1]):
                continue
            cells = frame.drop(_PLACE)
            reader = RowReader(source, mapped(source, tuple(cells.columns)), file_hash, hasher)
            read, rows = reader.read_all(_chunk(frame, cells), False, findings)
            typed.append(read.filter(pl.col("record_number").is_in(wanted.implode())))
            narrow.append(rows)
    return pl.concat(typed), pl.concat(narrow).select(list(NARROW))


def _chunk(frame: pl.DataFrame, cells: pl.DataFrame) -> Chunk:
    nothing = np.zeros(0, np.int64)
    return Chunk(
        cells,
        frame["record_number"].to_numpy(),
        frame["line_number"].to_numpy(),
        np.zeros(frame.height, bool),
        [],
        nothing,
        nothing,
        0,
        frozenset(),
    )
