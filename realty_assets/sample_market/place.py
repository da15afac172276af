"""The town: where homes stand and what the place adds to their log price.

Names and the lay of the land are the same for every seed; the price surface (smooth bumps) and
the steps at borders are drawn from the seed. Real market areas and school districts of Houston
lend their names; subdivisions and prices are invented.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realty_assets.sample_market import constants as k

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CENTRE_LAT, CENTRE_LON = 29.7604, -95.3698
KM_PER_LAT = 110.85
KM_PER_LON = 111.32 * float(np.cos(np.radians(CENTRE_LAT)))

# code, market area, city, two zips, latitude, longitude, level of prices, median square feet,
# median year built
AREAS: tuple[tuple[str, str, str, tuple[str, str], float, float, float, int, int], ...] = (
    (
        "9",
        "Heights/Greater Heights",
        "Houston",
        ("77008", "77009"),
        29.80,
        -95.41,
        0.30,
        1750,
        1965,
    ),
    ("23", "Memorial West", "Houston", ("77079", "77077"), 29.765, -95.60, 0.22, 2450, 1976),
    ("25", "Katy - North", "Katy", ("77449", "77493"), 29.845, -95.74, -0.12, 2050, 2004),
    (
        "36",
        "Fulshear/South Brookshire/Simonton",
        "Fulshear",
        ("77441", "77423"),
        29.71,
        -95.88,
        0.05,
        2750,
        2014,
    ),
    ("5", "Pearland", "Pearland", ("77584", "77581"), 29.555, -95.34, -0.02, 2300, 2001),
    ("14", "Spring East", "Spring", ("77373", "77388"), 30.065, -95.385, -0.18, 1950, 1992),
    ("35", "Hockley", "Hockley", ("77447", "77484"), 30.02, -95.82, -0.08, 2250, 2010),
    ("13", "Spring/Klein", "Spring", ("77379", "77389"), 30.04, -95.53, 0.0, 2600, 1996),
    ("11", "Cypress North", "Cypress", ("77429", "77433"), 29.96, -95.68, 0.0, 2500, 2006),
    (
        "17",
        "West University/Southside Area",
        "Houston",
        ("77005", "77025"),
        29.705,
        -95.43,
        0.42,
        2400,
        1958,
    ),
    ("3", "Northside", "Houston", ("77022", "77093"), 29.86, -95.34, -0.32, 1350, 1955),
    ("7", "Clear Lake Area", "Houston", ("77058", "77062"), 29.575, -95.12, -0.06, 2050, 1979),
)
PER_AREA = 4
SUBDIVISIONS = (
    "Heights Annex", "Juniper Row", "Old Railyard", "Woodland Crossing",
    "Bayou Terrace", "Memorial Glade", "Rustling Oaks", "Gessner Park",
    "Cypress Bend", "Prairie Lark", "Williamsfield", "Raintree Commons",
    "Fern Lake", "Brazos Orchard", "Polo Meadow", "Cane Island Run",
    "Gulf Meadow", "Silver Creek", "Shadow Grove", "Corrigan Place",
    "Pine Hollow", "Old Depot", "Birnam Trace", "Cypresswood Glen",
    "Prairie Gate", "Bauer Farms", "Stone Hollow", "Dellrose",
    "Champions Rest", "Gleannloch Fields", "Memorial Pines", "Kuykendahl Oaks",
    "Fairfield Reach", "Towne Lake Shore", "Coles Landing", "Rock Creek Run",
    "College Oaks", "Braes Court", "Bellaire Gardens", "Southgate Row",
    "Lindale Court", "Tidwell Park", "Hardy Acres", "Airline Place",
    "Bay Oaks Point", "Nassau Cove", "Brook Forest", "Meadow Bend",
)  # fmt: skip
# name, latitude, longitude of the seed of its cell: district borders do not follow market areas
DISTRICTS = (
    ("27 - Houston", 29.77, -95.38), ("49 - Spring Branch", 29.80, -95.555),
    ("30 - Katy", 29.80, -95.76), ("33 - Lamar Consolidated", 29.665, -95.845),
    ("42 - Pearland", 29.545, -95.325), ("48 - Spring", 30.075, -95.375),
    ("55 - Waller", 30.03, -95.83), ("32 - Klein", 30.045, -95.515),
    ("13 - Cypress-Fairbanks", 29.945, -95.665), ("1 - Aldine", 29.895, -95.335),
    ("9 - Clear Creek", 29.565, -95.13), ("3 - Alvin", 29.525, -95.375),
)  # fmt: skip


@dataclass(frozen=True)
class Sites:
    """Where n homes stand. Arrays of length n; coordinates in degrees, x and y in km."""

    latitude: Floats
    longitude: Floats
    x: Floats
    y: Floats
    subdivision: Ints
    district: Ints
    smooth: Floats
    """Log price of the smooth surface, the market area's level and the way to the centre."""
    edge: Floats
    """Log price of the steps at subdivision, district and bayou borders."""


