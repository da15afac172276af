"""What a frozen model is given: the sales of later months, on features as of the first of each."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from realty_assets.evaluation.splits import Fold
from realty_assets.features.matrix import build_matrix
from realty_assets.modeling.walk_forward import Market, fold_sales


def frozen_rows(market: Market, folds: list[Fold]) -> Iterator[tuple[Fold, pl.DataFrame]]:
    """Matrix rows of the sales of each fold (not none) as of its cutoff, as `walk_forward` builds
    them: what a frozen model is given. A fold without a sale is left out."""
    if not folds:
        return
    vintages = market.vintages(max(fold.cutoff for fold in folds))
    for fold in folds:
        subjects = fold_sales(market.sales_frame, fold, market.track)
        if subjects.is_empty():
            continue
        rows = build_matrix(
            subjects,
            market.sales,
            market.features,
            cutoff=fold.cutoff,
            vintages=vintages,
            n_threads=market.n_threads,
            track=market.track,
        )
        yield fold, rows
