"""The maps of the report: where values lay too low or too high, and where the valued homes are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.serving import charts
from realty_assets.serving.report_text import Row, number

MOST_ZIPS = 14
Facts = Mapping[str, Sequence[Row]]
# Upper ends of the classes of signed error on the map; the last class is open.
ERROR_CLASSES = (
    ("e1", -0.15, "over 15% too low"),
    ("e2", -0.05, "5 to 15% too low"),
    ("e3", 0.05, "within 5%"),
    ("e4", 0.15, "5 to 15% too high"),
    ("e5", math.inf, "over 15% too high"),
)


def error_map_part(facts: Facts) -> Row | None:
    """Where values lay too low and too high; None without coordinates."""
    placed = [
        (error_class(row["prediction"] / row["close_price"] - 1), place)
        for row in facts["points"]
        if (place := place_of(row))
    ]
    if not placed:
        return None
    drawn = map_of(
        placed,
        title="Where values were too low or too high",
        summary="coloured by how far the value lay from the price",
    )
    counts = Counter(css for css, _ in placed)
    return drawn | {
        "legend": [(css, name, counts[css]) for css, _, name in ERROR_CLASSES],
        "zips": [row for row in facts["places"] if row["n"] >= MIN_SALES],
        "small": [row for row in facts["places"] if row["n"] < MIN_SALES],
    }


def error_class(error: float) -> str:
    """The class of a signed error (value over price less one)."""
    return next(css for css, upper, _ in ERROR_CLASSES if error <= upper)


def place_of(row: Row) -> charts.Point | None:
    """(longitude, latitude) in degrees, or None where one is missing."""
    longitude, latitude = number(row["longitude"]), number(row["latitude"])
    return None if longitude is None or latitude is None else (longitude, latitude)


def map_of(placed: Sequence[tuple[str, charts.Point]], *, title: str, summary: str) -> Row:
    """A map, how many homes are on it, and how many lie beyond its frame."""
    frame = charts.frame_of([place for _, place in placed])
    n_drawn = sum(frame.holds(place) for _, place in placed)
    chart = charts.place_map(placed, frame, title=title, summary=f"{n_drawn} homes, {summary}")
    return {"chart": chart, "n_drawn": n_drawn, "n_beyond": len(placed) - n_drawn}


def value_map_part(facts: Facts) -> Row | None:
    """Where the valued homes are, in five equal groups by value; None without coordinates."""
    placed = [
        (f"v{row['fifth']}", place) for row in facts["value_places"] if (place := place_of(row))
    ]
    if not placed:
        return None
    drawn = map_of(
        placed, title="Values by place", summary="coloured by which fifth their value is in"
    )
    zips = facts["value_zips"]
    return drawn | {"legend": facts["value_fifths"], "zips": zips, "n_shown": MOST_ZIPS}
