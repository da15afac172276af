"""Copies that are whole or not there: of files, of live databases, of folders."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realty_assets.errors import RealtyError
from realty_assets.warehouse import Warehouse
from realty_assets.warehouse_file import keep, stop_keeping

CHUNK = 1 << 20
TRIES = 3


class CopyFailed(RealtyError):
    """Something could not be copied; the message names it."""


@contextmanager
def made_whole(place: Path, lock: Path, prefix: str) -> Iterator[Path]:
    """A folder to fill beside `place`, which gets that name when the body ends, and never before.

    Who holds `lock` is alone; so folders beginning with `prefix` that stand there already are what
    a killed process left, and go. Raises CopyFailed when another process holds it.
    """
    parent = place.parent
    parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CopyFailed(
                f"Another process is writing to {parent}: wait until it is done, and try again."
            ) from error
        for left in parent.iterdir():
            if left.name.startswith(prefix):
                shutil.rmtree(left)
        beside = parent / f"{prefix}{uuid.uuid4().hex[:8]}"
        beside.mkdir()
        try:
            yield beside
            os.sync()
            # An empty folder may stand there; one that is not empty is refused by the system.
            os.rename(beside, place)
            sync_folder(parent)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise


def sync_folder(folder: Path) -> None:
    """What was renamed in `folder` outlasts a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_file(source: Path, target: Path) -> tuple[str, int]:
    """(sha256, bytes) of what was copied, with its time and mode.

    Raises CopyFailed for a file that goes on changing, FileNotFoundError for one that is gone.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(TRIES):
        before = source.stat()
        digest, n_bytes = hashlib.sha256(), 0
        with source.open("rb") as read, target.open("wb") as written:
            while chunk := read.read(CHUNK):
                digest.update(chunk)
                n_bytes += written.write(chunk)
        after = source.stat()
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
            shutil.copystat(source, target)
            return digest.hexdigest(), n_bytes
    raise CopyFailed(f"{source} goes on changing: stop what writes to it, and try again.")


def link_file(source: Path, target: Path) -> bool:
    """Whether `target` is now another name of `source`; not everywhere can be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_sqlite(source: Path, target: Path) -> None:
    """A live SQLite database as of one moment, its journal included.

    Raises CopyFailed when it cannot be read.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        live = sqlite3.connect(f"file:{_quoted(source)}?mode=rw", uri=True, timeout=30)
        copy = sqlite3.connect(target)
        try:
            live.backup(copy)
            # One file, whatever the mode: nothing beside it that a manifest would miss.
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
            live.close()
    except sqlite3.Error as error:
        raise CopyFailed(
            f"The database {source} cannot be copied ({error}): see `realty doctor`."
        ) from error


def _quoted(path: Path) -> str:
    """A path as it stands in a SQLite address."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


@contextmanager
def kept_open(warehouse: Warehouse) -> Iterator[Warehouse]:
    """A warehouse that is opened once for many questions."""
    keep(warehouse.path)
    try:
        yield warehouse
    finally:
        stop_keeping(warehouse.path)


def copy_warehouse(warehouse: Warehouse, target: Path) -> None:
    """The warehouse file, while this process holds its lock and nothing waits in its journal.

    By a child process: DuckDB's lock is the process's own, and closing the file once would drop it.
    Raises WarehouseBusy, or CopyFailed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with warehouse.connect() as conn:
        conn.execute("CHECKPOINT")
        done = subprocess.run(
            ["cp", "--", str(warehouse.path), str(target)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise CopyFailed(f"The warehouse cannot be copied: {done.stderr.strip()}.")
