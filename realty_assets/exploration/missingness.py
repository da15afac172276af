"""Which fields are empty: by source, by month, and together with which others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from realty_assets.exploration.findings import Finding, Picture, Report, Table, in_order, listed
from realty_assets.exploration.findings import share as percent_of
from realty_assets.exploration.pictures import heat_map
from realty_assets.exploration.window import Window

MIN_ROWS = 50
# A month stands out when its share of filled cells is this far from that of all other months.
JUMP = 0.2
# Fields are empty together when that is so in this share of the rows where any of them is empty.
TOGETHER = 0.98
MOST_PATTERNS = 8
# Empty until the close by their nature: how many are filled in a month says how many have closed.
OUTCOMES = ("close_price", "close_date")
KEYS = ("source", "month", "n_rows")


@dataclass(frozen=True)
class Empty:
    """How often the fields of one source are empty. `patterns`: bool, sets x fields."""

    source: str
    fields: tuple[str, ...]
    months: tuple[date, ...]
    month_of: np.ndarray
    patterns: np.ndarray
    weights: np.ndarray

    @property
    def n_rows(self) -> int:
        return int(self.weights.sum())

    def counts(self, at: np.ndarray | None = None) -> np.ndarray:
        """Rows in which each field is empty, of all or of the patterns that `at` marks."""
        chosen = slice(None) if at is None else at
        counted: np.ndarray = self.weights[chosen] @ self.patterns[chosen].astype(np.int64)
        return counted


def missingness(seen: Window) -> Report:
    """Which fields are empty, of every version of every listing."""
    found = list(empty_by_source(seen.find("null_patterns")))
    findings: list[Finding] = []
    parts: list[Table | Picture] = [_fields(found), _by_source(found)]
    for empty in found:
        findings += [*_never(empty), *_months(empty), *_together(empty)]
        if len(empty.months) > 1:
            parts.append(_picture(empty))
            parts.append(_by_month(empty))
        parts.append(_patterns(empty))
    return Report(
        "missingness",
        "Missing values",
        "Empty cells of every staged version, by field, source and month of being known, and the "
        "sets of fields that are empty together.",
        in_order(findings),
        tuple(parts),
    )


def empty_by_source(patterns: pl.DataFrame) -> Iterator[Empty]:
    """The rows of null_patterns.sql as arrays, one source at a time."""
    fields = tuple(name for name in patterns.columns if name not in KEYS)
    for (source,), rows in patterns.group_by("source", maintain_order=True):
        months = rows["month"].unique().sort()
        yield Empty(
            str(source),
            fields,
            tuple(months.to_list()),
            np.searchsorted(months.to_numpy(), rows["month"].to_numpy()),
            rows.select(fields).to_numpy().astype(bool),
            rows["n_rows"].to_numpy().astype(np.int64),
        )


def _never(empty: Empty) -> Iterator[Finding]:
    names = [
        field for field, n in zip(empty.fields, empty.counts(), strict=True) if n == empty.n_rows
    ]
    if names:
        yield Finding(
            "never_filled",
            "note",
            empty.source,
            "",
            empty.n_rows,
            f"{empty.source} gives no value at all for {len(names)} of {len(empty.fields)} "
            f"fields: {', '.join(names)}.",
        )


def _months(empty: Empty) -> Iterator[Finding]:
    """Months in which a field is filled far more or less often than in all others."""
    if len(empty.months) < 2:
        return
    total, all_rows = empty.counts(), empty.n_rows
    for number, month in enumerate(empty.months):
        here = empty.month_of == number
        n = int(empty.weights[here].sum())
        if n < MIN_ROWS or all_rows - n < MIN_ROWS:
            continue
        odd = []
        for field, missing, everywhere in zip(empty.fields, empty.counts(here), total, strict=True):
            elsewhere = int(everywhere - missing)
            if field in OUTCOMES or abs(missing / n - elsewhere / (all_rows - n)) <= JUMP:
                continue
            against = percent_of(elsewhere, all_rows - n)
            odd.append((field, f"{field} ({percent_of(int(missing), n)} against {against})"))
        if odd:
            yield Finding(
                "month_stands_out",
                "warn",
                empty.source,
                odd[0][0],
                n,
                f"{month:%Y-%m}: in its {n:,} {empty.source} versions {len(odd)} fields are empty "
                f"more or less often than in other months: {listed([said for _, said in odd], 6)}.",
            )


def _together(empty: Empty) -> Iterator[Finding]:
    for names, n_all, n_any in groups(empty):
        yield Finding(
            "empty_together",
            "note",
            empty.source,
            names[0],
            n_all,
            f"{listed(names, 8)} are empty together in {n_all:,} {empty.source} versions, out of "
            f"{n_any:,} where any of them is: one cause, most likely.",
        )


def groups(empty: Empty) -> Iterator[tuple[list[str], int, int]]:
    """(fields, rows where all are empty, rows where any is) of fields that are empty together."""
    counts = empty.counts()
    partly = [
        at
        for at, n in enumerate(counts)
        if MIN_ROWS <= n < empty.n_rows and empty.fields[at] not in OUTCOMES
    ]
    weighted = empty.patterns[:, partly].astype(np.int64)
    both = weighted.T @ (weighted * empty.weights[:, None])
    left = list(range(len(partly)))
    while left:
        first = left.pop(0)
        alone = both[first, first]
        alike = [
            other
            for other in left
            if both[first, other] >= TOGETHER * (alone + both[other, other] - both[first, other])
        ]
        if not alike:
            continue
        left = [other for other in left if other not in alike]
        chosen = weighted[:, [first, *alike]].astype(bool)
        n_all = int(empty.weights[chosen.all(axis=1)].sum())
        n_any = int(empty.weights[chosen.any(axis=1)].sum())
        yield [empty.fields[partly[at]] for at in (first, *alike)], n_all, n_any


def _fields(found: list[Empty]) -> Picture:
    names = found[0].fields if found else ()
    counts = [empty.counts() for empty in found]
    return Picture(
        "Empty cells by field",
        heat_map(
            names,
            [empty.source for empty in found],
            [
                [n[at] / empty.n_rows for empty, n in zip(found, counts, strict=True)]
                for at in range(len(names))
            ],
            title="Share of empty cells by field and source",
            summary="the stronger the colour, the emptier",
        ),
        "The stronger the colour, the emptier.",
    )


def _by_source(found: list[Empty]) -> Table:
    counts = [empty.counts() for empty in found]
    return Table(
        "Share of versions in which a field is empty",
        ("field", *(f"{empty.source} ({empty.n_rows:,})" for empty in found)),
        tuple(
            (
                field,
                *(
                    percent_of(int(n[at]), empty.n_rows)
                    for empty, n in zip(found, counts, strict=True)
                ),
            )
            for at, field in enumerate(found[0].fields if found else ())
        ),
    )


def _partly(empty: Empty) -> list[int]:
    return [at for at, n in enumerate(empty.counts()) if 0 < n < empty.n_rows]


def _grid(empty: Empty) -> list[list[tuple[int, int]]]:
    """(empty, all) versions by partly filled field and month."""
    by_month = [empty.counts(empty.month_of == number) for number in range(len(empty.months))]
    sizes = [int(empty.weights[empty.month_of == number].sum()) for number in range(len(by_month))]
    return [
        [(int(counts[at]), n) for counts, n in zip(by_month, sizes, strict=True)]
        for at in _partly(empty)
    ]


def _picture(empty: Empty) -> Picture:
    return Picture(
        f"Empty cells of {empty.source} by month",
        heat_map(
            [empty.fields[at] for at in _partly(empty)],
            [f"{month:%Y-%m}" for month in empty.months],
            [[n / whole for n, whole in row] for row in _grid(empty)],
            title=f"Share of empty cells, {empty.source}",
            summary="the stronger the colour, the emptier",
        ),
        "The stronger the colour, the emptier. Fields always or never filled are left out.",
    )


def _by_month(empty: Empty) -> Table:
    """The months of a year and the rest behind a fold: the figures of the picture."""
    return Table(
        f"Empty cells of {empty.source} by month, in percent of the versions",
        ("field", *(f"{month:%Y-%m}" for month in empty.months)),
        tuple(
            (empty.fields[at], *(f"{100 * n / whole:.0f}" for n, whole in row))
            for at, row in zip(_partly(empty), _grid(empty), strict=True)
        ),
    )


def _patterns(empty: Empty) -> Table:
    partly = _partly(empty)
    sets: dict[tuple[str, ...], int] = {}
    for row, n in zip(empty.patterns[:, partly], empty.weights, strict=True):
        names = tuple(empty.fields[partly[at]] for at in np.flatnonzero(row))
        sets[names] = sets.get(names, 0) + int(n)
    first = sorted(sets.items(), key=lambda item: (-item[1], item[0]))[:MOST_PATTERNS]
    return Table(
        f"Most frequent sets of empty fields, {empty.source}",
        ("versions", "share", "empty together"),
        tuple(
            (n, percent_of(n, empty.n_rows), ", ".join(names) or "nothing is empty")
            for names, n in first
        ),
        f"{len(sets):,} sets in all; fields that are always empty are left out.",
    )
