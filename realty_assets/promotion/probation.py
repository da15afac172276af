"""Does a new champion do worse than the one before on sales that closed since? The rule, pure.

Each of the policy's looks is taken once, at its own day, at a share of the level: how often a home
is run changes nothing, and a champion as good as the one before is rolled back at most with the
probability `alpha` in its whole probation.
"""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil
from typing import Any, Literal

import polars as pl

from realty_assets.promotion.evidence import Array
from realty_assets.promotion.pairs import Difference, judge_losses, judge_pairs
from realty_assets.promotion.policy import ProbationRule

Outcome = Literal["goes on", "passed", "rolled back"]
GOES_ON: Outcome = "goes on"
PASSED: Outcome = "passed"
ROLLED_BACK: Outcome = "rolled back"
SCHEMA: dict[str, Any] = {
    "name": pl.String,
    "decision_id": pl.String,
    "model_version": pl.String,
    "previous_version": pl.String,
    "since_on": pl.Date,
    "until_on": pl.Date,
    "n_sales": pl.Int64,
    "relative": pl.Float64,
    "p": pl.Float64,
    "level": pl.Float64,
    "outcome": pl.String,
    "rollback_id": pl.String,
    "policy_sha256": pl.String,
    "judged_at": pl.Datetime("us"),
}


def looks(rule: ProbationRule, since: date) -> list[date]:
    """The days at which a probation that began at `since` is looked at; the last one ends it."""
    return [
        since + timedelta(days=ceil(rule.days * look / rule.looks))
        for look in range(1, rule.looks + 1)
    ]


def due(rule: ProbationRule, since: date, today: date, rows: pl.DataFrame) -> date | None:
    """The newest look that has come and was not taken; `rows` (SCHEMA) are those of this
    probation. None also after its end."""
    if not rows.filter(pl.col("outcome") != GOES_ON).is_empty():
        return None
    newest = rows["until_on"].max() or since
    assert isinstance(newest, date)
    come = [day for day in looks(rule, since) if newest < day <= today]
    return come[-1] if come else None


def level(rule: ProbationRule, alpha: float) -> float:
    """One-sided level of each look, so that all of them together keep `alpha` (Bonferroni)."""
    return alpha / rule.looks


def compared(
    rule: ProbationRule,
    alpha: float,
    new: Array,
    previous: Array,
    price: Array,
    labels: list[str],
) -> Difference | None:
    """How far the new champion's error lies from the one before on the same sales (n,); None where
    they are fewer than the rule asks for."""
    if len(price) < rule.min_sales:
        return None
    return judge_pairs(
        new,
        previous,
        price,
        labels,
        {},
        alpha=level(rule, alpha),
        margin=rule.margin,
        min_segment_sales=rule.min_sales,
    ).pool


def compared_intervals(
    rule: ProbationRule, alpha: float, new: Array, previous: Array, labels: list[str]
) -> Difference | None:
    """`compared` of a recalibration with the model it was made of: their interval scores (n,)."""
    if len(new) < rule.min_sales:
        return None
    return judge_losses(
        new,
        previous,
        labels,
        {},
        alpha=level(rule, alpha),
        margin=rule.margin,
        min_segment_sales=rule.min_sales,
    ).pool


def outcome(rule: ProbationRule, alpha: float, last: bool, seen: Difference | None) -> Outcome:
    """What a look says; `last` is the one that ends the probation."""
    if seen is not None and seen.p_worse_than(rule.margin) <= level(rule, alpha):
        return ROLLED_BACK
    return PASSED if last else GOES_ON
