"""Connections to a warehouse file: who waits for whom, and how long a run keeps it open.

DuckDB takes longer to open a file of a hundred tables than to answer most of what is asked of it.
So a run keeps the file open between questions that follow each other at once, and lets go of it
while it computes, so that other processes come in.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from realty_assets.errors import RealtyError

# The same for every connection of a process: DuckDB refuses a second one that differs.
CONNECTION_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "custom_user_agent": "dagster"
}
# How long a kept file stays open with nobody asking: another process waits no longer than that.
IDLE_S = 0.2
_LOCK_PID = re.compile(r"\(PID (\d+)\)")


class WarehouseError(RealtyError):
    """Something about the warehouse that its user can act on."""


class WarehouseBusy(WarehouseError):
    """Another process holds the warehouse file."""


class _Keeper:
    """The open file of one path in this process, and who uses it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.n_keeping = self.n_using = 0
        self.held: duckdb.DuckDBPyConnection | None = None
        self.inode = 0
        self.timer: threading.Timer | None = None

    def cursor(self, timeout_s: float) -> duckdb.DuckDBPyConnection:
        with self.lock:
            if self.timer is not None:
                self.timer.cancel()
            if self.held is not None and self.n_using == 0 and self._moved():
                self._let_go()
            if self.held is None:
                self.held = _open(self.path, timeout_s)
                self.inode = self.path.stat().st_ino
            self.n_using += 1
            return self.held.cursor()

    def give_back(self, conn: duckdb.DuckDBPyConnection, sound: bool) -> None:
        conn.close()
        with self.lock:
            self.n_using -= 1
            if self.n_using > 0:
                return
            if not sound or self.n_keeping == 0:
                self._let_go()
                return
            self.timer = threading.Timer(IDLE_S, self._when_idle)
            self.timer.daemon = True
            self.timer.start()

    def stop_keeping(self) -> None:
        with self.lock:
            self.n_keeping -= 1
            if self.n_keeping == 0 and self.n_using == 0:
                self._let_go()

    def _when_idle(self) -> None:
        # A timer that was cancelled too late belongs to a question that came since.
        with self.lock:
            if self.n_using == 0 and threading.current_thread() is self.timer:
                self._let_go()

    def _let_go(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if self.held is not None:
            self.held.close()
        self.held = None

    def _moved(self) -> bool:
        """Whether another file stands at the path by now."""
        return not self.path.exists() or self.path.stat().st_ino != self.inode


_KEEPERS: dict[Path, _Keeper] = {}
_KEEPERS_LOCK = threading.Lock()


def keep(path: Path) -> None:
    """From now on this process keeps `path` open between questions, until `stop_keeping`."""
    with _KEEPERS_LOCK:
        keeper = _KEEPERS.setdefault(path.absolute(), _Keeper(path))
        keeper.n_keeping += 1


def stop_keeping(path: Path) -> None:
    """Takes one `keep` back; the last one closes the file."""
    with _KEEPERS_LOCK:
        keeper = _KEEPERS[path.absolute()]
        keeper.stop_keeping()
        if keeper.n_keeping == 0:
            del _KEEPERS[path.absolute()]


@contextmanager
def connection(path: Path, timeout_s: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that is always closed again.

    Raises WarehouseBusy when another process keeps the file locked for longer than `timeout_s`,
    WarehouseError when it cannot be opened.
    """
    keeper = _KEEPERS.get(path.absolute())
    if keeper is None:
        conn = _open(path, timeout_s)
        try:
            yield conn
        finally:
            conn.close()
        return
    conn = keeper.cursor(timeout_s)
    sound = False
    try:
        yield conn
        sound = True
    finally:
        # After an error the file is opened anew: a disk that failed leaves a database that refuses.
        keeper.give_back(conn, sound)


def _open(path: Path, timeout_s: float) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + timeout_s
    pause_s = 0.05
    while True:
        try:
            return duckdb.connect(str(path), config=CONNECTION_CONFIG)
        except duckdb.IOException as error:
            if "Could not set lock" not in str(error):
                raise WarehouseError(f"Cannot open the warehouse {path}: {error}") from error
            if time.monotonic() >= deadline:
                found = _LOCK_PID.search(str(error))
                holder = f"process {found.group(1)}" if found else "another process"
                raise WarehouseBusy(
                    f"The warehouse {path} is held by {holder}; waited {timeout_s:g} s. "
                    "Wait until it is done, or stop it, and try again."
                ) from error
        time.sleep(pause_s * random.uniform(0.5, 1.0))
        pause_s = min(pause_s * 1.5, 1.0)
