"""monitoring.profile and monitoring.drift of a home: what has not changed is taken over.

Sales are measured month by month: a month whose rows (by their `basis`) and whose reference are
those of last time keeps what was measured then. Homes asked about stand in the matrix of their day
only, so their months stay as they were. A run as of an earlier day leaves later months alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from realty_assets.monitoring import populations as who
from realty_assets.monitoring.groups import Groups
from realty_assets.monitoring.judging import judge
from realty_assets.monitoring.measures import SCHEMA as DRIFT_SCHEMA
from realty_assets.monitoring.measures import measure
from realty_assets.monitoring.policy import Policy
from realty_assets.monitoring.profile import SCHEMA as PROFILE_SCHEMA
from realty_assets.monitoring.profile import profile
from realty_assets.monitoring.row_counts import row_counts
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

PROFILE, DRIFT = "monitoring.profile", "monitoring.drift"
CODE_VERSION = "1"
ABOUT: dict[str, Any] = {
    "track": pl.String,
    "slice": pl.String,
    "reference": pl.String,
    "basis": pl.String,
}
Pair = tuple[pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True)
class Facts:
    """What the facts of a home are made from, and those that stand (None: none yet)."""

    warehouse: Warehouse
    today: date
    policy: Policy
    before: Pair | None

    @property
    def month(self) -> date:
        return self.today.replace(day=1)


def make_facts(warehouse: Warehouse, today: date, policy: Policy) -> dict[str, pl.DataFrame]:
    """{PROFILE, DRIFT} as of `today`."""
    before = None
    if warehouse.exists(PROFILE) and warehouse.exists(DRIFT):
        stands = (warehouse.read(PROFILE), warehouse.read(DRIFT))
        if all({*one} <= {*two.columns} for one, two in zip(_forms(), stands, strict=True)):
            before = stands  # of this form; one of another release is made anew
    facts = Facts(warehouse, today, policy, before)
    with warehouse.connect():  # opened once for all that is read
        found = who.references(warehouse)
        pairs = [*_kept(facts), *_listings(facts, who.first_reference(found))]
        for reference in found.values():
            pairs += _track(facts, reference)
        families = warehouse.read(sql("monitoring/feature_sources.sql"))
    of_the_market = pl.col("family").is_in(policy.never_critical)
    never_critical = families.filter(of_the_market)["feature"].to_list()
    profiles, drifts = (pl.concat(parts) for parts in zip(_empty(), *pairs, strict=True))
    order = ["track", "population", "slice", "feature", "month", "in_reference"]
    return {
        PROFILE: profiles.select(*order, pl.exclude(order)).sort(order),
        DRIFT: judge(drifts, policy, never_critical),
    }


def _forms() -> tuple[dict[str, Any], dict[str, Any]]:
    return PROFILE_SCHEMA | ABOUT, DRIFT_SCHEMA | ABOUT


def _empty() -> Pair:
    first, second = _forms()
    return pl.DataFrame(schema=first), pl.DataFrame(schema=second)


def _about(pair: Pair, track: str, name: str, reference: who.Reference) -> Pair:
    """`pair` with what its rows are about."""
    said = {"track": track, "slice": name, "reference": reference.name, "basis": None}
    first, second = (
        rows.with_columns(
            pl.lit(said[key]).cast(kind).alias(key)
            for key, kind in ABOUT.items()
            if key not in rows.columns
        )
        for rows in pair
    )
    return first.select(_forms()[0].keys()), second.select(_forms()[1].keys())


def _measured(groups: Groups, features: list[str], policy: Policy) -> Pair:
    return profile(groups, features), measure(groups, features, policy.min_reference)


def _where(pair: Pair, true: pl.Expr) -> Pair:
    first, second = (rows.filter(true) for rows in pair)
    return first, second


def _kept(facts: Facts) -> Iterator[Pair]:
    """What this run cannot make: homes asked about in other months, and later months."""
    if facts.before is None:
        return
    later = pl.col("month") > facts.month
    asked = (pl.col("population") == who.ASKED) & (pl.col("month") != facts.month)
    first, second = (rows.filter(later | asked) for rows in facts.before)
    yield first.select(_forms()[0].keys()), second.select(_forms()[1].keys())


def _listings(facts: Facts, reference: who.Reference) -> Iterator[Pair]:
    rows = who.listing_rows(facts.warehouse, facts.today, reference)
    for name, own in who.listing_slices(rows, facts.today):
        pair = _measured(Groups.of(own), list(who.LISTING_FIELDS), facts.policy)
        if name == who.NEWEST:  # its reference is that of all listings, told already
            pair = _where(pair, ~pl.col("in_reference"))
        yield _about(pair, who.ALL_TRACKS, name, reference)
        if name != who.NEWEST:
            counts = row_counts(own["month"], who.LISTINGS, facts.today, reference.until)
            yield _about((_empty()[0], counts), who.ALL_TRACKS, name, reference)


def _track(facts: Facts, reference: who.Reference) -> Iterator[Pair]:
    """Facts of one track: its sales, the homes asked about, and what was said of both."""
    keys = who.sale_keys(facts.warehouse, facts.today, reference)
    bases = _bases(keys, facts.policy)
    stand, wanted = _standing(facts, reference, bases)
    yield stand
    asked = (pl.col("population") == who.ASKED) & (pl.col("month") == facts.month)
    sale, month = pl.col("population") == who.SALES, ["month", "in_reference"]
    # What is measured of sales that stand is not told again, but for the reference to measure by.
    new = pl.struct(month).is_in(wanted.select(pl.struct(month).implode()).item())
    for batch in who.batches(who.matrix_features(facts.warehouse, reference.track)):
        rows = who.matrix_rows(facts.warehouse, facts.today, reference, batch)
        groups = Groups.of(rows.filter(asked | (sale & (pl.col("in_reference") | new))))
        first, second = (
            part.join(bases, on=month, how="left").with_columns(basis=pl.when(sale).then("basis"))
            for part in _where(_measured(groups, list(batch), facts.policy), asked | new)
        )
        yield _about((first, second), reference.track, who.ALL, reference)
    said = who.predicted_rows(facts.warehouse, facts.today, reference).filter(asked | sale)
    pair = _measured(Groups.of(said), list(who.PREDICTED), facts.policy)
    yield _about(pair, reference.track, who.ALL, reference)
    counts = row_counts(keys["month"], who.SALES, facts.today, reference.until)
    yield _about((_empty()[0], counts), reference.track, who.ALL, reference)


def _bases(keys: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """`month`, `in_reference` and `basis` of the months of sales: the hash of all that their facts
    are made from."""
    groups = keys.sort("month", "in_reference", "basis").group_by(
        "month", "in_reference", maintain_order=True
    )
    told = [
        (*group, hashlib.sha256("".join(rows["basis"]).encode()).hexdigest())
        for group, rows in groups
    ]
    context = [CODE_VERSION, policy.min_reference, [own for _, first, own in told if first]]
    digest = hashlib.sha256(json.dumps(context).encode())

    def basis(own: str) -> str:
        made = digest.copy()
        made.update(own.encode())
        return made.hexdigest()[:32]

    return pl.DataFrame(
        [(month, first, basis(own)) for month, first, own in told],
        schema={"month": pl.Date, "in_reference": pl.Boolean, "basis": pl.String},
        orient="row",
    )


def _standing(
    facts: Facts, reference: who.Reference, bases: pl.DataFrame
) -> tuple[Pair, pl.DataFrame]:
    """(facts of sales that are taken over, months that are still to be measured)."""
    if facts.before is None:
        return _empty(), bases
    mine = (pl.col("track") == reference.track) & (pl.col("population") == who.SALES)
    keys = ["month", "in_reference", "basis"]
    stand = tuple(rows.filter(mine).join(bases, on=keys, how="semi") for rows in facts.before)
    first = stand[0].with_columns(reference=pl.lit(reference.name))
    second = stand[1].with_columns(reference=pl.lit(reference.name))
    pair = (first.select(_forms()[0].keys()), second.select(_forms()[1].keys()))
    return pair, bases.join(first, on=keys, how="anti")
