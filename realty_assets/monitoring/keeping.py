"""Files that are made again and again: the newest are kept, the others go."""

from __future__ import annotations

from pathlib import Path

import polars as pl

PAGES = {"name": pl.String, "path": pl.String, "sha256": pl.String, "n_bytes": pl.Int64}


def newest_pages(
    home: Path, before: pl.DataFrame | None, made: pl.DataFrame, n_kept: int
) -> pl.DataFrame:
    """Rows (PAGES) of the `n_kept` newest pages by name (the names sort by time).

    `before` are the rows of earlier pages, `made` those just written. Files of pages that are not
    kept are deleted below `home`; rows of files that are gone are dropped.
    """
    rows = made.select(list(PAGES))
    if before is not None and len(before):
        others = before.select(list(PAGES)).filter(~pl.col("path").is_in(made["path"].implode()))
        there = [(home / path).is_file() for path in others["path"]]
        rows = pl.concat([others.filter(pl.Series(there, dtype=pl.Boolean)), rows])
    ordered = rows.sort("name", descending=True)
    for path in ordered["path"][n_kept:]:
        (home / path).unlink(missing_ok=True)
    return ordered.head(n_kept).sort("name")
