"""One file, from bytes to what the ledger, staging and quarantine will hold. No database here.

`ingest_file` reads a file once, writes every cell as it came to parquet, and leaves typed rows in a
scratch folder; `store.commit` then puts all of it into the warehouse in one transaction.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.ingestion import opening, packed, parsing, reading
from realty_assets.ingestion.cells import mapped
from realty_assets.ingestion.file_rules import NARROW, judge_file
from realty_assets.ingestion.findings import Findings
from realty_assets.ingestion.reading import FileRefused, FileStillGrowing, Layout, Stamp
from realty_assets.ingestion.rows import RowReader
from realty_assets.ingestion.sources import Source
from realty_assets.ingestion.writing import Parts

# Below so many quarantined rows, their share of a small file says little.
FEW_ROWS = 3
# Less room than this on a disk is none.
FULL_BYTES = 1 << 20


class NoRoom(RealtyError):
    """The disk is full; nothing of the file was taken in."""


@dataclass(frozen=True)
class FileResult:
    """What one file holds. rows_read = whole rows + malformed ones; notes and blanks are apart."""

    file_hash: str
    file_name: str
    source: Source
    layout: Layout
    encoding: str
    stamp: Stamp
    rows_read: int
    rows_malformed: int
    other_lines: int
    typed: Path | None  # folder of parquet parts: one row per whole row that no own cell damns
    raw: Path  # folder of parquet parts: every cell of whole rows as text
    known_at: datetime  # for rows that say nothing of time
    rows: pl.DataFrame  # NARROW columns of the rows that may be staged
    late: pl.DataFrame  # record_number, blank_place, flags: found after `typed` was written
    quarantine: pl.DataFrame  # rows of staging.quarantine


def ingest_file(
    path: Path,
    sources: tuple[Source, ...],
    workdir: Path,
    *,
    file_hash: str | None = None,
    layout: Layout | None = None,
    max_share: float = 1.0,
) -> FileResult:
    """Reads one delivered file completely.

    `workdir` (made when missing) takes the parquet parts. `sources`: the mappings it may be of.
    `file_hash` and `layout` when they are known already. `max_share`: share of rows that may break
    a rule before the whole file is refused, where the mapping does not say.
    Raises FileRefused with one clear sentence, FileStillGrowing when the file changes meanwhile.
    """
    before = reading.stamp(path)
    try:
        return _ingest(path, sources, workdir, before, file_hash, layout, max_share)
    except FileRefused:
        if not reading.same(path, before):
            raise _growing(path) from None
        raise


@contextmanager
def telling_of_a_full_disk(name: str, home: Path) -> Iterator[None]:
    """Turns what DuckDB, Polars and the system say of a full disk into one NoRoom."""
    try:
        yield
    except (OSError, duckdb.Error, pl.exceptions.PolarsError) as error:
        # Polars' parquet writer tells of a transport error only: look at the disk itself.
        told = any(words in str(error) for words in ("No space left", "disk full", "max_temp_dir"))
        if told or (home.exists() and shutil.disk_usage(home).free < FULL_BYTES):
            raise NoRoom(
                f"The disk is full: nothing of {name} was taken in and it stays in the inbox; free "
                "some space and run again."
            ) from error
        raise


def _growing(path: Path) -> FileStillGrowing:
    return FileStillGrowing(f"{path.name} is still being written; it is left for later.")


def _ingest(
    path: Path,
    sources: tuple[Source, ...],
    workdir: Path,
    before: Stamp,
    file_hash: str | None,
    layout: Layout | None,
    max_share: float,
) -> FileResult:
    name = packed.told_name(path)
    # Hashed first: what cannot be opened is refused there.
    digest = file_hash or reading.hash_file(path)
    layout = layout or opening.sniff(path, sources)
    source = layout.source
    reads = mapped(source, layout.headings)
    findings = Findings()
    narrow: list[pl.DataFrame] = []
    starts: list[np.ndarray] = []
    lengths: list[np.ndarray] = []
    seen: set[str] = set()
    malformed: dict[int, tuple[int, str]] = {}
    n_rows, other_lines = 0, layout.notes
    with ThreadPoolExecutor(1) as pool, _hasher() as hasher:
        raw, typed = Parts(workdir / "raw", pool), Parts(workdir / "typed", pool)
        reader = RowReader(source, reads, digest, hasher)
        for chunk in opening.chunks(path, layout):
            n_rows += len(chunk.starts)
            other_lines += chunk.other_lines
            starts.append(chunk.starts)
            lengths.append(chunk.lengths)
            seen |= chunk.text_seen
            for number, line, fields in chunk.malformed:
                malformed[number] = (line, _damage(fields, len(layout.headings)))
            if not chunk.cells.height:
                continue
            raw.add(_with_place(chunk, digest))
            utf8 = layout.encoding == "utf-8-sig" or "utf-8" in seen
            accepted, rows = reader.read(chunk, utf8, findings)
            typed.add(accepted)
            narrow.append(rows)
        if not raw.n_parts:
            # The view over raw needs a file even when no record is whole.
            raw.add(_no_rows(layout))
        raw.wait()
        typed.wait()
    if not n_rows:
        raise FileRefused(f"{name} has a header row and no data: export it again.")
    if not reading.same(path, before):
        raise _growing(path)
    rows = pl.concat(narrow) if narrow else pl.DataFrame(schema=NARROW)
    arrived = datetime.fromtimestamp(before.mtime_ns / 1e9, UTC).replace(tzinfo=None)
    known_at = file_known_at(source, rows, arrived)
    rows = rows.with_columns(pl.col("known_at").fill_null(known_at))
    by_market, by_rows = judge_file(rows, source.market_box)
    for rule_id, numbers in (*by_market, *by_rows):
        findings.add(rule_id, numbers)
    for number in malformed:
        findings.add("record.malformed", pl.Series([number], dtype=pl.Int64))
    errors = findings.errors()
    share = errors.len() / n_rows
    own = source.quarantine_max_share
    limit = max_share if own is None else own
    if errors.len() >= FEW_ROWS and share > limit:
        knob = (
            "REALTY_QUARANTINE_MAX_SHARE"
            if own is None
            else f"quarantine_max_share of the mapping {source.name}"
        )
        raise FileRefused(
            f"{name}: {errors.len():,} of {n_rows:,} rows ({share:.0%}) break a rule, above the "
            f"limit of {limit:.0%}, most often {findings.most_frequent()}; nothing of it was "
            f"staged: mend the export or the mapping, or raise {knob}."
        )
    quarantine = _quarantine(
        path, name, digest, layout, rows, malformed, findings, errors, starts, lengths, narrow
    )
    return FileResult(
        digest,
        name,
        source,
        layout,
        _encoding(layout, seen),
        before,
        n_rows,
        len(malformed),
        other_lines,
        typed.folder if typed.n_parts else None,
        raw.folder,
        known_at,
        rows.filter(~pl.col("record_number").is_in(errors.implode())),
        findings.late(errors),
        quarantine,
    )


@cache
def _memory() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


def _hasher() -> duckdb.DuckDBPyConnection:
    """A cursor of a database in memory that hashes rows; opening one for each file would cost."""
    return _memory().cursor()


def _with_place(chunk: parsing.Chunk, file_hash: str) -> pl.DataFrame:
    return chunk.cells.with_columns(
        pl.lit(file_hash).alias("file_hash"),
        pl.Series("record_number", chunk.numbers, dtype=pl.Int64),
        pl.Series("line_number", chunk.lines, dtype=pl.Int64),
    )


def _no_rows(layout: Layout) -> pl.DataFrame:
    place = {"file_hash": pl.String, "record_number": pl.Int64, "line_number": pl.Int64}
    return pl.DataFrame(schema={**dict.fromkeys(layout.headings, pl.String), **place})


def _damage(fields: int, wanted: int) -> str:
    if fields < 0:
        return "an open quote mark"
    if fields == 0:
        return "no record with fields"
    return f"{fields} of {wanted} fields"


def _encoding(layout: Layout, seen: set[str]) -> str:
    if "cp1252" not in seen:
        return layout.encoding
    if layout.source.encoding:
        return layout.source.encoding
    utf8 = layout.encoding == "utf-8-sig" or "utf-8" in seen
    return f"{layout.encoding}+cp1252" if utf8 else "cp1252"


def file_known_at(source: Source, rows: pl.DataFrame, arrived: datetime) -> datetime:
    """When rows that say nothing of time became known, as the mapping has it, UTC.

    `rows`: NARROW columns of the file; `arrived`: when the file was written, UTC.
    """
    latest = rows.filter(pl.col("accepted"))["known_at"].drop_nulls().sort()
    for rule in source.known_at:
        if rule.file == "arrival":
            return arrived
        if rule.file == "latest_date" and latest.len():
            # Of a few hundred dates the last may be a typo; one in two hundred is let go.
            found = latest[int(0.995 * (latest.len() - 1))]
            assert isinstance(found, datetime)
            return found
    return arrived


def _quarantine(
    path: Path,
    name: str,
    file_hash: str,
    layout: Layout,
    rows: pl.DataFrame,
    malformed: dict[int, tuple[int, str]],
    findings: Findings,
    errors: pl.Series,
    starts: list[np.ndarray],
    lengths: list[np.ndarray],
    narrow: list[pl.DataFrame],
) -> pl.DataFrame:
    """A row for each record that breaks an error rule: raw text, place, and all it breaks."""
    at = errors.to_numpy() - 1
    texts = opening.raw_texts(path, layout, np.concatenate(starts)[at], np.concatenate(lengths)[at])
    told = findings.told(errors)
    damaged = pl.DataFrame(
        {
            "record_number": list(malformed),
            "line_damaged": [line for line, _ in malformed.values()],
            "damage": [damage for _, damage in malformed.values()],
        },
        schema={"record_number": pl.Int64, "line_damaged": pl.Int64, "damage": pl.String},
    )
    said = rows.select("record_number", "line_number", "listing_key", "known_at", "standard_status")
    return (
        pl.DataFrame({"record_number": errors, "raw_text": texts})
        .join(told, on="record_number", how="left")
        .join(said, on="record_number", how="left")
        .join(damaged, on="record_number", how="left")
        .select(
            pl.lit(file_hash).alias("file_hash"),
            pl.lit(name).alias("file_name"),
            pl.coalesce("line_number", "line_damaged").alias("line_number"),
            "record_number",
            "raw_text",
            "rule_ids",
            "rule_versions",
            pl.concat_str("detail", "damage", separator=" ", ignore_nulls=True).alias("detail"),
            pl.lit(layout.source.group).alias("source"),
            pl.lit("open").alias("resolution"),
            "listing_key",
            "known_at",
            "standard_status",
        )
        .sort("record_number")
    )


def place_raw(result: FileResult, home: Path) -> Path:
    """Moves a file's raw parts to their place, raw/<file_hash>/; the same bytes once only."""
    target = home / "raw" / result.file_hash
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(result.raw)
    else:
        result.raw.rename(target)
    return target
