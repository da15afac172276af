"""What gives away what a model may not know: the close, the price, the split, the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from realty_assets.exploration.findings import (
    Finding,
    Picture,
    Report,
    Severity,
    Table,
    figure,
    in_order,
    listed,
    share,
)
from realty_assets.exploration.pictures import lollipops
from realty_assets.exploration.price_tellers import MIN_SALES, Teller, price_tellers
from realty_assets.exploration.separation import LAST_MONTHS, Split, splits
from realty_assets.exploration.separation import MIN_SALES as MIN_SPLIT
from realty_assets.exploration.window import Window

MIN_VERSIONS = 30
# Filled in so few open versions, for every hundred that one would expect from the closed ones.
OPEN_SHARE = 0.02
OUTCOMES = ("close_price", "close_date")
# What the split of a field must reach, beyond what chance explains.
NOTE_AUC, WARN_AUC, NOISES = 0.6, 0.75, 4
# A year or a count of days is coarse: a few rows are worth a note, this share of all a warning.
COARSE_SHARE = 0.01
# way: (field, whether it is a timestamp or a price, what it means).
WAYS: dict[str, tuple[str, bool, str]] = {
    "closed_before_its_date": ("close_date", True, "are known as closed before they close"),
    "price_before_the_close": ("close_price", True, "have a close price and have not closed"),
    "known_before_listed": ("listing_contract_date", True, "are known before they are listed"),
    "changed_after_known": (
        "modification_timestamp",
        True,
        "were changed after they became known",
    ),
    "renovated_later": (
        "year_renovated",
        False,
        "name a year of renovation after the one in which they became known",
    ),
    "taxed_later": (
        "tax_year",
        False,
        "name a tax year after the one in which they became known",
    ),
    "counts_days_to_come": (
        "days_on_market",
        False,
        "count more days on market than had passed when they became known",
    ),
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Withheld:
    """A heading that a source's mapping reads for its rules and never stages."""

    source: str
    heading: str
    form: str
    target: str


def leakage(seen: Window, withheld: Sequence[Withheld] = ()) -> Report:
    """Leaks of every kind, source by source. `withheld`: what the mappings keep out of staging."""
    sales = seen.ask("SELECT * FROM sales")
    sizes = seen.find("source_sizes").to_dicts()
    findings = [*_after_the_close(seen.find("after_the_close")), *_time_travel(seen, sizes)]
    tellers: list[tuple[str, Teller]] = []
    parts: list[Table | Picture] = []
    for size in sizes:
        source = size["source"]
        own = sales.filter(pl.col("source") == source)
        told = price_tellers(own)
        tellers += [(source, teller) for teller in told]
        findings += _tells(source, own.height, told)
        separated = splits(own)
        findings += _separates(source, separated)
        if separated:
            parts += _split_parts(source, separated)
    there = {size["source"] for size in sizes}
    kept_out = [entry for entry in withheld if entry.source in there]
    findings += [_withheld(entry) for entry in kept_out]
    return Report(
        "leakage",
        "Leakage",
        "Fields that exist only after the close; fields, products and ratios of two fields that "
        "give the price away; fields that tell the last months of sales from the earlier ones; and "
        "times that cannot all be true.",
        in_order(findings),
        (
            _teller_table(tellers),
            _withheld_table(kept_out),
            _time_table(seen.find("time_travel")),
            *parts,
        ),
    )


def _after_the_close(counts: pl.DataFrame) -> Iterator[Finding]:
    fields = [name for name in counts.columns if name not in ("source", "is_closed", "n_rows")]
    for (key,), rows in counts.group_by("source", maintain_order=True):
        source = str(key)
        closed = {row["is_closed"]: row for row in rows.to_dicts()}
        sides = [closed.get(side, {"n_rows": 0}) for side in (True, False)]
        if min(side["n_rows"] for side in sides) < MIN_VERSIONS:
            yield Finding(
                "after_the_close",
                "unjudged",
                source,
                "",
                sides[0]["n_rows"],
                f"{source} has {sides[0]['n_rows']:,} closed and {sides[1]['n_rows']:,} open "
                f"versions; which fields exist only after the close needs {MIN_VERSIONS} of each.",
            )
            continue
        for field in fields:
            finding = _filled_late(source, field, *sides)
            if finding:
                yield finding


def _filled_late(source: str, field: str, closed: Row, before: Row) -> Finding | None:
    expected = closed[field] / closed["n_rows"] * before["n_rows"]
    if expected < 10 or before[field] > OPEN_SHARE * expected:
        return None
    outcome = field in OUTCOMES
    why = (
        "it is the outcome, as it should be."
        if outcome
        else "it exists only after the close, and tells of it."
    )
    return Finding(
        "after_the_close",
        "note" if outcome else "warn",
        source,
        field,
        closed[field],
        f"{field} is filled in {share(closed[field], closed['n_rows'])} of the closed {source} "
        f"versions and in {share(before[field], before['n_rows'])} of the open ones: {why}",
    )


