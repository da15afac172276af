"""How well a single field tells the last months of sales from the earlier ones.

A field that separates them lets a model learn the time instead of the home. The measure is the
area under the ROC curve: 0.5 tells nothing, 1 everything. All counts are whole numbers, so that it
does not depend on the order of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

# Times separate times by their nature; keys and addresses name homes; the price is the target.
LEFT_OUT = (
    *["file_hash", "record_number", "line_number", "source", "row_hash", "known_at", "flags"],
    *["listing_key", "parcel_number", "close_price", "close_date", "listing_contract_date"],
    *["modification_timestamp", "unparsed_address", "street_number", "street_name", "unit_number"],
)
MIN_SALES = 100
LAST_MONTHS = 3


@dataclass(frozen=True)
class Split:
    """How a field separates `n_last` sales of the last months from `n_before` earlier ones.

    `by` is "value" or "being filled"; `auc` lies in 0.5 to 1 and `noise` is its standard error
    when there is nothing to tell.
    """

    field: str
    by: str
    auc: float
    n_before: int
    n_last: int

    @property
    def noise(self) -> float:
        return float(
            np.sqrt((self.n_before + self.n_last + 1) / (12 * self.n_before * self.n_last))
        )


def is_last(sales: pl.DataFrame) -> pl.Series:
    """Whether each sale closed in the last LAST_MONTHS months of its source."""
    month = sales["close_date"].dt.year() * 12 + sales["close_date"].dt.month()
    newest = month.max()
    assert isinstance(newest, int)
    return month > newest - LAST_MONTHS


def splits(sales: pl.DataFrame) -> list[Split]:
    """Every field of `sales` (with close dates), the one that separates best first.

    Empty when either side has fewer than MIN_SALES sales.
    """
    sales = sales.filter(pl.col("close_date").is_not_null()).sort("listing_key", "known_at")
    if sales.is_empty():
        return []
    last = is_last(sales).to_numpy()
    n_last = int(last.sum())
    if min(n_last, last.size - n_last) < MIN_SALES:
        return []
    found = []
    for name, kind in sales.schema.items():
        column = sales[name]
        if name in LEFT_OUT or column.null_count() == last.size:
            continue
        filled = column.is_not_null().to_numpy()
        by_filling = auc(filled.astype(float), last)
        if kind.is_numeric() or kind == pl.Boolean:
            by_value = auc(column.cast(pl.Float64).drop_nulls().to_numpy(), last[filled])
        else:
            by_value = auc_of_words(column.drop_nulls(), last[filled])
        value, by = max((by_value, "value"), (by_filling, "being filled"))
        found.append(Split(name, by, value, last.size - n_last, n_last))
    return sorted(found, key=lambda split: (-split.auc, split.field))


def auc(x: np.ndarray, is_last: np.ndarray) -> float:
    """Chance that a value of the last months exceeds an earlier one, or the other way around."""
    before, after = np.sort(x[~is_last]), x[is_last]
    if min(before.size, after.size) < MIN_SALES:
        return 0.5
    below = np.searchsorted(before, after, "left")
    up_to = np.searchsorted(before, after, "right")
    # Ties count half: the sum of both is twice the number of pairs that are in order.
    in_order = int(below.sum()) + int(up_to.sum())
    value = in_order / (2 * before.size * after.size)
    return max(value, 1 - value)


def auc_of_words(column: pl.Series, is_last: np.ndarray) -> float:
    """The same for words: each is ranked by its share of last months among every second sale, and
    judged by the other sales, so that a rare word does not judge itself."""
    codes = column.rank("dense").to_numpy().astype(np.int64) - 1
    n_words = int(codes.max()) + 1 if codes.size else 0
    learn = np.arange(codes.size) % 2 == 0
    n_all = np.bincount(codes[learn], minlength=n_words)
    n_in = np.bincount(codes[learn & is_last], minlength=n_words)
    usual = is_last[learn].mean() if learn.any() else 0.0
    score = (n_in + 2 * usual) / (n_all + 2)
    return auc(score[codes[~learn]], is_last[~learn])
