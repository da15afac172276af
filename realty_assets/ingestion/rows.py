"""A chunk's cells become typed, derived and judged rows."""

from __future__ import annotations

import duckdb
import polars as pl

from realty_assets.ingestion.cells import to_typed, utc
from realty_assets.ingestion.contract import COLUMN_NAMES, PARCEL_COLUMN_NAMES, POLARS_TYPES
from realty_assets.ingestion.file_rules import NARROW
from realty_assets.ingestion.findings import Findings
from realty_assets.ingestion.judging import judge, unreadable
from realty_assets.ingestion.mapping_cells import Cell
from realty_assets.ingestion.parsing import Chunk
from realty_assets.ingestion.rules import RULES
from realty_assets.ingestion.sources import Source

_SEPARATOR = "\x1f"
# Named in sql/staging/accepted.sql, whether a mapping fills them or not.
_NEEDED = ("latitude", "longitude")


class RowReader:
    """Reads the chunks of one file under one mapping."""

    def __init__(
        self,
        source: Source,
        reads: list[tuple[str, Cell]],
        file_hash: str,
        hasher: duckdb.DuckDBPyConnection,
    ) -> None:
        self.source = source
        self.reads = reads
        self.file_hash = file_hash
        self.hasher = hasher
        volatile = {heading.casefold() for heading in source.volatile}
        self.hashed = list(
            dict.fromkeys(
                heading
                for heading, cell in reads
                if heading.casefold() not in volatile
                and (not cell.to.startswith("_") or cell.to == "_record_status")
            )
        )

    def read(
        self, chunk: Chunk, utf8: bool, findings: Findings
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(rows that may be staged with their staging columns, all rows with NARROW columns).

        What the rows break goes to `findings`; `utf8`: the file has shown itself to be UTF-8.
        """
        typed, rows = self.read_all(chunk, utf8, findings)
        return typed.filter(rows["accepted"]), rows

    def read_all(
        self, chunk: Chunk, utf8: bool, findings: Findings
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`read`, with the staging columns of rows that break an error rule as well."""
        numbers = pl.Series("record_number", chunk.numbers, dtype=pl.Int64)
        typed = to_typed(chunk.cells, self.reads, self.source)
        found: list[tuple[str, pl.Series, str | None]] = []
        for column, at in typed.bad.items():
            rule_id = unreadable(column)
            if rule_id is not None:
                found.append((rule_id, at, column))
        found += [(rule_id, at, column) for (column, rule_id), at in typed.remarks.items()]
        if utf8 and chunk.recoded.any():
            found.append(("record.encoding", pl.Series(chunk.recoded).arg_true(), None))
        found += [(rule_id, at, column) for rule_id, at, column in chunk.remarks]
        frame = self._derived(typed.frame)
        frame, broken = judge(frame)
        found += [
            (rule_id, at, None)
            for rule_id, at in broken
            if not (rule_id == "date.known_at_missing" and self._file_tells())
        ]
        for rule_id, at, detail in found:
            findings.add(rule_id, numbers.gather(at), detail, early=True)
        frame = frame.with_columns(
            numbers,
            pl.Series("line_number", chunk.lines, dtype=pl.Int64),
            self._row_hashes(chunk.cells),
            _accepted(frame.height, found).alias("accepted"),
            _flags(frame.height, found).alias("flags"),
            pl.lit(self.file_hash).alias("file_hash"),
            pl.lit(self.source.group).alias("source"),
        )
        if self.source.table == "parcels":
            frame = frame.with_columns(pl.col("listing_key").alias("record_key"))
        names = COLUMN_NAMES if self.source.table == "listings" else PARCEL_COLUMN_NAMES
        staged = [name for name in names if name in frame.columns]
        rows = frame.select(
            pl.col(name) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
            for name, kind in NARROW.items()
        )
        return frame.select(staged), rows

    def _file_tells(self) -> bool:
        return any(rule.file is not None for rule in self.source.known_at)

    def _derived(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Adds what the mapping derives: fixed columns, status, baths, key and known_at."""
        source = self.source
        # A file may lack a heading that its mapping only uses when it is there.
        needed = {*_NEEDED, *source.key.join}
        needed |= {
            name for rule in source.known_at for name in (rule.column, rule.end_of_day) if name
        }
        if source.closed_when_priced:
            needed.add("close_price")
        frame = frame.with_columns(
            pl.lit(None, dtype=POLARS_TYPES.get(name, pl.Date())).alias(name)
            for name in sorted(needed - set(frame.columns) - set(source.fixed))
        )
        frame = frame.with_columns(
            pl.lit(value).cast(POLARS_TYPES[name]).alias(name)
            for name, value in source.fixed.items()
        )
        if "_record_status" in frame.columns:
            frame = _ended(frame)
        if source.closed_when_priced:
            status = pl.when(pl.col("close_price").is_not_null()).then(pl.lit("Closed"))
            frame = frame.with_columns(status.alias("standard_status"))
        if "bathrooms_total" not in frame.columns and "bathrooms_full" in frame.columns:
            half = (
                pl.col("bathrooms_half").fill_null(0)
                if "bathrooms_half" in frame.columns
                else pl.lit(0)
            )
            total = pl.col("bathrooms_full") + 0.5 * half
            frame = frame.with_columns(total.cast(pl.Float64).alias("bathrooms_total"))
        if source.key.join != ("listing_key",):
            parts = [
                pl.col(name).dt.strftime("%Y%m%d")
                if frame.schema[name] == pl.Date
                else pl.col(name).cast(pl.String)
                for name in source.key.join
            ]
            key = pl.concat_str(parts, separator=source.key.separator)
            frame = frame.with_columns(key.alias("listing_key"))
        frame = frame.with_columns(self._known_at().alias("known_at"))
        if "modification_timestamp" in frame.columns:
            frame = frame.with_columns(
                pl.col("modification_timestamp")
                .dt.replace_time_zone("UTC")
                .dt.convert_time_zone(source.time_zone)
                .dt.date()
                .alias("_changed_on")
            )
        return frame

    def _known_at(self) -> pl.Expr:
        ways: list[pl.Expr] = []
        for rule in self.source.known_at:
            if rule.column is not None:
                ways.append(pl.col(rule.column))
            elif rule.end_of_day is not None:
                after = pl.col(rule.end_of_day) + pl.duration(days=1 + rule.lag_days)
                ways.append(utc(after.cast(pl.Datetime("us")), self.source.time_zone))
        empty = pl.lit(None, dtype=pl.Datetime("us"))
        return pl.coalesce(*ways, empty).cast(pl.Datetime("us"))

    def _row_hashes(self, cells: pl.DataFrame) -> pl.Series:
        """md5 of what the mapping reads, as text; the mapping itself counts in.

        Polars' own hash is not the same from version to version.
        """
        salt = pl.lit(f"{self.source.group}{_SEPARATOR}{self.source.mapping_hash}")
        texts = cells.select(
            pl.concat_str(
                salt,
                *(pl.col(heading).fill_null("") for heading in self.hashed),
                separator=_SEPARATOR,
            ).alias("said")
        )
        self.hasher.register("rows_said", texts.to_arrow())
        hashes = self.hasher.execute("SELECT md5(said) AS row_hash FROM rows_said")
        column = pl.from_arrow(hashes.to_arrow_table())
        self.hasher.unregister("rows_said")
        assert isinstance(column, pl.DataFrame)
        return column["row_hash"]


def _ended(frame: pl.DataFrame) -> pl.DataFrame:
    """A record that the source has deleted ends its listing: RESO's status Delete."""
    if "standard_status" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias("standard_status"))
    deleted = pl.col("_record_status").eq("deleted").fill_null(False)
    status = pl.when(deleted).then(pl.lit("Delete")).otherwise("standard_status")
    return frame.with_columns(status.alias("standard_status"))


def _accepted(height: int, found: list[tuple[str, pl.Series, str | None]]) -> pl.Series:
    accepted = pl.repeat(True, height, dtype=pl.Boolean, eager=True)
    for rule_id, at, _ in found:
        if RULES[rule_id].severity == "error":
            accepted.scatter(at, False)
    return accepted


def _flags(height: int, found: list[tuple[str, pl.Series, str | None]]) -> pl.Series:
    """A list of rule ids per row, empty for most."""
    marks = [
        pl.DataFrame({"at": at}, schema={"at": pl.UInt32}).with_columns(
            pl.lit(rule_id).alias("rule_id")
        )
        for rule_id, at, _ in found
        if RULES[rule_id].severity != "error"
    ]
    empty = pl.lit([], dtype=pl.List(pl.String))
    every = pl.DataFrame({"at": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    if not marks:
        return every.with_columns(empty.alias("flags"))["flags"]
    lists = pl.concat(marks).unique().sort("at", "rule_id").group_by("at").agg(pl.col("rule_id"))
    joined = every.join(lists, on="at", how="left", maintain_order="left")
    return joined.select(pl.col("rule_id").fill_null(empty).alias("flags")).to_series()
