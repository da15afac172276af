"""Charts as SVG text: pure functions of numbers, without colours of their own.

Colours come from the page's stylesheet by class (light, dark and print share one drawing). Dots are
zero-length strokes with round caps: a dozen bytes each, so that thousands fit into a page.
Coordinates are rounded to a tenth of a unit, which makes the text the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from realty_assets.drawing import (
    Format,
    Point,
    Scale,
    dots,
    drawing,
    label,
    percent,
    segment,
    tenth,
    usd_short,
)


def scatter(
    layers: Sequence[tuple[str, Sequence[Point]]],
    *,
    title: str,
    summary: str,
    x_label: str,
    y_label: str,
    band: float = 0.10,
    size: float = 460,
) -> Markup:
    """Predicted (y) against sold (x) in dollars, both axes logarithmic and alike.

    `layers` are (css class, points), drawn in order. The diagonal is a perfect value; the grey band
    is `band` either side of it. Raises ValueError without points.
    """
    values = [value for _, points in layers for point in points for value in point]
    if not values:
        raise ValueError("no points to draw")
    low, high = min(values) * 0.93, max(values) * 1.07
    left, right, top, bottom = 68.0, size - 8, 8.0, size - 46
    x, y = Scale(low, high, left, right, log=True), Scale(low, high, bottom, top, log=True)
    ticks = x.ticks(6)
    parts = [segment(x(t), top, x(t), bottom, "grid") for t in ticks]
    parts += [segment(left, y(t), right, y(t), "grid") for t in ticks]
    under, over = 1 - band, 1 + band
    corners = [
        (low, low * over),
        (high / over, high),
        (high, high),
        (high, high * under),
        (low / under, low),
        (low, low),
    ]
    outline = "L".join(f"{tenth(x(a))} {tenth(y(b))}" for a, b in corners)
    parts.append(f'<path class="band" d="M{outline}Z"/>')
    parts.append(segment(x(low), y(low), x(high), y(high), "rule"))
    parts += [dots([(x(a), y(b)) for a, b in points], css) for css, points in layers]
    parts += [label(x(t), bottom + 16, usd_short(t), "tick") for t in ticks]
    parts += [label(left - 7, y(t) + 4, usd_short(t), "tick", "end") for t in ticks]
    parts.append(label((left + right) / 2, size - 6, x_label, "label"))
    parts.append(
        f'<g transform="rotate(-90 10 {tenth((top + bottom) / 2)})">'
        + label(10, (top + bottom) / 2 + 3, y_label, "label")
        + "</g>"
    )
    return drawing(size, size, title, summary, parts)


@dataclass(frozen=True)
class Frame:
    """The part of the world that a map shows, in degrees."""

    west: float
    east: float
    south: float
    north: float

    def holds(self, place: Point) -> bool:
        """Whether (longitude, latitude) lies inside."""
        return self.west <= place[0] <= self.east and self.south <= place[1] <= self.north


def frame_of(places: Sequence[Point], trim: float = 0.0025, many: int = 400) -> Frame:
    """The frame of (longitude, latitude) in degrees.

    With `many` places or more, `trim` of them may fall outside at either side where that saves a
    fifth of the width or height, or a few remote homes would push all others together. Raises
    ValueError without places.
    """
    if not places:
        raise ValueError("no places to draw")
    drop = int(trim * len(places)) if len(places) >= many else 0
    (west, east), (south, north) = (
        _range(sorted(place[axis] for place in places), drop) for axis in (0, 1)
    )
    return Frame(west, east, south, north)


def _range(values: Sequence[float], drop: int) -> tuple[float, float]:
    low, high = values[drop], values[len(values) - 1 - drop]
    worth_it = high - low < 0.8 * (values[-1] - values[0])
    return (low, high) if worth_it else (values[0], values[-1])


def place_map(
    places: Sequence[tuple[str, Point]],
    frame: Frame,
    *,
    title: str,
    summary: str,
    width: float = 460,
    max_height: float = 520,
) -> Markup:
    """Homes as (css class, (longitude, latitude)) in degrees, equal-aspect at the middle latitude.

    Equirectangular: a degree of longitude is cos(latitude) of a degree of latitude. Places outside
    the frame are not drawn. A bar shows the distance in miles.
    """
    shrink = math.cos(math.radians((frame.south + frame.north) / 2))
    # Half a mile at least, so that one home or one street is not blown up to fill the page.
    across = max((frame.east - frame.west) * shrink, 0.007)
    up = max(frame.north - frame.south, 0.007)
    margin = 12.0
    unit = min((width - 2 * margin) / across, (max_height - 2 * margin) / up)
    height = up * unit + 2 * margin + 22
    middle_x, middle_y = (frame.west + frame.east) / 2, (frame.south + frame.north) / 2
    drawn = [
        (
            css,
            (
                width / 2 + (place[0] - middle_x) * shrink * unit,
                margin + up * unit / 2 - (place[1] - middle_y) * unit,
            ),
        )
        for css, place in places
        if frame.holds(place)
    ]
    size = "small" if len(drawn) > 1500 else "large"
    parts = [f'<rect class="land" width="{tenth(width)}" height="{tenth(height)}" rx="6"/>']
    # A class drawn last would cover the others where homes are dense, so classes take turns.
    for first in range(0, len(drawn), 40):
        turn: dict[str, list[Point]] = {}
        for css, point in drawn[first : first + 40]:
            turn.setdefault(css, []).append(point)
        parts += [dots(points, f"{size} {css}") for css, points in sorted(turn.items())]
    miles_per_unit = 69.0 / unit
    miles = max(
        (m for m in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if m / miles_per_unit <= width / 3),
        default=0.1,
    )
    end = width - margin
    start = end - miles / miles_per_unit
    foot = height - 10
    bar = f"M{tenth(start)} {tenth(foot - 4)}V{tenth(foot)}H{tenth(end)}V{tenth(foot - 4)}"
    parts.append(f'<path class="axis" d="{bar}"/>')
    parts.append(label(start - 6, foot, f"{miles:g} mi", "tick", "end"))
    parts.append(label(margin, foot, "North is up", "tick", "start"))
    return drawing(width, height, title, summary, parts)


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; None where there are too few sales for one."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None


def whiskers(
    rows: Sequence[Estimate],
    *,
    title: str,
    summary: str,
    reference: float | None = None,
    reference_label: str = "",
    show: Format,
    empty: str = "n too small",
    width: float = 460,
    names: float = 86,
) -> Markup:
    """One line per figure: a dot with its interval, on a shared axis.

    `reference` is a dashed line across all; `names` the width left for names. Raises ValueError
    without rows.
    """
    if not rows:
        raise ValueError("no figures to draw")
    seen = [v for row in rows for v in (row.value, row.low, row.high) if v is not None]
    seen += [reference] if reference is not None else []
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    pad = max((high - low) * 0.12, 0.005)
    left, right, top, step = names, width - 58, 24.0, 30.0
    bottom = top + step * len(rows)
    x = Scale(low - pad, high + pad, left, right)
    parts = [segment(x(t), top, x(t), bottom, "grid") for t in x.ticks(5)]
    if reference is not None:
        parts.append(segment(x(reference), top - 4, x(reference), bottom, "rule"))
        parts.append(label(x(reference), top - 10, reference_label, "tick"))
    for number, row in enumerate(rows):
        y = top + step * (number + 0.5)
        parts.append(label(left - 10, y + 4, row.name, "tick", "end"))
        if row.value is None:
            parts.append(label(left + 4, y + 4, empty, "tick", "start"))
            continue
        if row.low is not None and row.high is not None:
            parts.append(segment(x(row.low), y, x(row.high), y, "whisker"))
        parts.append(dots([(x(row.value), y)], "estimate"))
        parts.append(label(right + 8, y + 4, show(row.value), "figure", "start"))
    parts += [label(x(t), bottom + 16, percent(t), "tick") for t in x.ticks(5)]
    return drawing(width, bottom + 24, title, summary, parts)


def line(
    known: Sequence[float],
    forecast: Sequence[float],
    names: Sequence[str],
    *,
    title: str,
    summary: str,
    width: float = 460,
    height: float = 290,
) -> Markup:
    """A series by month: solid where known, dashed where forecast (which begins at its last point).

    `names` labels all points, known first. Raises ValueError for fewer than two points.
    """
    values = [*known, *forecast]
    if len(values) < 2 or len(values) != len(names):
        raise ValueError("a line needs two points, and a name for each")
    low, high = min(values), max(values)
    pad = max((high - low) * 0.12, 0.5)
    left, right, top, bottom = 44.0, width - 52, 10.0, height - 30
    x = Scale(0, len(values) - 1, left, right)
    y = Scale(low - pad, high + pad, bottom, top)
    parts = []
    for t in y.ticks(5):
        parts.append(segment(left, y(t), right, y(t), "grid"))
        parts.append(label(left - 7, y(t) + 4, f"{t:g}", "tick", "end"))
    drawn = [(x(i), y(value)) for i, value in enumerate(values)]
    first_ahead = max(len(known) - 1, 0)
    parts.append(_polyline(drawn[: len(known)], "series"))
    if forecast:
        parts.append(_polyline(drawn[first_ahead:], "series ahead"))
    every = max(math.ceil(len(values) / 6), 1)
    parts += [
        label(x(i), bottom + 19, names[i], "tick")
        for i in range(0, len(values) - every // 2, every)
    ]
    marked = [i for i in {len(known) - 1, len(values) - 1} if i >= 0]
    parts.append(dots([drawn[i] for i in sorted(marked)], "estimate"))
    if known and forecast:
        at = drawn[len(known) - 1]
        parts.append(label(at[0] - 6, at[1] - 10, f"{known[-1]:.1f}", "figure", "end"))
    at = drawn[-1]
    parts.append(label(at[0] + 8, at[1] + 4, f"{values[-1]:.1f}", "figure", "start"))
    return drawing(width, height, title, summary, parts)


def _polyline(points: Sequence[Point], css: str) -> str:
    if len(points) < 2:
        return ""
    body = "".join(f"L{tenth(bx)} {tenth(by)}" for _, (bx, by) in pairwise(points))
    return f'<path class="{css}" d="M{tenth(points[0][0])} {tenth(points[0][1])}{body}"/>'


def span_bar(low: float, high: float, mark: float | None, scale: Scale) -> Markup:
    """A bar from `low` to `high` with a notch at 1 and a tick at `mark`: a row's interval at a
    glance. Decoration: the row says the same in figures."""
    middle, height = 7.0, 14.0
    parts = [
        segment(scale(low), middle, scale(high), middle, "span"),
        segment(scale(1.0), middle - 4, scale(1.0), middle + 4, "notch"),
    ]
    if mark is not None:
        parts.append(dots([(scale(mark), middle)], "mark"))
    body = "".join(parts)
    box = f"0 0 {tenth(scale.end + 4)} {tenth(height)}"
    return Markup(f'<svg class="bar" viewBox="{box}" aria-hidden="true">{body}</svg>')
