"""How the report says its figures: which ones, in which form, with which range acceptable."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from realty_assets.serving import charts

Row = dict[str, Any]
Form = Callable[[Any], str]


@dataclass(frozen=True)
class Measure:
    """A figure of modeling.backtests: how it is shown, what it means, what is acceptable."""

    key: str
    label: str
    meaning: str
    form: str
    acceptable: tuple[float, float] | None = None


MEASURES = (
    Measure("mdape", "MdAPE", "half of all values are closer than this", "pct"),
    Measure("ppe5", "PPE5", "values within 5% of the price", "pct"),
    Measure("ppe10", "PPE10", "values within 10% of the price", "pct"),
    Measure("ppe20", "PPE20", "values within 20% of the price", "pct"),
    Measure("mae_usd", "Mean error", "mean distance from the price", "usd"),
    Measure("r2", "R²", "share of the variance of prices explained", "three"),
    Measure(
        "median_ratio", "Median ratio", "value over price, the middle one", "three", (0.9, 1.1)
    ),
    Measure("cod", "COD", "mean spread of ratios around the middle one", "one", (5, 15)),
    Measure("prd", "PRD", "over 1: dear homes valued relatively low", "three", (0.98, 1.03)),
    Measure("prb", "PRB", "change of ratio when value doubles", "three", (-0.05, 0.05)),
    Measure("coverage_90", "Coverage", "prices inside their 90% interval", "pct"),
    Measure("median_width_ratio", "Median width", "of the 90% interval, over the value", "pct"),
)
HEADLINE = ("mdape", "ppe10", "r2", "coverage_90")


def figure(row: Row, measure: Measure) -> Row:
    """One figure of a slice as text, with its interval, and whether it is acceptable."""
    value = number(row.get(measure.key))
    low, high = (number(row.get(f"{measure.key}_{end}")) for end in ("low", "high"))
    form = FORMS[measure.form]
    out: Row = {"value": value, "text": form(value), "interval": None, "ok": None}
    if value is None:
        return out | {"text": row.get("note") or "–"}
    if low is not None and high is not None:
        out["interval"] = f"{form(low)} to {form(high)}"
    if measure.acceptable:
        out["ok"] = measure.acceptable[0] <= value <= measure.acceptable[1]
    return out


def number(value: Any) -> float | None:
    """A finite float, or None."""
    return float(value) if value is not None and math.isfinite(value) else None


def span_of_months(first: date, last: date) -> str:
    """April to June 2024."""
    if first == last:
        return f"{last:%B %Y}"
    same_year = first.year == last.year
    return f"{first:%B} to {last:%B %Y}" if same_year else f"{first:%B %Y} to {last:%B %Y}"


def _or_dash(form: Form) -> Form:
    def shown(value: Any) -> str:
        return "–" if value is None else form(value)

    return shown


def _signed(text: str) -> str:
    """With a true minus sign, as wide as a plus; none before zero."""
    return (
        text.replace("-", "−") if any(digit in text for digit in "123456789") else text.lstrip("+-")
    )


FORMS: dict[str, Form] = {
    "pct": _or_dash(lambda v: _signed(f"{100 * v:.1f}%")),
    "signed_pct": _or_dash(lambda v: _signed(f"{100 * v:+.1f}%")),
    "usd": _or_dash(lambda v: f"${v:,.0f}"),
    "usd_short": _or_dash(charts.usd_short),
    "one": _or_dash(lambda v: _signed(f"{v:.1f}")),
    "three": _or_dash(lambda v: _signed(f"{v:.3f}")),
    "plain": _or_dash(lambda v: _signed(f"{v:,.4g}")),
    "count": _or_dash(lambda v: f"{v:,}"),
    "day": _or_dash(lambda v: f"{v.day} {v:%B %Y}"),
    "bounds": lambda v: v.replace(">=", "≥").replace("<=", "≤"),
    "month": _or_dash(lambda v: f"{v:%B %Y}"),
}
