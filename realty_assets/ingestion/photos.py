"""Takes the photos that wait in the inbox into the home, each content decoded once.

Files are read, hashed, decoded and stored by threads (decoders let go of the interpreter) while
the warehouse is closed; a batch is then recorded in one short transaction, and only after that its
files leave the inbox. Killed anywhere, the next run finds what was recorded and goes on.
"""

from __future__ import annotations

import gc
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from realty_assets.errors import RealtyError
from realty_assets.ingestion import inbox, photo_store
from realty_assets.ingestion.files import telling_of_a_full_disk
from realty_assets.ingestion.photo_inbox import Waiting, waiting
from realty_assets.ingestion.photo_manifest import ManifestRefused, Named, read_manifest
from realty_assets.ingestion.photo_reading import Seen, see
from realty_assets.ingestion.photo_store import Fact, Kept, Rules
from realty_assets.warehouse import Tx, Warehouse

BATCH_FILES = 1024
# As many are handed to a thread at once.
_CHUNK_FILES = 16
# A larger file is no listing photo, and is not read into memory.
MOST_BYTES = 256 << 20
Log = Callable[[str], None]


class PhotosLost(RealtyError):
    """Files that came are not accounted for."""


@dataclass(frozen=True)
class PhotosTaken:
    """What became of the files that waited: n_seen = n_new + n_known + growing."""

    n_seen: int
    n_new: int
    n_known: int
    growing: tuple[str, ...]
    tables: dict[str, Kept]


@dataclass(frozen=True)
class _Read:
    """One file, read without the warehouse; without a stamp it is still being written, or gone."""

    file: Waiting
    stamp: os.stat_result | None = None
    file_hash: str | None = None
    facts: tuple[Fact, ...] = ()
    named: tuple[Named, ...] = ()
    refused: str | None = None


def take_in_photos(
    warehouse: Warehouse,
    rules: Rules,
    *,
    n_threads: int = 2,
    run_id: str | None = None,
    quiet_s: float = 0.0,
    log: Log = lambda _: None,
) -> PhotosTaken:
    """Records every waiting photo and manifest, and makes the statuses of all photos anew.

    `quiet_s`: a file must have been left alone this long, or it is left for later.
    Raises NoRoom when the disk is full, DepositError for a folder of the inbox that cannot be read,
    PhotosLost when the counts do not add up; what was recorded before stays so.
    """
    home = warehouse.home
    with telling_of_a_full_disk("the photos", home), warehouse.transaction() as tx:
        photo_store.create_tables(tx)
        contents = photo_store.known_contents(tx)
    files = waiting(home)
    n_new, n_known, growing = 0, 0, list[str]()
    with _light_collections(), ThreadPoolExecutor(max(1, n_threads)) as pool:
        _wait_until_quiet(files, quiet_s)
        n = min(_CHUNK_FILES, BATCH_FILES)
        chunks = [files[at : at + n] for at in range(0, len(files), n)]
        read = chain.from_iterable(
            pool.map(
                lambda some: [_read(one, home, contents, rules, quiet_s) for one in some], chunks
            )
        )
        with telling_of_a_full_disk("the photos", home):
            for batch in _batches(read):
                growing += [one.file.told for one in batch if one.stamp is None]
                ready = [one for one in batch if one.stamp is not None]
                with warehouse.transaction() as tx:
                    new = _record(tx, ready, run_id)
                n_new, n_known = n_new + new, n_known + len(ready) - new
                for one in ready:
                    _leave_inbox(one, home)
                for folder in sorted({one.file.path.parent for one in ready}, reverse=True):
                    inbox.drop_empty(folder, home / "inbox")
                for one in ready:
                    if one.refused:
                        log(f"refused {one.file.told}: {one.refused}")
    if len(files) != n_new + n_known + len(growing):
        raise PhotosLost(
            f"{len(files):,} photo files waited, and {n_new + n_known + len(growing):,} are "
            "accounted for; see the inbox and run again."
        )
    with telling_of_a_full_disk("the photos", home), warehouse.transaction() as tx:
        tables = photo_store.settle(tx, rules)
    if files:
        log(f"{len(files):,} photo files = {n_new:,} new + {n_known:,} known + {len(growing):,}")
    return PhotosTaken(len(files), n_new, n_known, tuple(growing), tables)


