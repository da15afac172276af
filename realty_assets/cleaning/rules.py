"""Which sales no model may learn from. The rules look at prices and places, never at a prediction.

Excluded sales stay in clean.sales, are counted in clean.exclusions, and every score is given with
them in.
"""

from __future__ import annotations

RULE_VERSION = "1"

# What each rule says of a sale, in a sentence.
RULE_SENTENCES: dict[str, str] = {
    "sale.token_price": "The price is a token, not what the home was worth.",
    "sale.not_a_home": "Not one home: land, a lease, or several homes at once.",
    "sale.far_below_area": "Far below what homes of its ZIP code fetched per square foot.",
    "sale.far_above_area": "Far above what homes of its ZIP code fetched per square foot.",
    "sale.not_exposed": "Sold at list price within days, well below its area: never on the market.",
}

# Bound into sql/clean/sales.sql. Ratios are differences of natural logs of dollars per square foot.
SALE_RULES: dict[str, object] = {
    "token_price_usd": 10_000.0,
    "min_area_sales": 20,
    "low_log_ratio": 1.0,
    "high_log_ratio": 1.2,
    # Sold at exactly its list price within days and well below its area: entered for the record,
    # never offered to the market (family transfers look like this).
    "unexposed_days": 3,
    "unexposed_low_log_ratio": 0.25,
    # Staged, but not what a home's value is learned from: land, leases, several homes at once.
    "invalid_sale_flags": ["scope.not_a_home"],
}
