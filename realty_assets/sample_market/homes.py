"""The homes: structure, address and condition, and what structure adds to the log price."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realty_assets.sample_market import constants as k
from realty_assets.sample_market.place import AREAS, PER_AREA, SUBDIVISIONS, Sites, place_homes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STREET_WORDS = (
    "Alder", "Aspen", "Birch", "Cedar", "Clover", "Dogwood", "Elm", "Fern", "Gum", "Hazel",
    "Iris", "Juniper", "Kestrel", "Laurel", "Maple", "Nutmeg", "Oak", "Pecan", "Quail", "Redbud",
    "Sage", "Thrush", "Umber", "Violet", "Willow", "Yaupon",
)  # fmt: skip
SUFFIXES = ("Lane", "Court", "Drive", "Circle", "Street", "Trail", "Way")
STREETS_PER_SUBDIVISION = 25


@dataclass(frozen=True)
class Homes:
    """n homes, arrays of length n. Areas in square feet, age effects are added per sale."""

    sites: Sites
    living_area: Ints
    lot: Ints
    year_built: Ints
    beds: Ints
    baths_full: Ints
    baths_half: Ints
    stories: Floats
    garage: Ints
    pool: NDArray[np.bool_]
    townhouse: NDArray[np.bool_]
    structure: Floats
    """Log price of all but age."""
    condition: Floats
    """Log price effect of condition at the first listing; normal, sd CONDITION_SD."""
    street: Ints
    street_number: Ints
    unit: Ints
    """0 for none, else 1 for A, 2 for B and so on."""


def age_effect(year_built: Ints, year: Floats) -> Floats:
    """Log price of age in a (fractional) year: linear, flat beyond AGE_CAP_YEARS."""
    return k.AGE_PER_YEAR * np.clip(year - year_built, 0, k.AGE_CAP_YEARS)


def build_homes(seed: int, n: int) -> Homes:
    """Draw n homes from a seed."""
    rng = np.random.default_rng([seed, 1])
    sites = place_homes(rng, np.random.default_rng([seed, 2]), n)
    sub = sites.subdivision
    own = np.random.default_rng([seed, 3])  # a subdivision's own era and size
    n_sub = len(SUBDIVISIONS)
    era = np.repeat(np.array([a[8] for a in AREAS]), PER_AREA) + own.normal(0, 6, n_sub)
    size = np.repeat(np.array([a[7] for a in AREAS]), PER_AREA) * np.exp(own.normal(0, 0.1, n_sub))
    lot_of = 7200 * np.exp(own.normal(0, 0.25, n_sub))

    townhouse = rng.random(n) < 0.11
    area = size[sub] * np.exp(rng.normal(0, 0.27, n)) * np.where(townhouse, 0.85, 1.0)
    area = np.clip(np.round(area), 700, 7800).astype(np.int64)
    lot = lot_of[sub] * np.exp(rng.normal(0, 0.28, n)) * np.where(townhouse, 0.35, 1.0)
    lot = np.maximum(np.clip(np.round(lot), 1100, 60000), np.round(0.55 * area)).astype(np.int64)
    # Never newer than the first day of the market: no home is listed before it is built.
    year = np.clip(np.round(era[sub] + rng.normal(0, 7, n)), 1915, k.START.year - 1)
    beds = np.clip(np.round(area / 680 + rng.normal(0, 0.6, n)), 1, 7).astype(np.int64)
    full = np.clip(np.round(area / 1050 + rng.normal(0, 0.4, n)), 1, 6).astype(np.int64)
    half = (rng.random(n) < np.clip(area / 5200, 0.1, 0.8)).astype(np.int64)
    tall = np.clip((area - 1200) / 2600, 0.05, 0.9) + 0.3 * townhouse
    draw = rng.random(n)
    stories = np.where(draw < tall, 2.0, np.where(draw < tall + 0.06, 1.5, 1.0))
    stories = np.where(townhouse & (rng.random(n) < 0.3), 3.0, stories)
    garage = rng.choice(4, n, p=(0.1, 0.14, 0.58, 0.18))
    pool = (rng.random(n) < np.clip((area - 1400) / 7000, 0.03, 0.4)) & ~townhouse

    structure = (
        k.AREA_ELASTICITY * np.log(area / 2000)
        + k.LOT_ELASTICITY * np.log(lot / 7500)
        + k.BATH_EACH * (full + 0.5 * half - 2)
        + k.GARAGE_EACH * (garage - 2.0)
        + k.POOL * pool
        + k.STORIES_ABOVE_ONE * (stories > 1)
        + k.TOWNHOUSE * townhouse
        + k.CROWDED_BEDS * np.maximum(beds - area / 550, 0)
    )
    condition = np.clip(rng.normal(0, k.CONDITION_SD, n), -3 * k.CONDITION_SD, 3 * k.CONDITION_SD)

    street = sub * STREETS_PER_SUBDIVISION + rng.integers(0, STREETS_PER_SUBDIVISION, n)
    # Numbers run up along a street, so that no two homes share an address.
    order = np.argsort(street, kind="stable")
    rank = np.empty(n, dtype=np.int64)
    sorted_street = street[order]
    first = np.r_[0, np.flatnonzero(np.diff(sorted_street)) + 1]
    rank[order] = np.arange(n) - np.repeat(first, np.diff(np.r_[first, n]))
    base = 100 * rng.integers(1, 240, n_sub * STREETS_PER_SUBDIVISION)
    unit = np.where(townhouse & (rng.random(n) < 0.35), rng.integers(1, 7, n), 0)
    return Homes(
        sites=sites,
        living_area=area,
        lot=lot,
        year_built=year.astype(np.int64),
        beds=beds,
        baths_full=full,
        baths_half=half,
        stories=stories,
        garage=garage,
        pool=pool,
        townhouse=townhouse,
        structure=structure,
        condition=condition,
        street=street,
        street_number=base[street] + 4 * rank + 1,
        unit=unit,
    )


def street_names(seed: int) -> list[tuple[str, str]]:
    """(name, suffix) of each street of the town; no pair comes twice."""
    rng = np.random.default_rng([seed, 4])
    words = len(STREET_WORDS)
    pick = rng.permutation(words * words * len(SUFFIXES))
    n = len(SUBDIVISIONS) * STREETS_PER_SUBDIVISION
    names = []
    for p in pick:
        a, rest = divmod(int(p), words * len(SUFFIXES))
        b, s = divmod(rest, len(SUFFIXES))
        if a != b:
            names.append((f"{STREET_WORDS[a]} {STREET_WORDS[b]}", SUFFIXES[s]))
        if len(names) == n:
            break
    return names
