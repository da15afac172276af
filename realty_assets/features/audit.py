"""What the checks of the matrix ask; pure, so that a test can show each of them failing."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from realty_assets.features.incremental import BASIS
from realty_assets.features.matrix import EVIDENCE_COLUMNS, ROW_COLUMNS
from realty_assets.features.registry import Feature, barred


def late_rows(matrix: pl.DataFrame) -> pl.DataFrame:
    """Rows that were fed by something not known strictly before 00:00 UTC of their as_of."""
    as_of = pl.col("as_of").cast(pl.Datetime("us"))
    fed = pl.col("latest_comp_known_at").is_not_null()
    late = (
        (fed & (pl.col("latest_comp_known_at") >= as_of))
        | (pl.col("info_on") > pl.col("as_of"))
        | (pl.col("vintage_on") > pl.col("info_on"))
    )
    # Market features without evidence of where they came from count as late, too.
    counted = pl.any_horizontal(pl.col("^window_.*_sales$") > 0, pl.col("previous_sales") > 0)
    unproven = (pl.col("hedonic_log_value").is_not_null() | counted.fill_null(False)) & ~fed
    return matrix.filter(late.fill_null(False) | unproven)


def late_comparables(comparables: pl.DataFrame) -> pl.DataFrame:
    """Comparables not closed before their subject's as_of, or that are the subject's own sale."""
    own = (pl.col("role") == "sale") & (pl.col("comp_listing_key") == pl.col("listing_key"))
    return comparables.filter((pl.col("comp_close_date") >= pl.col("as_of")) | own.fill_null(False))


def unexplained_columns(columns: Iterable[str], specs: Iterable[Feature], track: str) -> list[str]:
    """Columns that are neither a feature that `track` may know nor a row's name or evidence."""
    named = {*ROW_COLUMNS, *EVIDENCE_COLUMNS, BASIS}
    return barred([name for name in columns if name not in named], specs, track)


def n_repeated(matrix: pl.DataFrame) -> int:
    """How many subjects stand in the matrix more than once."""
    keys = ("track", "role", "listing_key", "property_key")
    return matrix.group_by(keys).len().filter(pl.col("len") > 1).height
