"""The likeliest cause of a breach, from what else stands out: where a person looks first.

A feature is followed back along the columns that it is made of (features.registry); what has
broken nearest to the source is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realty_assets.monitoring.measures import JENSEN_SHANNON, NULL_SHARE, PSI, UNSEEN
from realty_assets.monitoring.populations import ASKED, LISTINGS, PREDICTED
from realty_assets.monitoring.row_counts import ROW_COUNT
from realty_assets.monitoring.signals.attributions import ATTRIBUTION_SHARE
from realty_assets.monitoring.signals.common import ATTRIBUTIONS, ERRORS, EXPECTED, TOGETHER

Breach = Mapping[str, Any]
# Families of features that are made of the prices and numbers of other sales.
OF_THE_MARKET = frozenset(
    {
        *("comparables", "windows", "market", "encodings", "location_residual"),
        *("group_residual", "neighbourhood"),
    }
)


@dataclass(frozen=True)
class Origins:
    """What features are made of: family and columns by name (as in features.registry)."""

    families: Mapping[str, str]
    columns: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Root:
    """A field of new listings that stands out itself, and whether it has come to be emptier."""

    column: str
    emptied: bool


def root_of(breach: Breach, standing: Sequence[Breach], origins: Origins) -> Root | None:
    """The field of new listings that `breach` comes from, if one of those that its feature is made
    of stands out itself; one that the feed no longer fills goes first."""
    if breach["method"] == ROW_COUNT:
        return None
    first, *_ = drivers_of(breach) or (breach["feature"],)
    feature = first if breach["feature"] in (TOGETHER, ATTRIBUTIONS) else breach["feature"]
    emptied = _broken(standing, {NULL_SHARE}, rising=True)
    if breach["population"] == LISTINGS:
        return Root(feature, feature in emptied)
    names = (feature, *(name for name in origins.columns.get(feature, ()) if name != feature))
    changed = _broken(standing, {PSI, JENSEN_SHANNON, UNSEEN, "ks"})
    for found, empty in ((emptied, True), (changed, False)):
        for name in names:
            if name in found:
                return Root(name, empty)
    return None


def drivers_of(breach: Breach) -> list[str]:
    """What makes a signal stand out, the strongest first; none for what is of one feature."""
    said = breach.get("drivers")
    return said.split(", ") if said else []


def likely_cause(breach: Breach, standing: Sequence[Breach], origins: Origins) -> str:
    """One sentence about a row of sql/monitoring/open_breaches.sql; `standing` are all of them."""
    feature, method = breach["feature"], breach["method"]
    if method == ROW_COUNT:
        less = breach["value"] < 0
        return f"{'Fewer' if less else 'More'} {breach['population']} than usual came in."
    root = root_of(breach, standing, origins)
    if root is not None and breach["population"] == LISTINGS:
        return _of_the_feed(feature, method, breach["value"], root.emptied)
    if root is not None:
        return (
            f"The feed no longer fills {root.column}."
            if root.emptied
            else f"New listings differ in {root.column}."
        )
    if (told := _of_signals(breach)) is not None:
        return told
    if breach["population"] == ASKED:
        return "Homes on the market differ from those that the champion learned from."
    if feature in PREDICTED:
        return "Prices, or the homes that sell, are others than the champion learned from."
    if origins.families.get(feature) in OF_THE_MARKET:
        return "Prices around have moved, or there are other past sales to look at."
    return "Other homes sell than before."


def _of_signals(breach: Breach) -> str | None:
    """The cause of what is told by all features together, by attributions or by errors."""
    feature, drivers = breach["feature"], ", ".join(drivers_of(breach))
    if feature == TOGETHER:
        return f"Other homes sell than before: they are told by {drivers or 'many features'}."
    if feature == ATTRIBUTIONS:
        return f"Values come from other features than before, {drivers} above all."
    if breach["method"] == ATTRIBUTION_SHARE:
        more = "more" if breach["value"] > 0 else "less"
        return f"Values hang {more} on {feature} than before."
    if feature == EXPECTED:
        return "Homes are harder to value than those that the champion learned from."
    if feature == ERRORS:
        return f"Errors of closed sales come otherwise than before: {drivers}."
    return None


def _broken(standing: Sequence[Breach], methods: set[str], rising: bool = False) -> set[str]:
    """Fields of new listings that stand out by one of `methods`."""
    return {
        row["feature"]
        for row in standing
        if row["population"] == LISTINGS
        and row["method"] in methods
        and not (rising and row["value"] <= 0)
    }


def _of_the_feed(feature: str, method: str, value: float, emptied: bool) -> str:
    if emptied:
        return f"The feed no longer fills {feature}."
    if method == NULL_SHARE:
        return f"The feed has begun to fill {feature}." if value < 0 else f"{feature} is emptier."
    if method == UNSEEN:
        return f"Words in {feature} that were never seen before: a new area, or another spelling."
    return f"New listings differ in {feature}."
