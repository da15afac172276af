"""Which records tell of the same home, each judged by what was known before it.

Records are taken in the order in which they became known. A record joins the home of the first
earlier record that exact evidence ties it to, else the one that Splink's score singles out, else
it is the first of a new home. A link is never taken back and never made later: what becomes known
tomorrow changes no key of today (docs/decisions/0011).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import polars as pl

from realty_assets.cleaning import pairs
from realty_assets.cleaning.evidence import (
    EXACT,
    FIRST,
    FUZZY,
    PLACE,
    Record,
    identity,
    is_attached,
    keys_of,
    may_be_one,
    name_key,
    parcel_key,
)

RULE_VERSION = "1"
# Of resales in King County told by place alone, nine in ten are right (docs/cleaning.md).
PLACE_SCORE = 0.9
# How much likelier (log2 odds) the best home must be than the next best one.
MARGIN = 6.0
COARSE_DECIMALS = 4
RECORD = (
    *("source", "listing_key", "parcel_number", "raw_address", "unit_number", "city"),
    *("postal_code", "county_or_parish", "state_or_province", "latitude", "longitude"),
)
_COMPARED = ("number", "street", "postal", "place", "area", "year", "lot", "rooms", "parcel")


@dataclass
class _Link:
    """How one record came to its home."""

    evidence: str
    home: int
    other: int | None = None
    weight: float | None = None
    probability: float | None = None
    agreed: list[str] = field(default_factory=list)
    also: list[int] = field(default_factory=list)


class _Homes:
    """The homes as known so far; two that turn out to be one are one from then on."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.named: list[str] = []
        self._units: list[str | None] = []
        self._parents: list[int] = []
        self._taken: set[str] = set()

    def root(self, home: int) -> int:
        while self._parents[home] != home:
            home = self._parents[home]
        return home

    def admits(self, home: int, unit: str | None) -> bool:
        known = self._units[self.root(home)]
        return known is None or unit is None or known == unit

    def open(self, first: Record) -> int:
        named = identity(first)
        key, told, again = _digest(f"{first.source} {named}"), first.listing_key, 0
        while key in self._taken:
            # Two homes of one description, such as flats without a unit: the listing tells.
            key = _digest(f"{first.source} {named} listing {told} {again}")
            again += 1
        self._taken.add(key)
        self.keys.append(key)
        self.named.append(named)
        self._units.append(first.unit)
        self._parents.append(len(self._parents))
        return len(self.keys) - 1

    def join(self, home: int, unit: str | None) -> None:
        self._units[home] = self._units[home] or unit

    def unite(self, home: int, other: int) -> int:
        """Makes two homes one, if their units allow it: the one known first."""
        first, second = sorted((self.root(home), self.root(other)))
        if first != second and self.admits(first, self._units[second]):
            self._parents[second] = first
            self.join(first, self._units[second])
            return first
        return self.root(home)


def library_version() -> str:
    """The scorer and its version, e.g. 'splink 5.0.0'."""
    return f"splink {version('splink')}"


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16]


def link(
    records: pl.DataFrame,
    score: Callable[[pl.DataFrame], pl.DataFrame] = pairs.score_pairs,
) -> pl.DataFrame:
    """clean.property_links: one row per record, with its home, the evidence and its score.

    `records` are the rows of sql/clean/home_records.sql in its order, which is that of knowledge.
    """
    told = _prepared(records)
    ones = [_record(row) for row in told.iter_rows(named=True)]
    # Places that are rounded to 10 m or more are no distances.
    near = _candidates(score(_without_coarse_places(told)) if len(ones) > 1 else None)
    homes, links = _Homes(), list[_Link]()
    index: dict[str, dict[tuple[str, ...], list[int]]] = {kind: defaultdict(list) for kind in EXACT}
    for number, one in enumerate(ones):
        keys = list(keys_of(one))
        found = _exact(one, keys, ones, links, homes, index)
        found = found or _fuzzy(one, near.get(number, []), ones, links, homes)
        if found is None:
            found = _Link(FIRST, homes.open(one))
        homes.join(found.home, one.unit)
        links.append(found)
        for kind, key in keys:
            same = index[kind][key]
            if not any(links[known].home == found.home for known in same):
                same.append(number)
    return _frame(records, ones, links, homes)


def _exact(
    one: Record,
    keys: list[tuple[str, tuple[str, ...]]],
    ones: list[Record],
    links: list[_Link],
    homes: _Homes,
    index: dict[str, dict[tuple[str, ...], list[int]]],
) -> _Link | None:
    found: _Link | None = None
    for kind, key in keys:
        for known in index[kind].get(key, ()):
            home = homes.root(links[known].home)
            if not homes.admits(home, one.unit) or not may_be_one(one, ones[known], kind):
                continue
            if found is None:
                score = PLACE_SCORE if kind == PLACE else 1.0
                found = _Link(kind, home, known, probability=score, agreed=[kind])
            elif home == found.home:
                found.agreed.append(kind)
            else:
                found.home = homes.unite(found.home, home)
                found.also.append(home)
            break
    return found


def _fuzzy(
    one: Record,
    near: list[dict[str, Any]],
    ones: list[Record],
    links: list[_Link],
    homes: _Homes,
) -> _Link | None:
    best: dict[int, dict[str, Any]] = {}
    for pair in near:
        home = homes.root(links[pair["earlier"]].home)
        if home not in best or pair["weight"] > best[home]["weight"]:
            best[home] = pair
    ranked = sorted(best.items(), key=lambda item: (-item[1]["weight"], item[0]))
    if not ranked:
        return None
    home, pair = ranked[0]
    if len(ranked) > 1 and ranked[1][1]["weight"] > pair["weight"] - MARGIN:
        return None
    if not homes.admits(home, one.unit) or not may_be_one(one, ones[pair["earlier"]], FUZZY):
        return None
    agreed = [name for name in _COMPARED if pair[f"gamma_{name}"] > 0]
    return _Link(FUZZY, home, pair["earlier"], pair["weight"], pair["probability"], agreed)


