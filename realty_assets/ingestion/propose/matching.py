"""Which heading fills which column: names and cells are judged, then each gets its best partner."""

from __future__ import annotations

from dataclasses import dataclass

from realty_assets.ingestion.propose.sample import Sample
from realty_assets.ingestion.propose.values import (
    FROM_VALUES,
    TELLING,
    Profile,
    is_personal,
    judged,
    profile,
)
from realty_assets.ingestion.propose.words import (
    MOST_PARTIAL,
    is_private,
    likeness,
    names,
    word_list,
)
from realty_assets.ingestion.sources import plain

# From here on a proposal stands without a question mark; below the other it is not made.
SURE, LEAST = 0.8, 0.45
_ALSO = 0.3


@dataclass(frozen=True)
class Match:
    """A heading and the column that it may fill. `also`: other columns it might, the best first."""

    heading: str
    column: str
    confidence: float
    also: tuple[str, ...]
    cells: Profile | None

    @property
    def sure(self) -> bool:
        return self.confidence >= SURE


@dataclass(frozen=True)
class Matches:
    """What was made of each heading of a file."""

    found: tuple[Match, ...]  # in the file's order
    private: tuple[str, ...]
    unknown: tuple[str, ...]

    def by_column(self) -> dict[str, Match]:
        return {match.column: match for match in self.found}


def match(sample: Sample) -> Matches:
    """Pairs headings with columns, the most certain pair first; no column is filled twice."""
    headings: dict[str, int] = {}
    for at, heading in enumerate(sample.headings):
        # Of repeated headings the first counts, as when the file is read.
        if heading and plain(heading) not in [plain(one) for one in headings]:
            headings[heading] = at
    profiles = {
        heading: profile(sample.columns[at]) if sample.columns else None
        for heading, at in headings.items()
    }
    private = [
        heading
        for heading in headings
        if is_private(frozenset(word_list(heading))) or _personal(profiles[heading])
    ]
    trusts = {
        heading: _trusts(heading, profiles[heading])
        for heading in headings
        if heading not in private
    }
    pairs = sorted(
        (
            (-trust, headings[heading], place, heading, column)
            for heading, told in trusts.items()
            for place, (column, trust) in enumerate(told.items())
            if trust >= LEAST
        ),
    )
    taken: dict[str, tuple[str, float]] = {}
    for trust, _, _, heading, column in pairs:
        if heading not in taken and column not in [one for one, _ in taken.values()]:
            taken[heading] = (column, -trust)
    _settle_types(taken)
    found = tuple(
        Match(
            heading,
            taken[heading][0],
            round(taken[heading][1], 2),
            _others(trusts[heading], taken[heading][0]),
            profiles[heading],
        )
        for heading in headings
        if heading in taken
    )
    unknown = tuple(name for name in headings if name not in taken and name not in private)
    return Matches(found, tuple(private), unknown)


def _settle_types(taken: dict[str, tuple[str, float]]) -> None:
    """The one heading that tells a home's kind holds the vendor's own word for it."""
    by_column = {column: (heading, trust) for heading, (column, trust) in taken.items()}
    if "property_type" not in by_column:
        return
    other = by_column.get("property_sub_type")
    if other is None or other[1] < SURE:
        if other is not None:
            del taken[other[0]]
        heading, trust = by_column["property_type"]
        taken[heading] = ("property_sub_type", trust)


def _personal(cells: Profile | None) -> bool:
    return cells is not None and is_personal(cells)


def _trusts(heading: str, cells: Profile | None) -> dict[str, float]:
    """How much each column is to be trusted to be what the heading means."""
    words = frozenset(word_list(heading))
    told = {}
    for column in names():
        trust, whole = likeness(words, column) if words else (0.0, False)
        trust = judged(trust, whole, column, cells, MOST_PARTIAL)
        if cells is not None and cells.told and column in TELLING and TELLING[column](cells):
            trust = max(trust, FROM_VALUES)
        told[column] = trust
    return told


def _others(trusts: dict[str, float], column: str) -> tuple[str, ...]:
    near = [(-trust, name) for name, trust in trusts.items() if name != column and trust >= _ALSO]
    return tuple(name for _, name in sorted(near)[:2])
