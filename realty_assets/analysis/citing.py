"""Figures of a document that are read from tables, each with the place that it was read from.

A figure stands in the page as <data data-table data-column data-form data-key>, so that anyone, a
test among them, can look up the cell and find the same figure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from realty_assets.drawing import percent

Form = Callable[[Any], str]


def change(log_points: float) -> str:
    """Log points as a change of the value: 0.0953 -> +10.0%."""
    return f"{100 * math.expm1(log_points):+.1f}%"


def width(log_points: float) -> str:
    """A size in log points as a share of the value: 0.0953 -> 10.0%."""
    return f"{100 * math.expm1(log_points):.1f}%"


def usd(value: float) -> str:
    """1234.6 -> $1,235, -20.2 -> -$20."""
    return f"{'-' if round(value) < 0 else ''}${abs(round(value)):,}"


FORMS: dict[str, Form] = {
    "text": str,
    "count": lambda value: f"{value:,}",
    "number": lambda value: f"{value:,.4g}",
    "ratio": lambda value: f"{value:.3f}",
    "percent": percent,
    "change": change,
    "width": width,
    "usd": usd,
    "month": lambda value: f"{value:%Y-%m}",
}
MISSING = "–"


class NotOneRow(LookupError):
    """A figure's key names no row, or more than one."""


class Facts:
    """Tables by name, and figures read from them."""

    def __init__(self, tables: Mapping[str, pl.DataFrame]) -> None:
        self.tables = tables

    def rows(self, table: str) -> pl.DataFrame:
        return self.tables[table]

    def value(self, table: str, column: str, **key: Any) -> Any:
        """The cell of the one row that `key` names. Raises NotOneRow."""
        found = self.tables[table].filter(
            pl.col(name).eq_missing(pl.lit(value)) for name, value in key.items()
        )
        if len(found) != 1:
            raise NotOneRow(f"{table} has {len(found)} rows of {key}")
        return found[column][0]

    def cite(self, table: str, column: str, form: str = "text", **key: Any) -> Markup:
        """The cell in words, marked with where it stands; a dash where it is null."""
        value = self.value(table, column, **key)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return Markup(MISSING)
        said = json.dumps(key, sort_keys=True, default=str)
        return Markup(
            f'<data data-table="{escape(table)}" data-column="{escape(column)}" '
            f'data-form="{escape(form)}" data-key="{escape(said)}">'
            f"{escape(FORMS[form](value))}</data>"
        )

    def span(self, table: str, column: str, form: str = "text", **key: Any) -> Markup:
        """A figure with its interval in brackets; a dash alone where it is null."""
        middle = self.cite(table, column, form, **key)
        if middle == MISSING:
            return middle
        low, high = (self.cite(table, f"{column}_{end}", form, **key) for end in ("low", "high"))
        return Markup("{} ({} to {})").format(middle, low, high)
