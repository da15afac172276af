"""What a decision would do to quarantined rows of one file. No database here: it is read first.

A plan holds the rows that go to staging, and what the others are found to break now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.ingestion.file_rules import NARROW
from realty_assets.ingestion.findings import PLACE_RULES
from realty_assets.ingestion.rereading import reread_among_all, reread_rows, within_contract
from realty_assets.ingestion.rules import RULES
from realty_assets.ingestion.sources import Source, all_sources

_LATE: dict[str, pl.DataType] = {
    "record_number": pl.Int64(),
    "blank_place": pl.Boolean(),
    "flags": pl.List(pl.String),
}
# Told by the bytes of a record, which raw no longer has.
_OF_BYTES = ("record.encoding",)


class CannotRelease(RealtyError):
    """A row that cannot stand in staging, whoever wants it to."""


class MappingChanged(RealtyError):
    """The mapping that read a row is gone, or reads it in another way now."""


@dataclass(frozen=True)
class Plan:
    """`typed`, `rows` (NARROW) and `late` are of rows that go to staging.

    `told` has a row for each other one that was read again: record_number, rule_ids, rule_versions,
    detail, listing_key, known_at and standard_status as they are found now.
    """

    typed: pl.DataFrame
    rows: pl.DataFrame
    late: pl.DataFrame
    told: pl.DataFrame
    source: Source

    @property
    def going(self) -> pl.Series:
        return self.typed["record_number"]


def mapping_of(rows: pl.DataFrame, home: Path, *, unchanged: bool) -> Source:
    """The mapping that read `rows` (of one file), as the home has it now.

    Raises MappingChanged when it is gone, or, if it must be `unchanged`, another one by now.
    """
    name, file_name = rows["mapping"][0], rows["file_name"][0]
    found = {source.name: source for source in all_sources(home)}.get(name)
    if found is None:
        raise MappingChanged(
            f"The mapping {name}, which read {file_name}, is no longer there: put {name}.yaml into "
            f"{home / 'sources'} again."
        )
    if unchanged and found.mapping_hash != rows["mapping_hash"][0]:
        raise MappingChanged(
            f"The mapping {name} has changed since it read {file_name}: `realty quarantine retry` "
            "reads its rows by the mapping as it is now, and what stays out can then be released."
        )
    return found


def release(rows: pl.DataFrame, home: Path) -> Plan:
    """Every row goes to staging, by the mapping that read it, whatever rule it breaks.

    Cells outside the ranges of the contract are emptied. Raises CannotRelease for a record without
    cells, key or time.
    """
    source = mapping_of(rows, home, unchanged=True)
    read = reread_rows(home, rows["file_hash"][0], source, rows["record_number"])
    told_at = rows.select("record_number", told_at="known_at")

    def dated(frame: pl.DataFrame) -> pl.DataFrame:
        joined = frame.join(told_at, on="record_number", how="left", maintain_order="left")
        filled = pl.coalesce("known_at", "told_at").alias("known_at")
        return joined.with_columns(filled).drop("told_at")

    typed = dated(within_contract(read.typed))
    key = "record_key" if source.table == "parcels" else "listing_key"
    usable = typed.filter(pl.col(key).is_not_null(), pl.col("known_at").is_not_null())
    _refuse(
        rows.filter(~pl.col("record_number").is_in(typed["record_number"].implode())),
        rows.height,
        "is malformed: it has no cells that a mapping could read",
    )
    _refuse(
        rows.filter(~pl.col("record_number").is_in(usable["record_number"].implode())),
        rows.height,
        "has no key, or nothing tells when it became known",
    )
    kept = [
        [rule for rule in broken if rule in RULES and RULES[rule].severity != "error"]
        for broken in rows["rule_ids"].to_list()
    ]
    late = pl.DataFrame(
        {
            "record_number": rows["record_number"],
            "blank_place": [any(rule in PLACE_RULES for rule in rules) for rules in kept],
            "flags": [[*rules, "quarantine.released"] for rules in kept],
        },
        schema=_LATE,
    )
    return Plan(typed, dated(read.rows), late, _none_told(), source)


def retry(rows: pl.DataFrame, discarded: pl.Series, written_at: datetime, home: Path) -> Plan:
    """Rows that break no error rule of today go to staging; of the others it tells what they break.

    `discarded`: record numbers of the file that have no say; `written_at`: when it was written.
    """
    source = mapping_of(rows, home, unchanged=False)
    numbers = rows["record_number"]
    read = reread_among_all(home, rows["file_hash"][0], source, numbers, discarded, written_at)
    passes = ~pl.col("record_number").is_in(read.broken["record_number"].implode())
    typed = read.typed.filter(passes)
    marked = rows.join(typed.select("record_number"), on="record_number", how="semi").select(
        "record_number",
        pl.lit(False).alias("blank_place"),
        pl.concat_list(
            pl.col("rule_ids").list.set_intersection(list(_OF_BYTES)),
            pl.lit(["quarantine.retried"]),
        ).alias("flags"),
    )
    late = (
        pl.concat([read.late.join(marked, on="record_number", how="semi"), marked])
        .group_by("record_number", maintain_order=True)
        .agg(pl.col("blank_place").any(), pl.col("flags").list.explode())
    )
    said = read.rows.select("record_number", "listing_key", "known_at", "standard_status")
    told = read.broken.join(said, on="record_number", how="left")
    return Plan(typed, read.rows.filter(passes), late, told.select(_none_told().columns), source)


def _none_told() -> pl.DataFrame:
    said = {name: NARROW[name] for name in ("listing_key", "known_at", "standard_status")}
    schema: dict[str, pl.DataType] = {
        "record_number": pl.Int64(),
        "rule_ids": pl.List(pl.String),
        "rule_versions": pl.List(pl.String),
        "detail": pl.String(),
        **said,
    }
    return pl.DataFrame(schema=schema)


def _refuse(rows: pl.DataFrame, n_selected: int, why: str) -> None:
    if not rows.height:
        return
    first = rows.row(0, named=True)
    others = f" (and {rows.height - 1:,} more)" if rows.height > 1 else ""
    raise CannotRelease(
        f"{first['file_name']}, line {first['line_number']}{others}, {why}; none of the "
        f"{n_selected:,} rows that were selected was released: mend it in the export and deliver "
        "it again, or discard it."
    )
