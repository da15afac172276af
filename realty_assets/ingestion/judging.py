"""A row held against the rules: which it breaks, and which of its cells are emptied for it."""

from __future__ import annotations

import polars as pl

from realty_assets.ingestion.contract import POLARS_TYPES
from realty_assets.ingestion.rules import JUDGED, RULES

# Cells that a reader could not make sense of, by column; any other column: cell.unreadable.
_UNREADABLE = {
    "close_price": "price.unreadable",
    "list_price": "price.unreadable",
    "living_area": "area.unreadable",
    "close_date": "date.unreadable",
    "listing_contract_date": "date.unreadable",
    "modification_timestamp": "date.unreadable",
    "postal_code": "zip.malformed",
    "standard_status": "status.unknown",
    "property_type": "type.unknown",
}


def unreadable(column: str) -> str | None:
    """The rule that a cell of `column` breaks when it cannot be read; None for a helper."""
    if column == "_record_status":
        return "status.unknown"
    if column.startswith("_"):
        return None
    return _UNREADABLE.get(column, "cell.unreadable")


def judge(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[str, pl.Series]]]:
    """`frame` with wrong optional cells emptied, and (rule id, row positions) of what was broken.

    `frame` has the staging columns that its source fills, helpers and known_at; what it lacks is
    taken as empty.
    """
    wanted = {name for rule in JUDGED if rule.broken is not None for name in _roots(rule.broken)}
    types = {**POLARS_TYPES, "_changed_on": pl.Date()}
    filled = frame.with_columns(
        pl.lit(None, dtype=types.get(name, pl.Float64())).alias(name)
        for name in sorted(wanted - set(frame.columns))
    )
    present = set(frame.columns)
    rules = [rule for rule in JUDGED if rule.broken is not None and _roots(rule.broken) & present]
    masks = filled.select(
        rule.broken.fill_null(False).alias(rule.id) for rule in rules if rule.broken is not None
    )
    counts = masks.sum().row(0)
    found = [
        (rule.id, masks[rule.id].arg_true())
        for rule, count in zip(rules, counts, strict=True)
        if count
    ]
    emptied = [
        (name, masks[rule_id])
        for rule_id, _ in found
        for name in RULES[rule_id].blanks
        if name in present
    ]
    for name, mask in emptied:
        frame = frame.with_columns(frame[name].set(mask, None))
    return frame, found


def _roots(expression: pl.Expr) -> set[str]:
    return set(expression.meta.root_names())