@contextmanager
def _light_collections() -> Iterator[None]:
    """Garbage is not looked for in what is loaded already: all threads wait while it is."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _batches(read: Iterator[_Read]) -> Iterator[list[_Read]]:
    while batch := list(islice(read, BATCH_FILES)):
        yield batch


def _record(tx: Tx, ready: Sequence[_Read], run_id: str | None) -> int:
    """Writes a batch; returns how many of its files are new."""
    of_batch = "SELECT file_name, photo_hash FROM {} WHERE file_name IN (SELECT unnest(?))"
    names = [one.file.told for one in ready]
    known = set(tx.conn.execute(of_batch.format(photo_store.FILES), [names]).fetchall())
    manifests = tx.conn.execute(f"SELECT DISTINCT manifest_hash FROM {photo_store.MANIFEST}")
    known_manifests = {row[0] for row in manifests.fetchall()}
    photo_store.write_facts(tx, [fact for one in ready for fact in one.facts], run_id)
    fresh = set()
    for one in ready:
        name = (one.file.told, one.file_hash)
        if one.named:
            photo_store.write_manifest(tx, one.named, str(one.file_hash))
        if name not in known and one.file_hash not in known_manifests:
            fresh.add(name)
    return len(fresh)


def _read(
    file: Waiting,
    home: Path,
    contents: dict[str, tuple[str, Seen]],
    rules: Rules,
    quiet_s: float,
) -> _Read:
    stamp = _lstat(file.path)
    if stamp is None:
        return _Read(file)
    if stat.S_ISLNK(stamp.st_mode):
        return _refuse(file, stamp, "It is a link, which is never followed: deliver the file.")
    if stamp.st_size > MOST_BYTES:
        said = f"It is larger than {MOST_BYTES >> 20} MB: deliver a smaller copy."
        return _refuse(file, stamp, said)
    try:
        data = _bytes_of(file.path, stamp.st_size)
    except FileNotFoundError:
        return _Read(file)
    except OSError as error:
        return _refuse(file, stamp, f"It cannot be read: {error.strerror}; let this user read it.")
    if len(data) != stamp.st_size or time.time() - stamp.st_mtime < quiet_s:
        return _Read(file)
    photo_hash = hashlib.sha256(data).hexdigest()
    if file.kind == "manifest":
        return _read_manifest(file, stamp, data, photo_hash)
    known = contents.get(photo_hash)
    if known is not None and (home / known[0]).exists():
        path, seen = known
        if not _unchanged(file.path, stamp):
            return _Read(file)
    else:
        seen = see(data, rules.max_pixels)
        path = photo_store.place(data, home, photo_hash, seen.format, file.path, stamp)
        # A second name changes the ctime.
        before, stamp = stamp, _lstat(file.path)
        if stamp is None or not _same_bytes(stamp, before):
            photo_store.write(data, home / path)
            return _Read(file)
        contents[photo_hash] = (path, seen)
    fact = Fact(file.told, photo_hash, path, len(data), seen)
    return _Read(file, stamp, photo_hash, (fact,))


def _read_manifest(file: Waiting, stamp: os.stat_result, data: bytes, manifest_hash: str) -> _Read:
    if not _unchanged(file.path, stamp):
        return _Read(file)
    try:
        named, outside = read_manifest(data, file.told)
    except ManifestRefused as error:
        return _refuse(file, stamp, str(error), manifest_hash)
    said = "The name leaves the manifest's folder: deliver the file beside its manifest."
    facts = [Fact(name, None, None, None, Seen("refused", said), False) for name in outside]
    return _Read(file, stamp, manifest_hash, tuple(facts), tuple(named))


def _refuse(file: Waiting, stamp: os.stat_result, said: str, file_hash: str | None = None) -> _Read:
    seen = Seen("refused", said)
    fact = Fact(file.told, file_hash, None, stamp.st_size, seen, file.kind != "manifest")
    return _Read(file, stamp, file_hash, (fact,), (), said)


def _bytes_of(path: Path, n_bytes: int) -> bytes:
    """The bytes of a file, one more than it had if it grew; no link that took its place is
    followed. In as few calls as can be: at each the threads wait for each other."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        return os.read(descriptor, n_bytes + 1)
    finally:
        os.close(descriptor)


def _unchanged(path: Path, before: os.stat_result) -> bool:
    now = _lstat(path)
    return now is not None and _same_bytes(now, before) and now.st_ctime_ns == before.st_ctime_ns


def _same_bytes(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_ino, one.st_size, one.st_mtime_ns) == (
        other.st_ino,
        other.st_size,
        other.st_mtime_ns,
    )


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _wait_until_quiet(files: Sequence[Waiting], quiet_s: float) -> None:
    """Waits once for the file that was touched last, when that was just now."""
    newest = 0.0
    for file in files:
        if os.path.lexists(file.path):
            newest = max(newest, file.path.lstat().st_mtime)
    left = quiet_s - (time.time() - newest)
    if 0 < left <= quiet_s:
        time.sleep(left + 0.01)


def _leave_inbox(read: _Read, home: Path) -> None:
    """Takes a recorded file out of the inbox; one that was written anew meanwhile stays."""
    path = read.file.path
    if read.stamp is None or not _unchanged(path, read.stamp):
        return
    if stat.S_ISLNK(read.stamp.st_mode):
        path.unlink()
    elif read.refused is not None:
        inbox.put_aside(path, home, read.refused)
    elif read.file.kind == "manifest":
        inbox.archive(path, home, str(read.file_hash))
    else:
        path.unlink()
