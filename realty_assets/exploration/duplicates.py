"""Keys that repeat, keys that nearly do, and one home or sale told under several keys."""

from __future__ import annotations

import polars as pl

from realty_assets.exploration.findings import Finding, Report, Severity, Table, in_order, listed
from realty_assets.exploration.window import Window

MOST_EXAMPLES = 5
# kind: (severity, what is counted, what it is).
KINDS: dict[str, tuple[Severity, str]] = {
    "same_time": ("warn", "Keys with two different versions known at the same moment"),
    "near_key": ("warn", "Keys that differ only in case, marks or leading zeros"),
    "one_sale_twice": ("warn", "Sales under several keys, of the same address, day and price"),
    "one_parcel_twice": ("warn", "Parcels that closed twice on one day under several keys"),
    "one_listing_twice": (
        "note",
        "Listings under several keys, of the same address, list date, size and list price",
    ),
    "between_sources": ("note", "Keys that several sources use"),
}


def duplicates(seen: Window) -> Report:
    """Groups of staged rows that look like one thing told twice."""
    groups = seen.find("duplicates")
    findings = []
    rows = []
    for (kind, source), found in groups.group_by("kind", "source", maintain_order=True):
        severity, what = KINDS[str(kind)]
        n_rows = int(found["n_rows"].sum())
        examples = ["/".join(keys) for keys in found["keys"].head(MOST_EXAMPLES).to_list()]
        findings.append(
            Finding(
                str(kind),
                severity,
                str(source),
                "listing_key",
                n_rows,
                f"{what}: {found.height:,} in {source} ({n_rows:,} rows), such as "
                f"{listed(examples)}.",
            )
        )
        rows += _rows(found.head(MOST_EXAMPLES))
    return Report(
        "duplicates",
        "Duplicate and near-duplicate keys",
        "Rows that look like the same listing or sale told twice. A repeat of the very same "
        "content is never staged, so what stands here differs in its key, time or content.",
        in_order(findings),
        (
            Table(
                "What was looked for",
                ("kind", "what it is", "groups", "rows"),
                tuple(
                    (kind, what, *_size(groups.filter(pl.col("kind") == kind)))
                    for kind, (_, what) in KINDS.items()
                ),
            ),
            Table(
                f"The first {MOST_EXAMPLES} groups of each kind and source",
                ("kind", "source", "keys", "rows"),
                tuple(rows),
            ),
        ),
    )


def _size(groups: pl.DataFrame) -> tuple[int, int]:
    return groups.height, int(groups["n_rows"].sum())


def _rows(groups: pl.DataFrame) -> list[tuple[str, str, str, int]]:
    return [
        (row["kind"], row["source"], ", ".join(row["keys"]), row["n_rows"])
        for row in groups.to_dicts()
    ]