def _tells(source: str, n_sales: int, tellers: Sequence[Teller]) -> Iterator[Finding]:
    if n_sales < MIN_SALES:
        yield Finding(
            "tells_the_price",
            "unjudged",
            source,
            "",
            n_sales,
            f"{source} has {n_sales:,} sales; what gives the price away needs {MIN_SALES}.",
        )
    for teller in tellers:
        told = share(teller.n_told, teller.n_rows)
        near = f"within {100 * teller.within:.0f}%"
        if teller.determines:
            by = "" if abs(teller.factor - 1) < 0.005 else f" times {figure(_round(teller.factor))}"
            said = f"{teller.form}{by} is close_price {near} in {told} of {teller.n_rows:,}"
            rest = "sales: whoever knows it knows the price."
        else:
            said = f"{teller.form} lies {near} of close_price in {told} of {teller.n_rows:,}"
            rest = "sales (up to one factor): it may reach no model that is blind to the listing."
        yield Finding(
            "tells_the_price",
            "warn" if teller.determines else "note",
            source,
            teller.form,
            teller.n_told,
            f"{said} {source} {rest}",
        )


def _round(factor: float) -> float:
    return float(f"{factor:.4g}")


def _withheld(entry: Withheld) -> Finding:
    return Finding(
        "tells_the_price",
        "note",
        entry.source,
        entry.form,
        0,
        f"{entry.source}: {entry.form} is {entry.target}; the mapping reads the heading "
        f"'{entry.heading}' for its rules only, and it is not staged. It must stay so.",
    )


def _separates(source: str, found: Sequence[Split]) -> Iterator[Finding]:
    if not found:
        yield Finding(
            "predicts_the_split",
            "unjudged",
            source,
            "",
            0,
            f"{source} has fewer than {MIN_SPLIT} sales in its last {LAST_MONTHS} months or before "
            "them; what separates the two is not judged.",
        )
    for split in found:
        if split.auc - NOISES * split.noise <= NOTE_AUC:
            continue
        severity: Severity = "warn" if split.auc >= WARN_AUC else "note"
        yield Finding(
            "predicts_the_split",
            severity,
            source,
            split.field,
            split.n_last,
            f"{split.field}, by {split.by}, tells the {split.n_last:,} {source} sales of the last "
            f"{LAST_MONTHS} months from the {split.n_before:,} before them (AUC {split.auc:.3f}): "
            "a model may learn the time from it.",
        )


def _time_travel(seen: Window, sizes: Sequence[Row]) -> Iterator[Finding]:
    n_versions = {size["source"]: size["n_versions"] for size in sizes}
    for row in seen.find("time_travel").to_dicts():
        field, is_time, what = WAYS[row["way"]]
        much = row["n_rows"] > COARSE_SHARE * n_versions[row["source"]]
        yield Finding(
            "time_travel",
            "warn" if is_time or much else "note",
            row["source"],
            field,
            row["n_rows"],
            f"Versions of {row['source']} that {what}: {row['n_rows']:,}, such as "
            f"{listed(row['keys'])}.",
        )


def _teller_table(tellers: Sequence[tuple[str, Teller]]) -> Table:
    return Table(
        "Fields, products and ratios that give the price away",
        ("source", "form", "sales", "told", "within", "price over form"),
        tuple(
            (
                source,
                teller.form,
                teller.n_rows,
                share(teller.n_told, teller.n_rows),
                f"{100 * teller.within:.0f}%",
                figure(_round(teller.factor)),
            )
            for source, teller in tellers
        ),
        "All single numeric fields, and all products and ratios of two, were tried.",
    )


def _withheld_table(entries: Sequence[Withheld]) -> Table:
    return Table(
        "Headings that would give the price away, kept out of staging",
        ("source", "heading", "gives"),
        tuple((entry.source, entry.heading, f"{entry.form} = {entry.target}") for entry in entries),
    )


def _time_table(rows: pl.DataFrame) -> Table:
    return Table(
        "Times that cannot all be true",
        ("source", "what", "versions", "such as"),
        tuple(
            (
                row["source"],
                f"Versions that {WAYS[row['way']][2]}",
                row["n_rows"],
                ", ".join(row["keys"]),
            )
            for row in rows.to_dicts()
        ),
    )


def _split_parts(source: str, found: Sequence[Split]) -> list[Table | Picture]:
    title = f"What tells the last {LAST_MONTHS} months from earlier ones, {source}"
    return [
        Picture(
            title,
            lollipops(
                [(split.field, split.auc) for split in found],
                low=0.5,
                high=1.0,
                marks=[(NOTE_AUC, "noted"), (WARN_AUC, "warned of")],
                title=title,
                summary="area under the ROC curve of each field alone; 0.5 tells nothing",
            ),
            "Area under the ROC curve of each field alone: 0.5 tells nothing, 1 everything.",
        ),
        Table(
            title,
            ("field", "by", "AUC", "sales before", "sales in the last months"),
            tuple((s.field, s.by, f"{s.auc:.3f}", s.n_before, s.n_last) for s in found),
        ),
    ]
