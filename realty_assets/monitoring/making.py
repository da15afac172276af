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
from realty_assets.monitoring.signals.common import newest_usual, sampled
from realty_assets.monitoring.signals.domain import MOST_ROWS, domain_drift
from realty_assets.monitoring.signals.making import signal_drift, with_usual_of_signals
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

PROFILE, DRIFT = "monitoring.profile", "monitoring.drift"
CODE_VERSION = "3"
ABOUT: dict[str, Any] = {
    "track": pl.String,
    "slice": pl.String,
    "reference": pl.String,
    "basis": pl.String,
}
# What makes a signal stand out, in words; of drift alone.
DRIVERS: dict[str, Any] = {"drivers": pl.String}
Pair = tuple[pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True)
class Facts:
    """What the facts of a home are made from, and those that stand (None: none yet)."""

    warehouse: Warehouse
    today: date
    policy: Policy
    before: Pair | None
    never_critical: frozenset[str]
    seed: int

    @property
    def month(self) -> date:
        return self.today.replace(day=1)


def make_facts(
    warehouse: Warehouse, today: date, policy: Policy, seed: int = 7
) -> dict[str, pl.DataFrame]:
    """{PROFILE, DRIFT} as of `today`; `seed` is that of the classifier."""
    before = None
    if warehouse.exists(PROFILE) and warehouse.exists(DRIFT):
        stands = (warehouse.read(PROFILE), warehouse.read(DRIFT))
        if all({*one} <= {*two.columns} for one, two in zip(_forms(), stands, strict=True)):
            before = stands  # of this form; one of another release is made anew
    with warehouse.connect():  # opened once for all that is read
        families = warehouse.read(sql("monitoring/feature_sources.sql"))
        of_the_market = families.filter(pl.col("family").is_in(policy.never_critical))
        never_critical = frozenset(of_the_market["feature"]) | {*policy.never_critical}
        facts = Facts(warehouse, today, policy, before, never_critical, seed)
        found = who.references(warehouse)
        pairs = [*_kept(facts), *_listings(facts, who.first_reference(found))]
        for reference in found.values():
            pairs += _track(facts, reference)
        pairs += _signals(facts, found)
    profiles, drifts = (pl.concat(parts) for parts in zip(_empty(), *pairs, strict=True))
    order = ["track", "population", "slice", "feature", "month", "in_reference"]
    return {
        PROFILE: profiles.select(*order, pl.exclude(order)).sort(order),
        DRIFT: judge(with_usual_of_signals(drifts), policy, never_critical),
    }


def _forms() -> tuple[dict[str, Any], dict[str, Any]]:
    return PROFILE_SCHEMA | ABOUT, DRIFT_SCHEMA | ABOUT | DRIVERS


def _empty() -> Pair:
    first, second = _forms()
    return pl.DataFrame(schema=first), pl.DataFrame(schema=second)


def _about(pair: Pair, track: str, name: str, reference: who.Reference) -> Pair:
    """`pair` with what its rows are about."""
    said = {"track": track, "slice": name, "reference": reference.name, "basis": None}
    first, second = (
        rows.with_columns(
            pl.lit(said.get(key)).cast(kind).alias(key)
            for key, kind in (ABOUT | DRIVERS).items()
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
    bases = _bases(keys, facts)
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
    told = _together(facts, reference, wanted).join(bases, on=month, how="left")
    yield _about((_empty()[0], told), reference.track, who.ALL, reference)
    said = who.predicted_rows(facts.warehouse, facts.today, reference).filter(asked | sale)
    for name, own in who.predicted_slices(said, facts.policy.min_reference):
        pair = _measured(Groups.of(own), list(who.PREDICTED), facts.policy)
        yield _about(pair, reference.track, name, reference)
    counts = row_counts(keys["month"], who.SALES, facts.today, reference.until)
    yield _about((_empty()[0], counts), reference.track, who.ALL, reference)


def _together(facts: Facts, reference: who.Reference, wanted: pl.DataFrame) -> pl.DataFrame:
    """How well the months of sales that are `wanted` can be told from the reference by the features
    that do not move with the market. Before the first later month there is nothing to tell."""
    none = pl.DataFrame(schema=DRIFT_SCHEMA | DRIVERS)
    months = newest_usual(wanted.select("month", "in_reference"))
    if reference.until is None or months["in_reference"].all():
        return none
    names = who.matrix_features(facts.warehouse, reference.track)
    calm = [name for name in names if name not in facts.never_critical]
    parts: list[pl.DataFrame] = []
    for batch in who.batches(calm):
        rows = who.sale_rows(facts.warehouse, facts.today, reference, [*batch, "basis"])
        own = sampled(rows, MOST_ROWS)
        parts.append(own.drop("basis", "population", *months.columns) if parts else own)
    return domain_drift(
        pl.concat(parts, how="horizontal"), calm, months, facts.policy.min_reference, facts.seed
    )


def _signals(facts: Facts, found: dict[str, who.Reference]) -> Iterator[Pair]:
    """What stands in the tables of signals; that of other days is kept as it was."""
    kept = pl.col("month") > facts.month
    kept = kept | ((pl.col("population") == who.ASKED) & (pl.col("month") != facts.month))
    for track, rows in signal_drift(facts.warehouse, facts.policy.min_reference):
        yield _about((_empty()[0], rows.filter(~kept)), track, who.ALL, found[track])


def _bases(keys: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """`month`, `in_reference` and `basis` of the months of sales: the hash of all that their facts
    are made from."""
    groups = keys.sort("month", "in_reference", "basis").group_by(
        "month", "in_reference", maintain_order=True
    )
    told = [
        (*group, hashlib.sha256("".join(rows["basis"]).encode()).hexdigest())
        for group, rows in groups
    ]
    context = [
        *(CODE_VERSION, facts.policy.min_reference, facts.seed, sorted(facts.never_critical)),
        [own for _, first, own in told if first],
    ]
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
