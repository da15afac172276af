"""How breaches are told to people: names of methods, where something is, how far out it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]
METHODS = {
    "psi": "PSI",
    "ks": "KS distance",
    "null_share": "more empty cells",
    "jensen_shannon": "Jensen-Shannon distance",
    "unseen_share": "never seen before",
    "row_count": "ln(rows / usual)",
    "domain_auc": "told from the reference (AUC)",
    "attribution_share": "change of its share of values",
    "attribution_distance": "shares of values moved",
    "attribution_order": "order of features lost (1 - nDCG)",
    "expected_error": "ln(expected error / usual)",
    "martingale": "log10 of the bet's gain",
}


def reach(row: Row) -> float:
    """How far beyond its threshold a breach lies, as a multiple of it."""
    return abs(row["value"]) / row["threshold"]


def where(row: Row) -> str:
    """Population, track and slice of a breach."""
    track = "" if row["track"] == "all" else f" {row['track']}"
    return row["population"] + track + ("" if row["slice"] == "all" else f" ({row['slice']})")


def farthest(row: Row) -> str:
    """A breach by its feature, method, value and threshold."""
    return (
        f"{row['feature']}: {METHODS[row['method']]} {row['value']:.3g} "
        f"(told of from {row['threshold']:.3g}; {row['n']:,} rows)"
    )


def of_slice(row: Row) -> str:
    """A figure of a slice of closed sales, with the months that it is of."""
    return (
        f"{row['metric']} {row['value']:.3g} (told of from {row['threshold']:.3g}; "
        f"{row['n']:,} sales since {row['since']:%Y-%m})"
    )


def bounds(row: Row) -> str:
    """A figure of closed sales with its interval."""
    return (
        f"{row['metric']} {row['value']:.3g} ({row['low']:.3g} to {row['high']:.3g}; "
        f"{row['n']:,} sales)"
    )
