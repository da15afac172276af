"""How the values of each field are spread, and which lie far out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from realty_assets.exploration.findings import (
    Finding,
    Picture,
    Report,
    Table,
    figure,
    in_order,
    share,
)
from realty_assets.exploration.pictures import histograms
from realty_assets.exploration.window import Window

N_BINS = 24
MIN_ROWS = 50
# An extreme that this many rows share, far out and with nothing near it, stands for "unknown".
MANY = 20
MOST_VALUES = 6
# A text value that fewer rows hold is not shown.
MIN_SHOWN = 5
Row = dict[str, Any]


def distributions(seen: Window) -> Report:
    """The spread of each numeric field, its outliers, and the usual values of text fields."""
    numbers = seen.find("distributions")
    bins = seen.find("histograms")
    words = seen.find("frequencies", most=MOST_VALUES)
    findings: list[Finding] = []
    for row in numbers.to_dicts():
        findings += [*_far_out(row), *_stand_in(row), *_constant(row)]
    parts: list[Table | Picture] = []
    for source in numbers["source"].unique().sort().to_list():
        parts.append(_picture(source, bins.filter(pl.col("source") == source)))
        parts.append(_table(source, numbers.filter(pl.col("source") == source)))
    parts += [_words(source, words) for source in words["source"].unique().sort().to_list()]
    return Report(
        "distributions",
        "Distributions and outliers",
        "The latest version of every listing, leases left out of the numeric fields. Far out means "
        "three interquartile ranges beyond the quartiles, in logarithms for prices, sizes and "
        "the like.",
        in_order(findings),
        tuple(parts),
    )


def _far_out(row: Row) -> Iterator[Finding]:
    n_out = row["n_below"] + row["n_above"]
    if row["n_rows"] < MIN_ROWS or not n_out:
        return
    ends = [
        _figure(row, end)
        for end, n in ((row["least"], row["n_below"]), (row["greatest"], row["n_above"]))
        if n
    ]
    yield Finding(
        "far_out",
        "note",
        row["source"],
        row["field"],
        n_out,
        f"{row['field']}: {n_out:,} of {row['n_rows']:,} {row['source']} listings "
        f"({share(n_out, row['n_rows'])}) lie outside {_figure(row, row['fence_low'])} to "
        f"{_figure(row, row['fence_high'])}, as far as {' and '.join(ends)}.",
    )


def _stand_in(row: Row) -> Iterator[Finding]:
    middle_half = row["p75"] - row["p25"]
    for value, n, n_out, gap in (
        (row["least"], row["n_least"], row["n_below"], row["gap_below"]),
        (row["greatest"], row["n_greatest"], row["n_above"], row["gap_above"]),
    ):
        if n_out and n >= MANY and gap > middle_half:
            yield Finding(
                "stand_in",
                "warn",
                row["source"],
                row["field"],
                n,
                f"{row['field']} is exactly {_figure(row, value)} in {n:,} {row['source']} "
                "listings, far from all others: it looks like a stand-in for an unknown value.",
            )


def _constant(row: Row) -> Iterator[Finding]:
    if row["n_distinct"] == 1 and row["n_rows"] >= MIN_ROWS:
        yield Finding(
            "one_value",
            "note",
            row["source"],
            row["field"],
            row["n_rows"],
            f"{row['field']} has the one value {_figure(row, row['least'])} in all "
            f"{row['n_rows']:,} {row['source']} listings that fill it.",
        )


def _figure(row: Row, value: float) -> str:
    """A value as its field is written: years have no thousands."""
    return f"{value:.0f}" if "year" in row["field"] else figure(value)


def panels(bins: pl.DataFrame) -> list[tuple[str, list[int], str, str]]:
    """(field, counts by bin, lower end, upper end) of the rows of histograms.sql of one source."""
    drawn = []
    for (field,), rows in bins.group_by("field", maintain_order=True):
        counts = [0] * N_BINS
        for at, n in rows.select("bin", "n_rows").iter_rows():
            counts[at] = n
        low, high = (_figure({"field": field}, rows[end][0]) for end in ("low", "high"))
        drawn.append((str(field), counts, low, high))
    return drawn


def _picture(source: str, bins: pl.DataFrame) -> Picture:
    return Picture(
        f"Numeric fields of {source}",
        histograms(
            panels(bins),
            title=f"Histograms of the numeric fields of {source}",
            summary="each from its 1st to its 99th percentile; wide ranges on a logarithmic axis",
        ),
        "Each from its 1st to its 99th percentile; ranges wider than 20 to 1 on a logarithmic "
        "axis.",
    )


def _table(source: str, rows: pl.DataFrame) -> Table:
    shown = ("least", "p01", "p25", "p50", "p75", "p99", "greatest")
    heads = ("least", "1%", "25%", "middle", "75%", "99%", "greatest")
    return Table(
        f"Numeric fields of {source}",
        ("field", "n", "distinct", *heads, "far out"),
        tuple(
            (
                row["field"],
                row["n_rows"],
                row["n_distinct"],
                *(_figure(row, row[name]) for name in shown),
                row["n_below"] + row["n_above"],
            )
            for row in rows.to_dicts()
        ),
    )


def _words(source: str, words: pl.DataFrame) -> Table:
    rows = []
    for (field,), found in words.filter(pl.col("source") == source).group_by(
        "field", maintain_order=True
    ):
        first = found.row(0, named=True)
        usual = ", ".join(
            f"{row['value']} {share(row['n_rows'], row['n_filled'])}"
            for row in found.to_dicts()
            if row["n_rows"] >= MIN_SHOWN
        )
        rows.append((str(field), first["n_filled"], first["n_distinct"], first["n_single"], usual))
    return Table(
        f"Text fields of {source}",
        ("field", "n", "distinct", "held once", "most frequent"),
        tuple(rows),
        f"Values that fewer than {MIN_SHOWN} listings hold are counted, not shown.",
    )
