"""What the checks of the matrix ask; pure, so that a test can show each of them failing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from realty_assets.features.incremental import BASIS
from realty_assets.features.matrix import EVIDENCE_COLUMNS, ROW_COLUMNS
from realty_assets.features.policy import Policy, breaches
from realty_assets.features.registry import Feature, barred


@dataclass(frozen=True)
class MatrixAudit:
    """What breaks the promises of one track's matrix; nothing does where all are empty."""

    late: pl.DataFrame
    barred: list[str]
    n_repeated: int
    breached: dict[str, str]

    @property
    def n_wrong(self) -> dict[str, int]:
        """Check -> how many rows or columns break it."""
        return {
            "nothing_from_the_future": len(self.late),
            "only_what_the_track_may_know": len(self.barred),
            "one_row_per_subject": self.n_repeated,
            "no_barred_features": len(self.breached),
        }


def audit_matrix(
    matrix: pl.DataFrame, specs: Sequence[Feature], track: str, policy: Policy
) -> MatrixAudit:
    """The matrix of `track`, made of the features `specs`, held against what it promises."""
    return MatrixAudit(
        late_rows(matrix),
        unexplained_columns(matrix.columns, specs, track),
        n_repeated(matrix),
        breaches(matrix, specs, policy),
    )


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