def to_km(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Degrees to km east and north of downtown (flat earth: the town is 90 km wide)."""
    return (lon - CENTRE_LON) * KM_PER_LON, (lat - CENTRE_LAT) * KM_PER_LAT


def bayou_y(x: Floats) -> Floats:
    """The bayou's course, km north of downtown at x km east of it."""
    return 1.5 + 3.0 * np.sin(x / 7.0) + 1.2 * np.sin(x / 2.3)


def subdivision_centres() -> Floats:
    """(48, 2) km: four around each market area's middle, pushed about by a fixed draw."""
    rng = np.random.default_rng(1836)
    lat = np.array([a[4] for a in AREAS])
    lon = np.array([a[5] for a in AREAS])
    x, y = to_km(lat, lon)
    corner = np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)], dtype=float) * 1.5
    middle = np.stack([x, y], axis=1)[:, None, :]
    return (middle + corner[None] + rng.normal(0, 0.35, (len(AREAS), 4, 2))).reshape(-1, 2)


def _nearest(x: Floats, y: Floats, px: Floats, py: Floats) -> Ints:
    best = np.full(x.shape, np.inf)
    which = np.zeros(x.shape, dtype=np.int64)
    for i, (qx, qy) in enumerate(zip(px, py, strict=True)):  # a few dozen: no n x m matrix
        d = (x - qx) ** 2 + (y - qy) ** 2
        closer = d < best
        best[closer] = d[closer]
        which[closer] = i
    return which


def place_homes(rng: np.random.Generator, surface: np.random.Generator, n: int) -> Sites:
    """Draw n sites and the price of each.

    `rng` places homes, `surface` draws the price surface, so that the surface of a seed does not
    depend on how many homes are drawn.
    """
    centres = subdivision_centres()
    n_sub = len(centres)
    home_of = rng.integers(0, n_sub, n)
    r = 2.1 * np.sqrt(rng.random(n))
    a = rng.random(n) * 2 * np.pi
    x = centres[home_of, 0] + r * np.cos(a)
    y = centres[home_of, 1] + r * np.sin(a)
    # Cells, not discs: two homes either side of a border are close and priced apart.
    subdivision = _nearest(x, y, centres[:, 0], centres[:, 1])
    dx, dy = to_km(np.array([d[1] for d in DISTRICTS]), np.array([d[2] for d in DISTRICTS]))
    district = _nearest(x, y, dx, dy)

    level = np.repeat(np.array([a[6] for a in AREAS]), PER_AREA)
    smooth = level[subdivision] * 0.6 + k.CENTRE_SLOPE_PER_KM * np.minimum(np.hypot(x, y), 40)
    for count, sd, (low, high) in (
        (k.BROAD_BUMPS, k.BROAD_SD, k.BROAD_KM),
        (k.LOCAL_BUMPS, k.LOCAL_SD, k.LOCAL_KM),
    ):
        px = surface.uniform(-52, 30, count)
        py = surface.uniform(-26, 38, count)
        if count == k.LOCAL_BUMPS:  # where homes are, or most would be wasted on fields
            at = surface.integers(0, n_sub, count)
            px = centres[at, 0] + surface.normal(0, 2.0, count)
            py = centres[at, 1] + surface.normal(0, 2.0, count)
        width = surface.uniform(low, high, count)
        height = surface.normal(0, sd, count)
        for i in range(count):
            d2 = (x - px[i]) ** 2 + (y - py[i]) ** 2
            smooth = smooth + height[i] * np.exp(-0.5 * d2 / width[i] ** 2)
    sub_step = surface.normal(0, k.SUBDIVISION_STEP_SD, n_sub)
    district_step = surface.normal(0, k.DISTRICT_STEP_SD, len(DISTRICTS))
    edge = (
        sub_step[subdivision]
        + district_step[district]
        + np.where(y > bayou_y(x), 0.5, -0.5) * k.BAYOU_STEP
    )
    return Sites(
        latitude=np.round(CENTRE_LAT + y / KM_PER_LAT, 6),
        longitude=np.round(CENTRE_LON + x / KM_PER_LON, 6),
        x=x,
        y=y,
        subdivision=subdivision,
        district=district,
        smooth=smooth,
        edge=edge,
    )
