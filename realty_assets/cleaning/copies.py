"""One sale told by several listings: MLS copies, entries after the fact, prices slipped by a digit.

The listing that told of a sale first stands for it, whatever is told later (docs/decisions/0003).
"""

from __future__ import annotations

from collections import defaultdict
from math import log, log10
from typing import Any

import polars as pl

RULE_VERSION = "1"
FIRST, NEAR_PRICE, SLIPPED_PRICE = "first", "near_price", "slipped_price"
# A second sale of a home within two weeks at the same price is the same sale told again; at
# another price (a contract handed on) it is a sale of its own.
MAX_DAYS, MAX_LOG_RATIO = 14, 0.02
SLIPPED_MAX_DAYS, SLIPPED_TOLERANCE = 3, 0.01
SCHEMA: dict[str, Any] = {
    "source": pl.String,
    "listing_key": pl.String,
    "property_key": pl.String,
    "known_at": pl.Datetime("us"),
    "sale_source": pl.String,
    "sale_listing_key": pl.String,
    "evidence": pl.String,
    "days_apart": pl.Int64,
    "price_ratio": pl.Float64,
    "rule_version": pl.String,
}


def sale_listings(closings: pl.DataFrame) -> pl.DataFrame:
    """One row per closed listing (columns of SCHEMA): the listing that stands for its sale.

    `closings`: source, listing_key, property_key, known_at, close_date, close_price, one row per
    closed listing. A listing that stands for its own sale names itself, with evidence 'first'.
    """
    ordered = closings.sort("known_at", "source", "listing_key")
    standing: dict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = []
    names = ("source", "listing_key", "property_key", "known_at", "close_date", "close_price")
    for one in ordered.select(names).iter_rows(named=True):
        sales = standing[one["property_key"]]
        told = [(evidence, sale) for sale in sales if (evidence := copy_evidence(sale, one))]
        if told:
            evidence, sale = min(told, key=lambda pair: abs(_days(pair[1], one)))
        else:
            evidence, sale = FIRST, one
            sales.append(one)
        rows.append(
            {
                **{name: one[name] for name in names[:4]},
                "sale_source": sale["source"],
                "sale_listing_key": sale["listing_key"],
                "evidence": evidence,
                "days_apart": _days(sale, one),
                "price_ratio": one["close_price"] / sale["close_price"],
                "rule_version": RULE_VERSION,
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def copy_evidence(sale: dict[str, Any], other: dict[str, Any]) -> str | None:
    """Why `other` tells of `sale` again (of the same home); None when it is a sale of its own."""
    days = abs(_days(sale, other))
    if days > MAX_DAYS or sale["close_price"] <= 0 or other["close_price"] <= 0:
        return None
    ratio = other["close_price"] / sale["close_price"]
    if abs(log(ratio)) <= MAX_LOG_RATIO:
        return NEAR_PRICE
    digits = round(log10(ratio))
    slipped = digits != 0 and abs(log(ratio) - digits * log(10)) <= SLIPPED_TOLERANCE
    return SLIPPED_PRICE if slipped and days <= SLIPPED_MAX_DAYS else None


def _days(sale: dict[str, Any], other: dict[str, Any]) -> int:
    return (other["close_date"] - sale["close_date"]).days
