"""Files that are made again and again: the newest are kept, the others go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.holding import held_by
from realty_assets.withdrawals import withdrawn

KIND = "reports"  # what the retention policy calls pages
PAGES = {"name": pl.String, "path": pl.String, "sha256": pl.String, "n_bytes": pl.Int64}


def newest_pages(
    home: Path,
    before: pl.DataFrame | None,
    made: pl.DataFrame,
    n_kept: int,
    holds: Sequence[dict[str, Any]] = (),
) -> pl.DataFrame:
    """Rows (PAGES) of the `n_kept` newest pages by name (the names sort by time).

    `before` are the rows of earlier pages, `made` those just written. Files of pages that are not
    kept are deleted below `home`; rows of files that are gone are dropped. Pages that are held
    (`holds` of holds_now) or withdrawn stay beyond that number.
    """
    rows = made.select(list(PAGES))
    if before is not None and len(before):
        others = before.select(list(PAGES)).filter(~pl.col("path").is_in(made["path"].implode()))
        there = [(home / path).is_file() for path in others["path"]]
        rows = pl.concat([others.filter(pl.Series(there, dtype=pl.Boolean)), rows])
    ordered = rows.sort("name", descending=True)
    aside = withdrawn(home)
    stays = [
        place < n_kept or path in aside or held_by(path, holds, (KIND,)) is not None
        for place, path in enumerate(ordered["path"])
    ]
    kept = pl.Series(stays, dtype=pl.Boolean)
    for path in ordered.filter(~kept)["path"]:
        (home / path).unlink(missing_ok=True)
    return ordered.filter(kept).sort("name")