def _candidates(scored: pl.DataFrame | None) -> dict[int, list[dict[str, Any]]]:
    """Scored pairs that have something to do with one place, by the number of the later record."""
    near: dict[int, list[dict[str, Any]]] = defaultdict(list)
    if scored is None:
        return near
    number, street, place = pl.col("gamma_number"), pl.col("gamma_street"), pl.col("gamma_place")
    build = (pl.col("gamma_area") == 2) & pl.col("gamma_year").is_in([-1, 2])
    build &= pl.col("gamma_lot") != 0
    # The same door, the street spelled otherwise; its direction or suffix only at the same spot.
    # Another postal code is a slip only where the places agree: every town has its Main Street.
    door = (number == 3) & ((street >= 2) | ((street == 1) & (place >= 2)))
    door &= (pl.col("gamma_postal") != 0) | (place >= 2)
    # No door told, or two digits swapped: only the same building on the same spot. One digit off:
    # on the very same spot, for the house next door is often built alike.
    spot = (number == -1) & (place >= 3) & build & (pl.col("gamma_lot") == 2)
    spot &= pl.col("gamma_rooms") == 1
    slip = ((number == 2) & (place >= 3)) | ((number == 1) & (place == 4))
    slip &= (street >= 2) & build & (pl.col("gamma_rooms") != 0)
    parcel = (pl.col("gamma_parcel") == 1) & ((pl.col("gamma_postal") == 1) | (place >= 2))
    for pair in scored.filter(door | spot | slip | parcel).iter_rows(named=True):
        near[pair["later"]].append(pair)
    return near


def _prepared(records: pl.DataFrame) -> pl.DataFrame:
    """The columns that pairs are compared by, one row per record, in the order given."""
    parcels = [parcel_key(text) for text in records["parcel_number"].to_list()]
    counties = [name_key(text) for text in records["county_or_parish"].to_list()]
    cities = [name_key(text) for text in records["city"].to_list()]
    kinds = records.select("property_type", "property_sub_type").iter_rows()
    positive = ("living_area", "lot_size_square_feet")
    return records.with_columns(
        pl.when(pl.col(name) > 0).then(pl.col(name)).cast(pl.Float64) for name in positive
    ).select(
        *("source", "listing_key", "address_key", "street_number", "unit", "postal_code"),
        *("latitude", "longitude", "living_area", "year_built", "bathrooms"),
        pl.int_range(pl.len()).alias("record_number"),
        pl.Series("parcel", parcels, dtype=pl.String),
        pl.Series("county", counties, dtype=pl.String),
        pl.Series("city", cities, dtype=pl.String),
        pl.Series("attached", [is_attached(*kind) for kind in kinds], dtype=pl.Boolean),
        prefix="street_dir_prefix",
        street_name="street_name",
        suffix="street_suffix",
        lot="lot_size_square_feet",
        bedrooms="bedrooms_total",
    )


def _without_coarse_places(told: pl.DataFrame) -> pl.DataFrame:
    scaled = [pl.col(name) * 10**COARSE_DECIMALS for name in ("latitude", "longitude")]
    coarse = pl.any_horizontal((one - one.round()).abs() < 1e-6 for one in scaled)
    return told.with_columns(
        pl.when(~coarse).then(pl.col(name)).alias(name) for name in ("latitude", "longitude")
    )


def _record(row: dict[str, Any]) -> Record:
    return Record(**{name: row[name] for name in Record.__slots__})


def _frame(
    records: pl.DataFrame, ones: list[Record], links: list[_Link], homes: _Homes
) -> pl.DataFrame:
    def of(number: int | None, name: str) -> str | None:
        return None if number is None else getattr(ones[number], name)

    told = records.select(*RECORD, first_known_at="known_at")
    return told.with_columns(
        pl.Series("address_key", [one.address_key for one in ones], dtype=pl.String),
        pl.Series("unit", [one.unit for one in ones], dtype=pl.String),
        pl.Series("property_key", [homes.keys[one.home] for one in links], dtype=pl.String),
        pl.Series("identity_evidence", [homes.named[one.home] for one in links], dtype=pl.String),
        pl.Series("evidence", [one.evidence for one in links], dtype=pl.String),
        pl.Series("score", [one.probability for one in links], dtype=pl.Float64),
        pl.Series("match_weight", [one.weight for one in links], dtype=pl.Float64),
        pl.Series("agreed", [one.agreed for one in links], dtype=pl.List(pl.String)),
        pl.Series("matched_source", [of(one.other, "source") for one in links], dtype=pl.String),
        pl.Series(
            "matched_listing_key", [of(one.other, "listing_key") for one in links], dtype=pl.String
        ),
        pl.Series(
            "united_property_keys",
            [[homes.keys[home] for home in one.also] for one in links],
            dtype=pl.List(pl.String),
        ),
        rule_version=pl.lit(f"{RULE_VERSION}.{pairs.RULE_VERSION}"),
        library_version=pl.lit(library_version()),
    )


def link_counts(links: pl.DataFrame) -> dict[str, int]:
    """How many records were linked by each kind of evidence."""
    return dict(links.group_by("evidence").len().sort("evidence").iter_rows())
