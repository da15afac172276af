"""What changes from month to month in what comes in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from realty_assets.exploration.drift_measures import (
    Drift,
    drift_of_numbers,
    drift_of_words,
    reference_edges,
)
from realty_assets.exploration.findings import (
    Finding,
    Picture,
    Report,
    Severity,
    Table,
    figure,
    in_order,
    listed,
)
from realty_assets.exploration.pictures import heat_map
from realty_assets.exploration.window import Window

MIN_MONTH, MIN_REFERENCE = 100, 200
NOTE_PSI, WARN_PSI = 0.1, 0.25
NOTE_KS, WARN_KS = 0.1, 0.2
# Outcomes that are empty when a listing is first seen, and the row's own place in its file.
LEFT_OUT = ("record_number", "line_number", "close_price")


@dataclass(frozen=True)
class Months:
    """The months of a source, in order, and how many of the first are the reference."""

    source: str
    months: tuple[date, ...]
    sizes: tuple[int, ...]
    n_first: int

    @property
    def judged(self) -> set[date]:
        pairs = zip(self.months[self.n_first :], self.sizes[self.n_first :], strict=True)
        return {month for month, n in pairs if n >= MIN_MONTH}


def drift(seen: Window) -> Report:
    """Every field of each month's new listings against the first third of the months."""
    rows = seen.ask("SELECT * FROM first_seen")
    words = seen.find("words_by_month")
    findings: list[Finding] = []
    parts: list[Table | Picture] = []
    for (key,), own in rows.group_by("source", maintain_order=True):
        source = str(key)
        span = months_of(source, own)
        if not span.n_first or not span.judged:
            findings.append(_unjudged(span, own.height))
            continue
        found = measured(span, own, words.filter(pl.col("source") == source))
        findings += _findings(span, found)
        parts += [_picture(span, found), _table(span, found), _edges(span, own)]
    return Report(
        "drift",
        "Drift between months",
        "The listings of a source by the month in which they were first seen. The reference is "
        "frozen: the first third of the months decides the bins. Population stability index (PSI) "
        "over tenths of the reference or its usual words, empty cells in a bin of their own; "
        f"Kolmogorov-Smirnov distance (KS) of the filled values. Months of fewer than {MIN_MONTH} "
        "listings are not judged, and what chance explains is no finding.",
        in_order(findings),
        tuple(parts),
    )


