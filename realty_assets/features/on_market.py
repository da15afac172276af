"""What only the on_market track may know: the listing's own price, its cuts and its time on market.

The facts are those of the listing itself, published before its contract. What the area's sales
fetched of their list prices comes from sales known before the month began, like the index.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.areas import UNKNOWN
from realty_assets.features.feature import Feature
from realty_assets.features.structure import as_array, quotient
from realty_assets.features.tracks import ON_MARKET

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WINDOW_MONTHS = 6
# Areas that a ratio is taken of: the first of them that the home has on record.
AREAS: tuple[str, ...] = ("postal_code", "mls_area_minor", "h3_7")
PRIOR_SALES = 20.0
# A cut or raise beyond this factor is a slip of the pen (a price in thousands), not a cut.
MAX_CUT_FACTOR = 1.6

FAMILY = "on_market"


def on_market_specs() -> list[Feature]:
    """Features of the family, in column order."""
    rows = (
        ("ln_list_price", "ln usd", ("list_price",), "Log of the last list price."),
        (
            "list_cut_log",
            "ln ratio",
            ("list_price", "original_list_price"),
            "Last list price over the first: how far it was cut.",
        ),
        (
            "listed_days",
            "days",
            ("listing_contract_date",),
            "Days since the home was listed.",
        ),
        (
            "area_sale_to_list_log",
            "ln ratio",
            ("close_price", "list_price", "close_date"),
            "What homes of the area fetched of their list price in the six months before, shrunk "
            "towards the market's.",
        ),
        (
            "comps_to_list_log",
            "ln ratio",
            ("list_price", "close_price", "close_date"),
            "The comparables' estimate over the list price.",
        ),
        (
            "list_log_value",
            "ln usd",
            ("list_price", "close_price"),
            "List price times the area's sale-to-list ratio: where the booster starts from when it "
            "learns the correction to the list price. Without past ratios, the list price.",
        ),
    )
    return [
        Feature(name, FAMILY, unit, sources, text, availability=ON_MARKET)
        for name, unit, sources, text in rows
    ]


def listing_columns(frame: pl.DataFrame) -> dict[str, Array]:
    """Row-wise columns (n,) of the listing's own facts, NaN where unknown."""
    price = pl.when(pl.col("list_price") > 0).then(pl.col("list_price").cast(pl.Float64))
    first = pl.when(pl.col("original_list_price") > 0).then(
        pl.col("original_list_price").cast(pl.Float64)
    )
    cut = np.log(quotient(frame, price, first))
    listed = (pl.col("as_of") - pl.col("listing_contract_date").cast(pl.Date)).dt.total_days()
    columns = frame.select(
        ln_list_price=price.log(),
        listed_days=pl.when(listed >= 0).then(listed),
    )
    own = {name: as_array(columns[name]) for name in columns.columns}
    slip = np.abs(cut) > np.log(MAX_CUT_FACTOR)
    return own | {"list_cut_log": np.where(slip, np.nan, cut)}


def priced_columns(
    own: Mapping[str, Array], ratio: Array, comps_log_value: Array, index_log: Array
) -> dict[str, Array]:
    """Columns (n,) that set the list price beside the market; `own` as from `listing_columns`,
    `ratio` as from `sale_to_list`."""
    return {
        "area_sale_to_list_log": ratio,
        "comps_to_list_log": comps_log_value + index_log - own["ln_list_price"],
        "list_log_value": own["ln_list_price"] + np.where(np.isnan(ratio), 0.0, ratio),
    }


def sale_to_list(ratio: Array, sold: Mapping[str, Ints], asked: Mapping[str, Ints]) -> Array:
    """Log sale-to-list ratio (n,) expected in the area of each home.

    `ratio` (m,) are those of recent sales, NaN where one has no list price; `sold` and `asked`
    number the areas of AREAS, of sales (m,) and homes (n,). An area's mean deviation from the
    market's median keeps n / (n + PRIOR_SALES) of itself. NaN when no ratio is known.
    """
    there = ~np.isnan(ratio)
    n = len(asked[AREAS[0]])
    if not there.any():
        return np.full(n, np.nan)
    middle = float(np.median(ratio[there]))
    shift, open_ = np.zeros(n), np.ones(n, dtype=bool)
    for name in AREAS:
        codes = sold[name][there]
        known = codes >= 0
        count = np.bincount(codes[known]).astype(np.float64)
        total = np.bincount(codes[known], ratio[there][known] - middle)
        mine = asked[name]
        seen = open_ & (mine >= 0) & (mine < len(count))
        shift[seen] = total[mine[seen]] / (count[mine[seen]] + PRIOR_SALES)
        open_ &= mine == UNKNOWN
    return middle + shift
