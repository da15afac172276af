"""The published files: tables as parquet, each with its rule, its counts and its hashes.

A file is written beside its place and renamed; the row that vouches for it is committed afterwards.
Killed in between, the next run finds a file that its row does not fit, and writes it again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from realty_assets.fingerprint import table_fingerprint
from realty_assets.ingestion.rules import NOT_HOMES
from realty_assets.publishing.coverage import NO_AREA
from realty_assets.statements import SqlFile, sql
from realty_assets.warehouse import Tx, Warehouse

TABLE = "publish.manifests"
SELECTED, SAMPLES = "publish.selected_listings", "publish.clean_samples"
MOST_SAMPLES = 2_000
RULE_VERSION = "1"


@dataclass(frozen=True)
class Published:
    """A table that leaves as a file, and the rule by which its rows were chosen."""

    table: str
    rule: str

    @property
    def path(self) -> str:
        """Where its file is, below the home."""
        return f"publish/{self.table.split('.')[1]}.parquet"


PUBLISHED = (
    Published(
        SELECTED,
        "The latest version of each listing of a home (no land, lease, commercial property or "
        "building of several homes) that has a price and a living area.",
    ),
    Published(
        SAMPLES,
        f"Selected listings without a flag, at most {MOST_SAMPLES:,}: from each month and price "
        "band in turn, in the order of the md5 of source and key.",
    ),
)


def selected() -> SqlFile:
    """The statement that makes publish.selected_listings."""
    return sql("publish/selected_listings.sql").bind(no_area=NO_AREA, not_homes=list(NOT_HOMES))


def samples() -> SqlFile:
    """The statement that makes publish.clean_samples."""
    return sql("publish/clean_samples.sql").bind(most=MOST_SAMPLES)


def left_out(warehouse: Warehouse) -> dict[str, int]:
    """Listings by what was made of them: 'selected', or the reason why not."""
    counts = warehouse.read(sql("publish/left_out.sql").bind(not_homes=list(NOT_HOMES)))
    return dict(counts.rows())


def publish(warehouse: Warehouse) -> pl.DataFrame:
    """Writes the files, and returns their manifest: a row per file."""
    reasons = left_out(warehouse)
    rows = []
    with warehouse.connect() as conn:
        tx = Tx(conn)
        for one in PUBLISHED:
            n_rows, content = table_fingerprint(conn, one.table)
            path = warehouse.home / one.path
            _write(tx.read(one.table).sort("source", "listing_key"), path)
            n_selected = reasons.get("selected", 0)
            others = {name: n for name, n in reasons.items() if name != "selected"}
            if one.table == SAMPLES:
                others = {"not drawn": n_selected - n_rows}
            rows.append(
                {
                    "name": one.table,
                    "path": one.path,
                    "selection_rule": one.rule,
                    "rule_version": RULE_VERSION,
                    "n_considered": n_rows + sum(others.values()),
                    "n_rows": n_rows,
                    "left_out": json.dumps(others, sort_keys=True),
                    "content_sha256": content,
                    "file_sha256": file_hash(path),
                    "n_bytes": path.stat().st_size,
                }
            )
    return pl.DataFrame(rows)


def _write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    frame.write_parquet(beside, compression="zstd")
    beside.replace(path)


def file_hash(path: Path) -> str:
    """sha256 of a file, hex; empty when it is not there."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def intact(warehouse: Warehouse) -> bool:
    """Whether every published file is there and is the one that its row vouches for."""
    rows = warehouse.read(TABLE).to_dicts()
    return all(file_hash(warehouse.home / row["path"]) == row["file_sha256"] for row in rows)


def content_of(path: Path, table: str) -> tuple[int, str]:
    """(n_rows, fingerprint) of a published file, as that of the table it was made from."""
    with duckdb.connect() as conn:
        conn.execute("SET TimeZone = 'UTC'")
        conn.execute("CREATE SCHEMA publish")
        frame = pl.read_parquet(path).to_arrow()
        conn.register("published", frame)
        conn.execute(f"CREATE VIEW {table} AS SELECT * FROM published")
        return table_fingerprint(conn, table)
