"""Which sales no model may learn from. The rules look at prices and places, never at a prediction.

Excluded sales stay in clean.sales, are counted in clean.exclusions, and every score is given with
them in.
"""

from __future__ import annotations

RULE_VERSION = "1"

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
    # Staging's own doubts about the price of a row.
    "invalid_sale_flags": [
        "price.rent",
        "price.times_ten",
        "price.token",
        "price.implausible",
        "price.far_from_area",
    ],
}
