"""Where photos are kept: bytes by their hash below the home, facts and statuses in the warehouse.

ledger.photo_files and ledger.photo_manifest hold what came, whatever it was; staging.photos and
staging.photo_gaps are made anew from them and from staging.listings.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import get_ident
from typing import Any

import polars as pl

from realty_assets.faces import record_build
from realty_assets.fingerprint import table_fingerprint
from realty_assets.ingestion import photo_contract, store
from realty_assets.ingestion.photo_formats import EXTENSIONS
from realty_assets.ingestion.photo_manifest import Named
from realty_assets.ingestion.photo_names import readings
from realty_assets.ingestion.photo_reading import Seen
from realty_assets.statements import sql
from realty_assets.warehouse import TableReport, Tx

FILES, MANIFEST = "ledger.photo_files", "ledger.photo_manifest"
PHOTOS, GAPS = "staging.photos", "staging.photo_gaps"
TABLES = (FILES, MANIFEST, PHOTOS, GAPS)
CODE_VERSION = "1"
_SEEN = tuple(Seen.__dataclass_fields__)
_FACTS: dict[str, Any] = {
    "file_name": pl.String,
    "photo_hash": pl.String,
    "path": pl.String,
    "n_bytes": pl.Int64,
    "width": pl.Int32,
    "height": pl.Int32,
    "format": pl.String,
    "exif_orientation": pl.Int8,
    "phash": pl.UInt64,
    "status": pl.String,
    "detail": pl.String,
    "readings": pl.List(
        pl.Struct({"listing_key": pl.String, "photo_order": pl.Int32, "room": pl.String})
    ),
    "arrived_at": pl.Datetime("us"),
    "run_id": pl.String,
}


@dataclass(frozen=True)
class Rules:
    """When a photo is too large, nearly the same as another, or a stock photo."""

    max_pixels: int
    near_distance: int  # bits of 64
    stock_listings: int


@dataclass(frozen=True)
class Fact:
    """What is known of one file that came; without `photo_hash` its bytes were never read."""

    file_name: str
    photo_hash: str | None
    path: str | None
    n_bytes: int | None
    seen: Seen
    names_listing: bool = True


@dataclass(frozen=True)
class Kept:
    """What a table holds after an intake."""

    report: TableReport
    output_hash: str
    reused: bool


def place(
    data: bytes, home: Path, photo_hash: str, format_: str | None, file: Path, told: os.stat_result
) -> str:
    """Keeps the bytes below the home, once; returns the path relative to it.

    `file`, of which `told` was read with the bytes, becomes the kept one by a second name when it
    is ours alone; it is the caller's to see that it was not written to meanwhile.
    """
    extension = EXTENSIONS.get(format_ or "", (format_ or "bin").lower())
    relative = f"photos/{photo_hash[:2]}/{photo_hash}.{extension}"
    target = home / relative
    ours = told.st_nlink == 1 and told.st_uid == os.geteuid()
    if not (ours and _named_again(file, target)) and not target.exists():
        write(data, target)
    return relative


def write(data: bytes, target: Path) -> None:
    """Puts the bytes there whole or not at all, whatever stood there before."""
    beside = target.with_name(f".{target.name}.{os.getpid()}-{get_ident()}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside.write_bytes(data)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _named_again(file: Path, target: Path) -> bool:
    """Whether the bytes stand there now; not on another file system, or one without links."""
    for _ in range(2):
        try:
            os.link(file, target, follow_symlinks=False)
        except FileExistsError:
            return True
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        else:
            return True
    return False


def create_tables(tx: Tx) -> None:
    """Makes what came before anything was settled: the ledgers, and the listings they refer to."""
    store.create_tables(tx)
    for name in ("photo_files_table", "photo_manifest_table"):
        tx.conn.execute(sql(f"ledger/{name}.sql").text)


def known_contents(tx: Tx) -> dict[str, tuple[str, Seen]]:
    """{photo_hash: (path, what its bytes say)} of everything that was read before."""
    return {
        row["photo_hash"]: (row["path"], Seen(**{name: row[name] for name in _SEEN}))
        for row in tx.read(sql("ledger/photo_contents.sql")).to_dicts()
    }


def write_facts(tx: Tx, facts: Sequence[Fact], run_id: str | None) -> int:
    """Adds the files that the ledger does not hold yet; returns how many."""
    now = datetime.now(UTC).replace(tzinfo=None)
    of_file = ("file_name", "photo_hash", "path", "n_bytes")
    columns: dict[str, Any] = {name: [getattr(fact, name) for fact in facts] for name in of_file}
    columns |= {name: [getattr(fact.seen, name) for fact in facts] for name in _SEEN}
    columns |= {
        "readings": _readings_of(facts),
        "arrived_at": [now] * len(facts),
        "run_id": [run_id] * len(facts),
    }
    frame = pl.DataFrame(columns, schema=_FACTS)
    return _insert(tx, FILES, "incoming_photos", frame, "ledger/photo_files_new.sql")


def _readings_of(facts: Sequence[Fact]) -> pl.Series:
    """How each name may be read; made flat first, since lists of structs are slow to make."""
    named = [readings(fact.file_name) if fact.names_listing else [] for fact in facts]
    flat = [one for some in named for one in some]
    fields = _FACTS["readings"].inner.fields
    rows = pl.DataFrame(
        {field.name: [getattr(one, field.name) for one in flat] for field in fields},
        schema={field.name: field.dtype for field in fields},
    )
    which = pl.Series("file", [at for at, some in enumerate(named) for _ in some], pl.UInt32)
    lists = rows.select(which, pl.struct(rows.columns).alias("readings"))
    of_file = lists.group_by("file").agg("readings")
    every = pl.DataFrame({"file": pl.arange(len(named), eager=True, dtype=pl.UInt32)})
    joined = every.join(of_file, on="file", how="left", maintain_order="left")
    return joined["readings"].fill_null([])


def write_manifest(tx: Tx, named: Sequence[Named], manifest_hash: str) -> int:
    """Adds the lines of a manifest that the ledger does not hold yet; returns how many."""
    frame = pl.DataFrame(
        [{**asdict(one), "manifest_hash": manifest_hash} for one in named],
        schema={
            "file_name": pl.String,
            "listing_key": pl.String,
            "photo_order": pl.Int32,
            "room": pl.String,
            "manifest_hash": pl.String,
        },
    )
    return _insert(tx, MANIFEST, "incoming_manifest", frame, "ledger/photo_manifest_new.sql")


def _insert(tx: Tx, table: str, name: str, frame: pl.DataFrame, query: str) -> int:
    tx.conn.register(name, frame.to_arrow())
    try:
        text = sql(query).text
        return int(tx.conn.execute(f"INSERT INTO {table} BY NAME {text}").fetchall()[0][0])
    finally:
        tx.conn.unregister(name)


def settle(tx: Tx, rules: Rules) -> dict[str, Kept]:
    """Makes staging.photos and staging.photo_gaps anew when anything they are made from changed.

    Raises PhotosOutOfContract.
    """
    kept = {table: _recorded(tx, table) for table in (FILES, MANIFEST)}
    asked = {"near_distance": rules.near_distance, "stock_listings": rules.stock_listings}
    inputs = {
        "tables": {table: one.output_hash for table, one in kept.items()},
        "listings": store.table_hashes(tx)[store.LISTINGS],
        "rules": asked,
        "code_version": CODE_VERSION,
    }
    input_hash = _digest(inputs)
    before = _builds(tx)
    for table, query, schema, bound in (
        (PHOTOS, "staging/photos.sql", photo_contract.photos, asked),
        (GAPS, "staging/photo_gaps.sql", photo_contract.photo_gaps, {}),
    ):
        told = before.get(table)
        if told and told[0] == input_hash and tx.exists(table):
            kept[table] = Kept(tx.report(table), told[1], True)
            continue
        frame = photo_contract.kept(schema, tx.read(sql(query), bound))
        report = tx.replace(table, frame)
        _, output_hash = table_fingerprint(tx.conn, table)
        record_build(tx, table, input_hash, output_hash, CODE_VERSION)
        kept[table] = Kept(report, output_hash, bool(told and told[1] == output_hash))
    return kept


def _recorded(tx: Tx, table: str) -> Kept:
    before = _builds(tx).get(table)
    _, output_hash = table_fingerprint(tx.conn, table)
    reused = before is not None and before[1] == output_hash
    if not reused:
        record_build(tx, table, output_hash, output_hash, CODE_VERSION)
    return Kept(tx.report(table), output_hash, reused)


def _builds(tx: Tx) -> dict[str, tuple[str, str]]:
    """{table: (input hash, output hash)}"""
    if not tx.exists("ledger.builds"):
        return {}
    rows = tx.conn.execute("SELECT table_name, input_hash, output_hash FROM ledger.builds")
    return {row[0]: (row[1], row[2]) for row in rows.fetchall()}


def _digest(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
