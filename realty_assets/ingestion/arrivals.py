"""One waiting file: read without the warehouse, then committed and moved.

The two halves are apart so that the warehouse is held only for the second, which asks again
whether another process was faster.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from realty_assets.errors import RealtyError
from realty_assets.faces import record_build
from realty_assets.ingestion import inbox, opening, packed, reading, relations, store
from realty_assets.ingestion.blocks import Block, block_of, blocked
from realty_assets.ingestion.files import FileResult, ingest_file, place_raw
from realty_assets.ingestion.reading import FileRefused, FileStillGrowing
from realty_assets.ingestion.sources import Source
from realty_assets.ingestion.writing import Scratch
from realty_assets.warehouse import Tx, Warehouse


@dataclass
class Seen:
    """What the ledger held when the run began, and what the run has read since."""

    deliveries: set[str]
    contents: set[tuple[str, str]]  # (file hash, mapping hash) of staged files
    named: dict[str, dict[str, int]]  # by file name: the hash and bytes of each content
    blocks: dict[str, Block]

    @classmethod
    def of(cls, tx: Tx) -> Seen:
        rows = tx.conn.execute(
            "SELECT delivery_id, file_hash, mapping_hash, status, file_name, n_bytes "
            f"FROM {store.FILES}"
        ).fetchall()
        named: dict[str, dict[str, int]] = {}
        for _, file_hash, _, _, name, n_bytes in rows:
            named.setdefault(name, {})[file_hash] = n_bytes
        return cls(
            {row[0] for row in rows},
            {(row[1], row[2]) for row in rows if row[3] == "staged"},
            named,
            blocked(tx),
        )


@dataclass
class Arrival:
    """A waiting file that has been read. Without result and reason, its bytes are known."""

    path: Path
    delivery: store.Delivery
    read_s: float = 0.0
    source: Source | None = None
    result: FileResult | None = None
    reason: str | None = None
    block: Block | None = None
    done: bool = field(default=False)  # the ledger holds this very delivery


def prepare(
    path: Path,
    home: Path,
    seen: Seen,
    scratch: ExitStack,
    max_share: float,
    run_id: str | None,
    quiet_s: float,
) -> Arrival:
    """Reads one waiting file as far as that goes without the warehouse.

    Its parts live as long as `scratch`. Raises FileStillGrowing for a file that is being written.
    """
    started = time.monotonic()
    told_name = packed.told_name(path)
    arrival = Arrival(path, store.Delivery("", told_name, "", 0, run_id))
    try:
        _wait_until_quiet(path, quiet_s)
        stamp = reading.stamp(path)

        def named(digest: str) -> store.Delivery:
            name = inbox.delivery_id(path, digest, stamp)
            written_at = datetime.fromtimestamp(stamp.mtime_ns / 1e9, UTC).replace(tzinfo=None)
            return store.Delivery(name, told_name, digest, stamp.n_bytes, run_id, written_at)

        arrival.delivery = named("")
        digest = reading.hash_file(path)
        arrival.delivery = named(digest)
        if arrival.delivery.delivery_id in seen.deliveries:
            arrival.done = True
            return arrival
        namesakes = seen.named.setdefault(told_name, {})
        begins_with = relations.beginnings(path, namesakes)
        arrival.delivery = replace(arrival.delivery, begins_with=begins_with)
        namesakes[digest] = stamp.n_bytes
        sources = inbox.sources_for(path, home)
        layout = opening.sniff(path, sources)
        arrival.source = layout.source
        arrival.block = block_of(layout.source, seen.blocks)
        if arrival.block is not None:
            return arrival
        content = (digest, layout.source.mapping_hash)
        if content not in seen.contents:
            place = home / "scratch" / f"{os.getpid()}-{digest[:16]}"
            arrival.result = ingest_file(
                path,
                sources,
                scratch.enter_context(Scratch(place)),
                file_hash=digest,
                layout=layout,
                max_share=max_share,
            )
            seen.contents.add(content)
    except FileRefused as error:
        arrival.reason = str(error)
    arrival.read_s = time.monotonic() - started
    return arrival


def finish(arrival: Arrival, warehouse: Warehouse, code_version: str) -> store.LedgerRow | None:
    """Commits one file and moves it out of the inbox.

    The ledger row, or None when the ledger held this delivery already, or it is left for later.
    """
    home = warehouse.home
    started = time.monotonic() - arrival.read_s
    if arrival.result is not None:
        place_raw(arrival.result, home)
    with warehouse.transaction() as tx:
        told = _told_before(tx, arrival.delivery.delivery_id)
        row = None if told else _write(tx, arrival, started)
        if row is not None:
            record(tx, code_version)
    if row is not None:
        told = _Told(row.status, row.reason, row.mapping)
    if told is None:
        return None
    _move(arrival.path, home, arrival.delivery.file_hash, told)
    return row


def _write(tx: Tx, arrival: Arrival, started: float) -> store.LedgerRow | None:
    result, source = arrival.result, arrival.source
    keys = result.rows["listing_key"] if result is not None else None
    relation, of = relations.relate(tx, arrival.delivery, keys)
    delivery = replace(arrival.delivery, relation=relation, relation_of=of)
    named = (source.group, source.name, source.mapping_hash) if source is not None else None
    # Asked again: another process may have decided, or have been faster.
    block = block_of(source, blocked(tx)) if source is not None else None
    known = (
        store.known_file(tx, delivery.file_hash, source.mapping_hash)
        if source is not None
        else None
    )
    duration_s = time.monotonic() - started
    status: store.Status
    if arrival.reason is None and block is None and result is not None and known is None:
        row = store.commit(tx, result, delivery, started)
        store.show_raw(tx)
        return row
    if arrival.reason is not None or source is None:
        status, reason, named, known = "refused", arrival.reason or "", None, None
    elif block is not None:
        status, reason, known = "blocked", block.sentence(delivery.file_name), None
    elif known is None:
        # Its source was let in since it was looked at: it is read next time.
        return None
    else:
        status, reason = "unchanged", "The same bytes were taken in before."
    row = store.note_delivery(
        delivery, status, reason, source=named, known=known, duration_s=duration_s
    )
    store.write(tx, row)
    return row


@dataclass(frozen=True)
class _Told:
    """What the ledger says of a delivery: where its file belongs."""

    status: str
    reason: str | None
    mapping: str | None


def _told_before(tx: Tx, delivery_id: str) -> _Told | None:
    """What is said of a delivery that the ledger holds: a killed run, or a faster process."""
    found = tx.conn.execute(
        f"SELECT status, reason, mapping FROM {store.FILES} WHERE delivery_id = ?",
        [delivery_id],
    ).fetchall()
    return _Told(*found[0]) if found else None


def record(tx: Tx, code_version: str) -> None:
    """Writes the hash of each table of ingestion where downstream assets look for it."""
    for table, digest in store.table_hashes(tx).items():
        record_build(tx, table, digest, digest, code_version)


def _move(path: Path, home: Path, digest: str, told: _Told) -> None:
    try:
        if told.status == "refused":
            inbox.put_aside(path, home, told.reason or "")
        elif told.status == "blocked":
            inbox.put_aside(path, home, told.reason or "", f"blocked/{told.mapping}")
        else:
            inbox.archive(path, home, digest)
    except FileNotFoundError:
        # Another process has moved it.
        return
    except OSError as error:
        raise RealtyError(
            f"{path.name} is in the ledger, but cannot be moved out of the inbox: "
            f"{error.strerror}; let this user write there."
        ) from error


def _wait_until_quiet(path: Path, quiet_s: float) -> None:
    """Waits for a file that was touched just now. Raises FileStillGrowing if it goes on."""
    try:
        before = reading.stamp(path)
    except FileRefused:
        return
    left = quiet_s - (time.time() - before.mtime_ns / 1e9)
    if 0 < left <= quiet_s:
        time.sleep(left)
        if not reading.same(path, before):
            raise FileStillGrowing(f"{path.name} is still being written; it is left for later.")
