"""Champions on probation in a home: who they are, what their sales say, and the rollback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from realty_assets.evaluation.intervals import winkler
from realty_assets.evaluation.resampling import month_area
from realty_assets.evaluation.splits import rolling_origin
from realty_assets.modeling.frozen import frozen_rows
from realty_assets.modeling.home_models import ModelHome
from realty_assets.modeling.judging.past import area_name, with_homes
from realty_assets.modeling.model import Valuer, load_valuer
from realty_assets.modeling.recalibration import same_values
from realty_assets.modeling.walk_forward import Market
from realty_assets.promotion import probation
from realty_assets.promotion.actions import roll_back
from realty_assets.promotion.ledger import (
    CHAMPION,
    PREVIOUS,
    PROBATION,
    ROLLBACK,
    Moment,
    Titles,
)
from realty_assets.promotion.policy import Policy, ProbationRule

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """The tables of this room that a probation moves."""

    decisions: pl.DataFrame
    aliases: pl.DataFrame
    probations: pl.DataFrame


def probed(
    home: ModelHome, policy: Policy, stands: Standing, broken: frozenset[str], at: Moment
) -> Standing:
    """`stands` after every look that is due: a row for each, and a rollback where it says so.

    Changes nothing where the policy has no probation, and for champions whose predecessor can no
    longer be loaded or fed: there is nothing to go back to.
    """
    rule = policy.probation
    if rule is None:
        return stands
    models = home.warehouse.read("modeling.models")
    for name in stands.aliases["name"].unique().sort():
        titles = Titles(stands.aliases)
        new, previous = titles.of(name, CHAMPION), titles.of(name, PREVIOUS)
        began = _promotion(stands, name)
        if new is None or previous is None or began is None or {new, previous} & broken:
            continue
        rows = [models.filter(name=name, model_version=one) for one in (new, previous)]
        if any(row.is_empty() for row in rows):
            continue
        mine, theirs = (row.row(-1, named=True) for row in rows)
        stands = _looked(home, policy, rule, stands, began, (mine, theirs), at)
    return stands


def _promotion(stands: Standing, name: str) -> Row | None:
    """The decision by which the champion stands, unless it came back by a rollback, or the day of
    the market was not yet written down."""
    title = Titles(stands.aliases).rows.get((name, CHAMPION))
    if title is None:
        return None
    made = stands.decisions.filter(decision_id=title["decision_id"])
    if made.is_empty():
        return None
    row = made.row(-1, named=True)
    return None if row["verdict"] == ROLLBACK or row["as_of"] is None else row


def _looked(
    home: ModelHome,
    policy: Policy,
    rule: ProbationRule,
    stands: Standing,
    began: Row,
    pair: tuple[Row, Row],
    at: Moment,
) -> Standing:
    """`stands` after the look at one champion that is due, if one is."""
    new, previous = pair
    # A model may be older than its promotion, never younger: it has not seen what closed since.
    since = max(began["as_of"], new["cutoff"], previous["cutoff"])
    before = stands.probations.filter(decision_id=began["decision_id"])
    until = probation.due(rule, since, at.as_of, before)
    if until is None:
        return stands
    alpha = policy.paired.alpha
    mine, theirs = (load_valuer(home.warehouse.home / row["artifact"]) for row in pair)
    sales = closed_since(home.market(new["track"]), mine, theirs, since, until)
    labels = month_area(sales["month"].to_list(), sales["area"].to_list())
    alike = same_values(mine, theirs)
    if alike:
        seen = probation.compared_intervals(
            rule, alpha, sales["score"].to_numpy(), sales["previous_score"].to_numpy(), labels
        )
    else:
        seen = probation.compared(
            rule,
            alpha,
            sales["value"].to_numpy(),
            sales["previous_value"].to_numpy(),
            sales["close_price"].to_numpy(),
            labels,
        )
    last = until == probation.looks(rule, since)[-1]
    outcome = probation.outcome(rule, alpha, last, seen)
    told: dict[str, Any] = {
        "name": began["name"],
        "decision_id": began["decision_id"],
        "model_version": new["model_version"],
        "previous_version": previous["model_version"],
        "since_on": since,
        "until_on": until,
        "n_sales": len(sales),
        "relative": None if seen is None else seen.relative,
        "p": None if seen is None else seen.p_worse_than(rule.margin),
        "level": probation.level(rule, alpha),
        "outcome": outcome,
        "rollback_id": None,
        "policy_sha256": policy.sha256,
        "judged_at": at.now,
    }
    decisions, aliases = stands.decisions, stands.aliases
    if outcome == probation.ROLLED_BACK:
        decisions, titles, row = roll_back(
            decisions,
            Titles(aliases),
            began["name"],
            _why(told, rule, "interval score" if alike else "error"),
            by=PROBATION,
            approval="automatic",
            at=at,
        )
        titles.shade(policy.shadow is not None)
        aliases = titles.frame()
        told["rollback_id"] = row["decision_id"]
    row_of_look = pl.DataFrame([told], schema=probation.SCHEMA, orient="row")
    return Standing(decisions, aliases, pl.concat([stands.probations, row_of_look]))


def closed_since(
    market: Market, new: Valuer, previous: Valuer, since: date, until: date
) -> pl.DataFrame:
    """Valid sales that closed in [since, until) and were known before `until`, as both frozen
    models value them as of the first of their month: listing_key, close_price, value and
    previous_value (dollars), score and previous_score (interval score over value), month and
    area."""
    kept = (
        pl.col("close_date").is_between(since, until, closed="left")
        & (pl.col("known_at") < until)
        & pl.col("excluded_by").is_null()
    )
    parts = [
        pl.DataFrame(
            schema={
                **dict.fromkeys(("listing_key", "month", "area"), pl.String),
                **dict.fromkeys(("close_price", "value", "previous_value"), pl.Float64),
                **dict.fromkeys(("score", "previous_score"), pl.Float64),
            }
        )
    ]
    for fold, rows in frozen_rows(market, list(rolling_origin(since, until))):
        wanted = rows.filter(kept).with_columns(pl.col("close_price").cast(pl.Float64))
        if wanted.is_empty():
            continue
        area = area_name(with_homes(wanted, market.sales_frame))
        said, before = new.predict(wanted), previous.predict(wanted)
        parts.append(
            wanted.select(
                "listing_key",
                "close_price",
                month=pl.lit(fold.name),
                area=area,
                value=said["value"],
                previous_value=before["value"],
                score=_score(said, wanted["close_price"]),
                previous_score=_score(before, wanted["close_price"]),
            )
        )
    return pl.concat(parts, how="diagonal")


def _score(said: pl.DataFrame, price: pl.Series) -> pl.Series:
    ends = (said["lower_90"].to_numpy(), said["upper_90"].to_numpy())
    return pl.Series(winkler(*ends, price.to_numpy())) / said["value"]


def _why(told: Row, rule: ProbationRule, of: str) -> str:
    return (
        f"On {told['n_sales']} sales that closed since {told['since_on']} the {of} of "
        f"{told['model_version']} is {told['relative']:+.1%} against {told['previous_version']}'s "
        f"(more than {rule.margin:.0%} worse, p {told['p']:.2g}): its probation is over."
    )