def months_of(source: str, rows: pl.DataFrame) -> Months:
    """The months of a source; the reference is the first third that holds enough rows."""
    counted = (
        rows.group_by(pl.col("known_at").dt.truncate("1mo").dt.date().alias("month"))
        .len()
        .sort("month")
    )
    sizes = counted["len"].to_list()
    wanted = max(-(-len(sizes) // 3), 1)
    n_first = next(
        (n for n in range(wanted, len(sizes)) if sum(sizes[:n]) >= MIN_REFERENCE),
        0,
    )
    return Months(source, tuple(counted["month"].to_list()), tuple(sizes), n_first)


def measured(span: Months, rows: pl.DataFrame, words: pl.DataFrame) -> list[Drift]:
    """Every numeric field of `rows` and every field of `words_by_month`, in judged months."""
    month = rows["known_at"].dt.truncate("1mo").dt.date()
    month_of = np.searchsorted(np.array(span.months), month.to_numpy().astype(object))
    found = []
    for name, kind in rows.schema.items():
        if kind.is_numeric() and name not in LEFT_OUT and rows[name].null_count() < rows.height:
            values = rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            found += drift_of_numbers(name, values, month_of, span.months, span.n_first)
    at = {month: number for number, month in enumerate(span.months)}
    for (field,), own in words.group_by("field", maintain_order=True):
        counts: dict[str | None, np.ndarray] = {}
        for month_, word, n in own.select("month", "value", "n_rows").iter_rows():
            counts.setdefault(word, np.zeros(len(span.months), np.int64))[at[month_]] = n
        if set(counts) != {None}:
            found += drift_of_words(str(field), counts, span.months, span.n_first)
    return [entry for entry in found if entry.month in span.judged]


def severity_of(entry: Drift) -> Severity | None:
    """warn or note for what exceeds both its threshold and chance; None otherwise."""
    for severity, least_psi, least_ks in (
        ("warn", WARN_PSI, WARN_KS),
        ("note", NOTE_PSI, NOTE_KS),
    ):
        far = entry.psi >= max(least_psi, entry.noise)
        apart = entry.ks is not None and entry.ks >= max(least_ks, entry.ks_noise)
        if far or apart:
            return "warn" if severity == "warn" else "note"
    return None


def _unjudged(span: Months, n_rows: int) -> Finding:
    return Finding(
        "drift",
        "unjudged",
        span.source,
        "",
        n_rows,
        f"{span.source} has {n_rows:,} listings in {len(span.months)} months; drift needs "
        f"{MIN_REFERENCE} in the reference and a later month of {MIN_MONTH}.",
    )


def _findings(span: Months, found: Sequence[Drift]) -> Iterator[Finding]:
    for field in sorted({entry.field for entry in found}):
        own = [entry for entry in found if entry.field == field]
        judged = [(severity, entry) for entry in own if (severity := severity_of(entry))]
        if not judged:
            continue
        worst = max((entry for _, entry in judged), key=lambda e: (e.psi, e.ks or 0, e.month))
        ks = "" if worst.ks is None else f", KS {worst.ks:.3f}"
        months = [f"{entry.month:%Y-%m}" for _, entry in judged]
        yield Finding(
            "drift",
            "warn" if any(severity == "warn" for severity, _ in judged) else "note",
            span.source,
            field,
            sum(entry.n for _, entry in judged),
            f"{field} of new {span.source} listings differs from the reference in "
            f"{len(judged)} of {len(own)} months ({listed(months)}), most in {worst.month:%Y-%m}: "
            f"PSI {worst.psi:.3f}{ks}.",
        )


def _picture(span: Months, found: Sequence[Drift]) -> Picture:
    fields = _fields(found)
    months = sorted(span.judged)
    by = {(entry.field, entry.month): entry.psi for entry in found}
    return Picture(
        f"Drift of {span.source}",
        heat_map(
            fields,
            [f"{month:%Y-%m}" for month in months],
            [[by.get((field, month)) for month in months] for field in fields],
            title=f"PSI by field and month, {span.source}",
            summary="by field and month; the stronger the colour, the further away",
            full=2 * WARN_PSI,
        ),
        f"PSI against the reference; the strongest colour is {2 * WARN_PSI:g} and more.",
    )


def _table(span: Months, found: Sequence[Drift]) -> Table:
    rows = []
    for field in _fields(found):
        own = [entry for entry in found if entry.field == field]
        far = max(own, key=lambda entry: (entry.psi, entry.month))
        apart = max((entry.ks for entry in own if entry.ks is not None), default=None)
        beyond = sum(severity_of(entry) is not None for entry in own)
        last = max(own, key=lambda entry: entry.month)
        rows.append(
            (
                *(field, len(own), beyond, f"{far.psi:.3f}", f"{far.month:%Y-%m}"),
                *("–" if apart is None else f"{apart:.3f}", f"{last.psi:.3f}"),
            )
        )
    first, last_first = span.months[0], span.months[span.n_first - 1]
    return Table(
        f"Drift of {span.source}",
        ("field", "months", "beyond", "largest PSI", "in", "largest KS", "newest PSI"),
        tuple(rows),
        f"Reference: {sum(span.sizes[: span.n_first]):,} listings first seen from {first:%Y-%m} to "
        f"{last_first:%Y-%m}.",
    )


def _edges(span: Months, rows: pl.DataFrame) -> Table:
    until = span.months[span.n_first]
    first = rows.filter(pl.col("known_at") < until)
    return Table(
        f"Edges of the reference bins, {span.source}",
        ("field", "edges"),
        tuple(
            (
                name,
                ", ".join(dict.fromkeys(_edge(name, edge) for edge in edges)),
            )
            for name, kind in rows.schema.items()
            if kind.is_numeric()
            and name not in LEFT_OUT
            and (
                edges := reference_edges(first[name].cast(pl.Float64).fill_null(np.nan).to_numpy())
            ).size
        ),
    )


def _edge(field: str, edge: float) -> str:
    return f"{edge:.0f}" if "year" in field else figure(round(edge, 6))


def _fields(found: Sequence[Drift]) -> list[str]:
    return list(dict.fromkeys(entry.field for entry in found))
