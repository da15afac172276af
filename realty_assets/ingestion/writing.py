"""Parquet parts written beside the work that fills them."""

from __future__ import annotations

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import polars as pl


class Parts:
    """A folder of parquet files, one per chunk, each written while the next chunk is read."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.folder = folder
        self.pool = pool
        self.n_parts = 0
        self.waiting: Future[None] | None = None
        folder.mkdir(parents=True)

    def add(self, frame: pl.DataFrame) -> None:
        """Begins to write `frame` as the next part. Raises what the part before it met."""
        self.wait()
        path = self.folder / f"{self.n_parts:05d}.parquet"
        self.n_parts += 1
        self.waiting = self.pool.submit(
            frame.write_parquet, path, compression="lz4", statistics=False
        )

    def wait(self) -> None:
        if self.waiting is not None:
            self.waiting.result()
            self.waiting = None


class Scratch:
    """A folder that is gone when the work is done, or has failed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Path:
        self.folder.mkdir(parents=True)
        return self.folder

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
