"""Which reader a delivered file needs: a table's text (a sheet becomes one), or JSON pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from realty_assets.ingestion import headers, packed, pages, parsing, reading, workbook
from realty_assets.ingestion.parsing import Chunk
from realty_assets.ingestion.reading import FileRefused, Layout
from realty_assets.ingestion.sources import Source


def sniff(path: Path, sources: tuple[Source, ...]) -> Layout:
    """Layout and source of a file. Raises FileRefused with one clear sentence."""
    if workbook.is_one(path):
        return workbook.sniff(path, sources)
    if packed.is_zip(path):
        raise packed.refusal(path)
    start = reading.beginning(path)
    if start.lstrip()[:1] in (b"{", b"["):
        return pages.sniff(path, sources)
    return headers.sniff(path, tables(path, sources))


def tables(path: Path, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """The mappings that read tables. Raises FileRefused when there is none."""
    found = tuple(source for source in sources if source.form == "table")
    if not found:
        raise FileRefused(
            f"{path.name} is not JSON, which the source '{sources[0].name}' reads: name another "
            "with --source."
        )
    return found


def chunks(path: Path, layout: Layout) -> Iterator[Chunk]:
    """The file's records in order, as `parsing.chunks` and `pages.chunks` give them."""
    return (
        pages.chunks(path, layout) if layout.source.form == "json" else parsing.chunks(path, layout)
    )


def raw_texts(path: Path, layout: Layout, starts: np.ndarray, lengths: np.ndarray) -> list[str]:
    """Records as they came, by their places in the file's text."""
    if layout.source.form == "json":
        return pages.raw_texts(path, starts, lengths)
    return parsing.raw_texts(path, layout, starts, lengths)
