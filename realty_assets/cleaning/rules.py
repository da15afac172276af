"""Which sales no model may learn from. The rules look at prices and places, never at a prediction.

Every comparison is with what was known before the sale, so that no later row changes a verdict.
Excluded sales stay in clean.sales, are listed in clean.exclusions, and every score is given with
them in. An analyst's decision (cleaning/overrides.py) wins over every rule.
"""

from __future__ import annotations

from dataclasses import dataclass

RULE_VERSION = "2"
# The rule id of a sale that a person excluded.
ANALYST = "analyst.exclude"

# What each rule says of a sale, in a sentence.
RULE_SENTENCES: dict[str, str] = {
    ANALYST: "An analyst excluded it, for the reason that stands with the decision.",
    "sale.not_a_home": "Not one home: land, a lease, or several homes at once.",
    "sale.token_price": "The price is a token, not what the home was worth.",
    "sale.multi_parcel": "Several parcels were sold together for one price.",
    "sale.price_typo": "The price is ten, a hundred or a thousand times off its list price.",
    "sale.bulk_transfer": "Several homes nearby changed hands on the same day for the same price.",
    "sale.far_below_area": "Far below what homes of its ZIP code fetched per square foot.",
    "sale.far_above_area": "Far above what homes of its ZIP code fetched per square foot.",
    "sale.far_below_own_sale": "Far below what the same home fetched less than five years before.",
    "sale.not_exposed": "Sold at list price within days, well below its area: never on the market.",
    "sale.flip": "Bought less than a year before for much less; noted, and not excluded.",
}
# Rules that say something of a sale and leave it in: a renovated home sells at its market price.
NOTES = frozenset({"sale.flip"})


@dataclass(frozen=True)
class SaleRules:
    """The limits of the rules. Log ratios are differences of natural logs of prices (per sqft)."""

    token_price_usd: float = 10_000.0
    # Staged, but not what a home's value is learned from: land, leases, several homes at once.
    invalid_sale_flags: tuple[str, ...] = ("scope.not_a_home",)
    # How near a ratio of close price to list price must come to a power of ten, in log10.
    typo_tolerance: float = 0.06
    # Homes of one ZIP code sold on one day at one price, this one among them.
    bulk_min_homes: int = 3
    # What an area fetches: the sales of the ZIP code that became known in the year before, those of
    # a size within `similar_log_area` when there are enough of them.
    area_days: int = 365
    similar_log_area: float = 0.25
    min_similar_sales: int = 10
    min_area_sales: int = 20
    low_log_ratio: float = 1.0
    high_log_ratio: float = 1.2
    own_sale_years: float = 5.0
    own_low_log_ratio: float = 0.9
    # Sold at exactly its list price within days and well below its area: entered for the record,
    # never offered to the market (family transfers look like this). One day is told sooner.
    unexposed_days: int = 3
    unexposed_low_log_ratio: float = 0.25
    at_once_days: int = 1
    at_once_low_log_ratio: float = 0.15
    flip_days: int = 365
    flip_log_ratio: float = 0.22


SALE_RULES = SaleRules()
