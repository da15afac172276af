"""A staged sample market told the way several sources tell it: copies, slips of the pen, gaps.

Every listing keeps its truth. What is planted: parcel numbers on most listings in two ways of
writing, copies of listings in a second MLS, and on a share of listings a misspelled street, a
transposed house number, another form of suffix or unit, a missing direction, suffix, postal code,
unit-free parcel-only record, moved or missing coordinates.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

SHORT = {
    **{"Lane": "LN", "Court": "Ct.", "Drive": "Dr", "Circle": "CIR", "Street": "St"},
    **{"Trail": "TRL", "Way": "Way"},
}
COPY_SHARE = 0.12


@dataclass(frozen=True)
class Told:
    """Staged versions, and the truth of each listing: source, listing_key, home, sale."""

    staged: pl.DataFrame
    truth: pl.DataFrame


def truth_of(staged: pl.DataFrame, truth: pl.DataFrame, faults: pl.DataFrame) -> pl.DataFrame:
    """(source, listing_key, home, first_key): a planted twin goes by the listing it repeats."""
    twin = pl.col("note").str.extract(r"^as MLS Number (\d+)$")
    twins = (
        faults.filter(pl.col("kind") == "same sale under another key")
        .select("listing_key", first_key=twin)
        .drop_nulls()
        .unique("listing_key")
    )
    listed = (
        staged.select("source", "listing_key").unique().join(twins, on="listing_key", how="left")
    )
    return (
        listed.with_columns(pl.coalesce("first_key", "listing_key").alias("first_key"))
        .join(
            truth.select(first_key="listing_key", home="property_id"), on="first_key", how="inner"
        )
        .sort("source", "listing_key")
    )


def with_slips(staged: pl.DataFrame, told: pl.DataFrame, seed: int, rate: float = 1.0) -> Told:
    """`staged` with copies and slips; `rate` multiplies the share of listings with a slip."""
    rng = random.Random(seed)
    home_of = {
        (s, key): home for s, key, home in told.select("source", "listing_key", "home").rows()
    }
    first_of = dict(told.select("listing_key", "first_key").rows())
    rows: list[dict[str, Any]] = []
    truth: list[tuple[str, str, str, str]] = []
    versions = staged.sort("listing_key", "known_at", "row_hash").partition_by(
        "source", "listing_key", maintain_order=True
    )
    for listing in versions:
        source, key = listing.row(0, named=True)["source"], listing["listing_key"][0]
        home = home_of.get((source, key))
        if home is None:
            continue
        own = listing.to_dicts()
        rows += _slipped(own, home, rng, rate)
        truth.append((source, key, home, first_of[key]))
        if rng.random() < COPY_SHARE:
            copy = [
                {
                    **row,
                    "source": "second_mls",
                    "listing_key": f"C{key}",
                    "known_at": row["known_at"] + timedelta(hours=rng.randint(5, 60)),
                }
                for row in own
            ]
            late = rng.choice([0, 0, 0, 1, 2])
            for row in copy:
                if row["close_date"] is not None:
                    row["close_date"] += timedelta(days=late)
            rows += _slipped(copy, home, rng, rate)
            truth.append(("second_mls", f"C{key}", home, first_of[key]))
    for number, row in enumerate(rows):
        row["record_number"] = number
    names = ["source", "listing_key", "home", "first_key"]
    return Told(
        pl.DataFrame(rows, schema=staged.schema).sample(fraction=1, shuffle=True, seed=seed),
        pl.DataFrame(truth, schema=names, orient="row"),
    )


def _slipped(
    versions: list[dict[str, Any]], home: str, rng: random.Random, rate: float
) -> list[dict[str, Any]]:
    """One listing's versions, all with the same slips."""

    def by_chance(share: float) -> bool:
        return rng.random() < share * rate

    first = versions[0]
    parts = {
        name: first[name]
        for name in ("street_number", "street_dir_prefix", "street_name", "street_suffix")
    }
    unit, change = first["unit_number"], {}
    has_parcel = rng.random() < 0.6
    if has_parcel:
        digits = f"{int(home) * 7919 + 100_000_007:013d}"
        change["parcel_number"] = (
            f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if rng.random() < 0.5 else digits
        )
    if by_chance(0.3):
        parts["street_suffix"] = SHORT.get(parts["street_suffix"], parts["street_suffix"])
    if by_chance(0.05) and parts["street_name"]:
        parts["street_name"] = misspelled(parts["street_name"], rng)
    if by_chance(0.03):
        parts["street_dir_prefix"] = None
    elif by_chance(0.02):
        parts["street_suffix"] = None
    if by_chance(0.01) and parts["street_number"]:
        parts["street_number"] = transposed(parts["street_number"])
    if unit:
        unit = rng.choice([unit, f"#{unit}", f"Unit {unit}", unit.lower()])
    if by_chance(0.03):
        change["postal_code"] = None
    if by_chance(0.10):
        change |= {"latitude": None, "longitude": None}
    elif by_chance(0.3) and first["latitude"] is not None:
        change["latitude"] = first["latitude"] + rng.uniform(-1, 1) * 0.00009
        change["longitude"] = first["longitude"] + rng.uniform(-1, 1) * 0.00009
    if has_parcel and not unit and by_chance(0.04):
        parts = dict.fromkeys(parts)
    line = " ".join(str(part) for part in parts.values() if part)
    change |= {**parts, "unit_number": unit, "unparsed_address": line or None}
    return [{**row, **change} for row in versions]


def misspelled(name: str, rng: random.Random) -> str:
    """One letter dropped, doubled, changed or swapped with the next."""
    at = rng.randrange(1, len(name) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return name[:at] + name[at + 1 :]
    if kind == 1:
        return name[:at] + name[at] + name[at:]
    if kind == 2:
        return name[:at] + rng.choice("aeiourstln") + name[at + 1 :]
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def transposed(number: str) -> str:
    """The last two digits swapped."""
    return number[:-2] + number[-1] + number[-2]
