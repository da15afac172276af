"""features.comparables: the comparables behind a value, kept as evidence.

They are the very sales that the matrix's `comps_*` columns are made of, found by the same code.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.block import Block
from realty_assets.features.comparables import most_alike, unlikeness
from realty_assets.features.incremental import BASIS
from realty_assets.features.matrix import FeatureSettings, chunks, prepared
from realty_assets.features.sales import Sales
from realty_assets.features.vintages import Vintages

SCHEMA: dict[str, pl.DataType] = {
    "rank": pl.Int32(),
    "comp_listing_key": pl.String(),
    "comp_close_date": pl.Date(),
    "distance_km": pl.Float64(),
    "unlikeness": pl.Float64(),
    "age_days": pl.Float64(),
    "comp_price": pl.Float64(),
    "comp_adjusted_price": pl.Float64(),
    "weight": pl.Float64(),
}
KEYS = ("listing_key", "property_key", "track", "role", "as_of")


def evidence_subjects(subjects: pl.DataFrame, n_recent: int) -> pl.DataFrame:
    """Of `subjects`, those to be valued today and the `n_recent` sales that closed last."""
    today = subjects.filter(pl.col("role") != "sale")
    sales = subjects.filter(pl.col("role") == "sale")
    recent = sales.sort("close_date", "listing_key", "property_key").tail(n_recent)
    return pl.concat([today, recent])


def comparables_frame(
    subjects: pl.DataFrame,
    sales: Sales,
    settings: FeatureSettings,
    *,
    cutoff: date | None = None,
    vintages: Vintages | None = None,
    n_threads: int = 1,
) -> pl.DataFrame:
    """One row per subject and comparable, most alike first: KEYS, the subject's basis where it
    carries one, and the columns of SCHEMA.

    `comp_adjusted_price` (usd) is what the comparable would have fetched with the subject's
    attributes on the day the subject is expected to close: the weighted mean of its logs is the
    matrix's hedonic_log_value + comps_residual + index_log. `weight` is each one's share.
    Arguments as those of `build_matrix`. A subject without comparables has no row.
    """
    frame, query, vintages = prepared(subjects, sales, settings, cutoff, vintages, n_threads)

    def one(chunk: tuple[int, npt.NDArray[np.int64]]) -> pl.DataFrame:
        day, rows = chunk
        block = Block(sales, settings.comps, vintages, day, query.take(rows))
        return _evidence(block, rows)

    with ThreadPoolExecutor(n_threads) as threads:
        parts = list(threads.map(one, chunks(query.info_day)))
    found = pl.concat([_none(), *parts])
    order = ("as_of", "role", "listing_key", "property_key", "rank")
    names = [name for name in (*KEYS, BASIS) if name in frame.columns]
    keys = frame.select(names).with_row_index("subject").cast({"subject": pl.Int64})
    return found.join(keys, on="subject").select(*names, *SCHEMA).sort(order)


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={"subject": pl.Int64(), **SCHEMA})


def _evidence(block: Block, rows: npt.NDArray[np.int64]) -> pl.DataFrame:
    if not block.has_market or block.vintage is None:
        return _none()
    sales, query = block.sales, block.query
    near = block.near(block.settings.n_near)
    unlike = unlikeness(query.columns, sales.columns, near.at)
    top, weight = most_alike(block.settings, near.distance, near.age_days, unlike)
    there = np.isfinite(np.take_along_axis(near.distance, top, axis=1))
    total = np.maximum(np.add.reduce(weight, axis=1), 1e-300)[:, None]
    value = block.vintage.hedonic.predict(query.terms) + block.level_now()
    of: Callable[[npt.NDArray], npt.NDArray] = lambda x: np.take_along_axis(x, top, axis=1)[there]  # noqa: E731
    at = of(near.at)
    subject, rank = np.nonzero(there)
    return pl.DataFrame(
        {
            "subject": rows[subject],
            "rank": rank + 1,
            "comp_listing_key": sales.listing_key.gather(at),
            "comp_close_date": pl.Series(sales.close_day[at]).cast(pl.Int32).cast(pl.Date),
            "distance_km": of(near.distance),
            "unlikeness": of(unlike),
            "age_days": of(near.age_days),
            "comp_price": np.exp(sales.log_price[at]),
            "comp_adjusted_price": np.exp(value[subject] + of(near.residual)),
            "weight": (weight / total)[there],
        },
        schema={"subject": pl.Int64(), **SCHEMA},
        strict=False,
    )
