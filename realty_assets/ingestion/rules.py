"""The rules that a row must keep: each with an id, a version, a severity and a plain sentence.

error = the row is quarantined with its raw text; blank = a wrong optional cell is emptied, kept in
raw, and the row flagged; warn = the row is staged with a flag. Only a malformed row, or a bad key,
date, price or living area, is an error.

Rules of a single row stand here; those that need the whole file (neighbourhood prices, the market's
box, two rows that contradict each other) are in file_rules.py, and those that need what is already
staged in sql/staging/. All are listed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from realty_assets.ingestion.contract import (
    COLUMNS,
    listings,
    range_of,
    severity_of,
    words_of,
)

Severity = Literal["error", "blank", "warn"]
RULES_VERSION = "2"
SQFT_PER_ACRE = 43_560.0
OPEN = ("Active", "Active Under Contract", "Pending", "Coming Soon")
# Staged, and out of scope wherever a value is asked for.
NOT_HOMES = (
    "Land",
    "Residential Lease",
    "Residential Income",
    "Commercial Sale",
    "Commercial Lease",
    "Business Opportunity",
)


@dataclass(frozen=True)
class Rule:
    """What may not be. `broken` is true for a row that breaks the rule; None: judged elsewhere."""

    id: str
    severity: Severity
    sentence: str
    broken: pl.Expr | None = None
    blanks: tuple[str, ...] = ()
    version: str = "1"


_c = pl.col
_CHANGED_ON = _c("_changed_on")
_SEEN_ON = pl.coalesce(_CHANGED_ON, _c("close_date"), _c("listing_contract_date"))
_LEASE = _c("property_type").eq("Residential Lease").fill_null(False)
_LAND = _c("property_type").eq("Land").fill_null(False)
_CLOSE_TO_LIST = _c("close_price") / _c("list_price")
_CLOSE_LIKE_LIST = _CLOSE_TO_LIST.is_between(0.2, 5.0).fill_null(False)
_ORIGINAL_TO_LIST = _c("original_list_price") / pl.coalesce("list_price", "close_price")
_AREA_LIST_PRICE = _c("_list_price_per_sqft") * _c("living_area")
_AREA_CLOSE_PRICE = _c("_close_price_per_sqft") * _c("living_area")


def _off(ratio: pl.Expr, factor: float) -> pl.Expr:
    """Whether a ratio is `factor` or more away from 1, in either direction."""
    return (ratio >= factor) | (ratio <= 1 / factor)


def _near(ratio: pl.Expr, factor: float) -> pl.Expr:
    return ratio.is_between(1 / factor, factor)


# The price per square foot that the source worked out itself tells which of two numbers is wrong.
_LIST_BACKED = (_near(_c("list_price") / _AREA_LIST_PRICE, 1.5)).fill_null(False) | _near(
    _CLOSE_TO_LIST, 2.5
).fill_null(False)
_LIST_BELIED = _off(_c("list_price") / _AREA_LIST_PRICE, 3.0).fill_null(False) | _off(
    _CLOSE_TO_LIST, 3.0
).fill_null(False)
_SWAPPED_BY_PRICE = _off(_AREA_LIST_PRICE / _c("list_price"), 1.5) & _near(
    _c("_list_price_per_sqft") * _c("lot_size_square_feet") / _c("list_price"), 1.05
)
_SWAPPED_BY_SALE = _off(_AREA_CLOSE_PRICE / _c("close_price"), 1.5) & _near(
    _c("_close_price_per_sqft") * _c("lot_size_square_feet") / _c("close_price"), 1.05
)
_SWAPPED_BY_ACRES = (_c("living_area") / SQFT_PER_ACRE - _c("_acres")).abs().le(0.0011) & _off(
    _c("lot_size_square_feet") / SQFT_PER_ACRE / _c("_acres"), 1.2
)

ROW_RULES: tuple[Rule, ...] = (
    Rule("key.missing", "error", "The row has no key.", _c("listing_key").is_null()),
    Rule(
        "date.known_at_missing",
        "error",
        "Nothing tells when the row became known.",
        _c("known_at").is_null(),
    ),
    Rule(
        "date.close_before_list",
        "error",
        "The home closed before it was listed.",
        _c("close_date") < _c("listing_contract_date"),
    ),
    Rule(
        "date.close_in_future",
        "error",
        "The close date lies after the row's own time of change.",
        _c("close_date") > _CHANGED_ON + pl.duration(days=1),
    ),
    Rule(
        "date.list_in_future",
        "error",
        "The list date lies more than a month after the row's own time of change.",
        _c("listing_contract_date") > _CHANGED_ON + pl.duration(days=31),
    ),
    Rule(
        "date.close_missing",
        "warn",
        "The row says sold and has no close date.",
        _c("standard_status").eq("Closed") & _c("close_date").is_null(),
    ),
    Rule(
        "price.token",
        "error",
        "The price is nothing or next to nothing.",
        ((_c("close_price") < 1_000) | (_c("list_price") < 1_000)) & ~_LEASE,
    ),
    Rule(
        "price.rent",
        "error",
        "The price is that of a month's rent.",
        (
            (_c("close_price").is_between(1_000, 15_000) & ~_CLOSE_LIKE_LIST)
            | _c("list_price").is_between(1_000, 10_000)
        )
        & ~_LEASE
        & ~_LAND,
    ),
    Rule(
        "price.close_to_list",
        "error",
        "Close price and list price are a factor of three or more apart.",
        _off(_CLOSE_TO_LIST, 3.0) & ~_LEASE,
    ),
    Rule(
        "price.close_to_area",
        "error",
        "The close price is not the source's price per square foot times the living area.",
        _off(_c("close_price") / _AREA_CLOSE_PRICE, 3.0)
        & ~_near(_CLOSE_TO_LIST, 2.0).fill_null(False),
    ),
    Rule(
        "price.list_to_original",
        "error",
        "The list price is a factor of three or more from the original one, and wrong.",
        _off(_ORIGINAL_TO_LIST, 3.0) & _LIST_BELIED & ~_LIST_BACKED,
    ),
    Rule(
        "price.original_to_list",
        "blank",
        "The original list price is a factor of three or more from the list price.",
        _off(_ORIGINAL_TO_LIST, 3.0) & (_LIST_BACKED | ~_LIST_BELIED),
        ("original_list_price",),
    ),
    Rule(
        "price.missing",
        "warn",
        "The row says sold and has no close price.",
        _c("standard_status").eq("Closed") & _c("close_price").is_null(),
    ),
    Rule(
        "area.not_positive",
        "error",
        "The living area is zero or negative.",
        _c("living_area") <= 0,
    ),
    Rule(
        "area.swapped_with_lot",
        "error",
        "Living area and lot size are swapped.",
        _SWAPPED_BY_ACRES.fill_null(False)
        | _SWAPPED_BY_PRICE.fill_null(False)
        | _SWAPPED_BY_SALE.fill_null(False),
    ),
    Rule(
        "area.missing",
        "warn",
        "The home has no living area.",
        _c("living_area").is_null() & ~_LAND,
    ),
    Rule(
        "scope.not_a_home",
        "warn",
        "Land, a lease, business property or a building of several homes: staged, but not valued.",
        _c("property_type").is_in(NOT_HOMES),
    ),
    Rule(
        "status.price_while_open",
        "warn",
        "The listing is open and has a close price.",
        _c("standard_status").is_in(OPEN) & _c("close_price").is_not_null(),
    ),
    Rule(
        "year.in_future",
        "blank",
        "Built more than three years after the row was known.",
        _c("year_built") > _SEEN_ON.dt.year() + 3,
        ("year_built",),
    ),
    Rule(
        "year.renovated_before_built",
        "blank",
        "Renovated before it was built.",
        _c("year_renovated") < _c("year_built"),
        ("year_renovated",),
    ),
    Rule(
        "beds.too_many",
        "blank",
        "More bedrooms than the living area has room for.",
        (_c("bedrooms_total") >= 8) & (_c("living_area") / _c("bedrooms_total") < 120),
        ("bedrooms_total",),
    ),
)

# Judged by the reader, by file_rules.py, or in SQL.
OTHER_RULES: tuple[Rule, ...] = (
    Rule("record.malformed", "error", "The row has the wrong number of fields or broken quoting."),
    Rule("record.encoding", "warn", "The row is Windows-1252 text in a UTF-8 file."),
    Rule("date.unreadable", "error", "A date or time cannot be read or does not exist."),
    Rule("date.other_form", "warn", "A date is written in another form than the mapping states."),
    Rule("date.close_far_ahead", "error", "The close date is a year past all others of the file."),
    Rule("date.changed_far_ahead", "error", "The time of change is a year past all others."),
    Rule("price.unreadable", "error", "A price cannot be read."),
    Rule("price.currency_code", "warn", "A price has a currency code for a dollar sign."),
    Rule("price.per_area", "error", "The price per square foot is far from that of its area."),
    Rule("area.unreadable", "error", "The living area cannot be read."),
    Rule("cell.unreadable", "blank", "A cell cannot be read as what its column holds."),
    Rule("cell.distrusted", "blank", "The mapping does not trust this cell in such a row."),
    Rule("cell.number_as_text", "warn", "A number was sent as text."),
    Rule("zip.malformed", "blank", "The ZIP code does not have five digits."),
    Rule("status.unknown", "warn", "The status word is not known to the mapping."),
    Rule("type.unknown", "warn", "The property type is not known to the mapping."),
    Rule("geo.swapped", "blank", "Latitude and longitude are swapped."),
    Rule("geo.far", "blank", "The coordinates lie far from all other homes of the file."),
    Rule("key.two_prices", "error", "One key has two prices at one time of change."),
    Rule("key.other_key", "warn", "The same sale stands in the file under another key."),
    Rule("status.transition", "warn", "The listing was sold before and is open again."),
    Rule("quarantine.released", "warn", "The row was let out of quarantine by a person."),
    Rule("quarantine.retried", "warn", "The row passed the rules on a later reading."),
)


def _range_rules() -> tuple[Rule, ...]:
    """A rule for every range of the contract, with the column's own severity."""
    # These have a rule of their own that says more.
    told = {"living_area": 0.0}
    rules = []
    for name in COLUMNS:
        limits = range_of(name)
        # Coordinates are judged as a pair, against the market (file_rules.py).
        if limits is None or name in ("latitude", "longitude"):
            continue
        low, high = limits
        outside = (_c(name) < low) | (_c(name) > high)
        if name in told:
            outside &= _c(name) > told[name]
        severity: Severity = "error" if severity_of(name) == "error" else "blank"
        rules.append(
            Rule(
                f"range.{name}",
                severity,
                f"{name} lies outside {low} to {high}.",
                outside,
                (name,) if severity == "blank" else (),
            )
        )
    return tuple(rules)


def _word_rules() -> tuple[Rule, ...]:
    """A rule for every column of which the contract names the only words."""
    return tuple(
        Rule(
            f"enum.{name}",
            "blank",
            f"{name} is none of the words that the contract allows.",
            ~_c(name).is_in(words_of(name)),
            (name,),
        )
        for name in listings.columns
        if words_of(name)
    )


RANGE_RULES = (*_range_rules(), *_word_rules())
JUDGED = tuple(rule for rule in (*ROW_RULES, *RANGE_RULES) if rule.broken is not None)
RULES: dict[str, Rule] = {rule.id: rule for rule in (*ROW_RULES, *RANGE_RULES, *OTHER_RULES)}


def severities(rule_ids: Iterable[str]) -> pl.DataFrame:
    """(rule_id, severity, rule_version) of the named rules."""
    known = [RULES[rule_id] for rule_id in sorted(set(rule_ids))]
    return pl.DataFrame(
        {
            "rule_id": [rule.id for rule in known],
            "severity": [rule.severity for rule in known],
            "rule_version": [rule.version for rule in known],
        },
        schema={"rule_id": pl.String, "severity": pl.String, "rule_version": pl.String},
    )
