"""Charts as SVG text: pure functions of numbers, without colours of their own.

Colours come from the page's stylesheet by class (light, dark and print share one drawing). Dots are
zero-length strokes with round caps: a dozen bytes each, so that thousands fit into a page.
Coordinates are rounded to a tenth of a unit, which makes the text the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

Point = tuple[float, float]
Format = Callable[[float], str]


@dataclass(frozen=True)
class Scale:
    """A strictly increasing map from [low, high] (data) to the drawing's `start`..`end`.

    On a log scale both ends must be positive. Raises ValueError for an empty or impossible range.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError(f"no scale from {self.low} to {self.high}")

    def __call__(self, value: float) -> float:
        """Where a value is drawn; values beyond the ends are drawn at the ends."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers within the scale: powers of ten times 1, 2, 5, or even steps."""
        if self.log:
            first = math.floor(math.log10(self.low))
            last = math.ceil(math.log10(self.high))
            for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
                found = [
                    digit * 10.0**power
                    for power in range(first, last + 1)
                    for digit in steps
                    if self.low <= digit * 10.0**power <= self.high
                ]
                if len(found) >= about - 1:
                    break
            return found
        rough = (self.high - self.low) / max(about - 1, 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough * 0.72)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(number * step, 10) for number in range(first, last + 1)]


def usd_short(value: float) -> str:
    """350000 -> $350K, 1500000 -> $1.5M."""
    if value >= 1e6:
        return f"${value / 1e6:.3g}M"
    return f"${value / 1e3:.3g}K" if value >= 1e3 else f"${value:.0f}"


def percent(value: float) -> str:
    """0.075 -> 7.5%, 0.1 -> 10%."""
    return f"{100 * value:.3g}%"


def _n(value: float) -> str:
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def _text(x: float, y: float, text: str, css: str, anchor: str = "middle") -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" class="{css}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<path class="{css}" d="M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}"/>'


def _svg(width: float, height: float, title: str, summary: str, parts: Iterable[str]) -> Markup:
    """The drawing, named for those who do not see it."""
    body = "\n".join(parts)
    return Markup(
        f'<svg viewBox="0 0 {_n(width)} {_n(height)}" role="img" '
        f'aria-label="{escape(title)}. {escape(summary)}">\n{body}\n</svg>'
    )


def dots(points: Iterable[Point], css: str) -> str:
    """One path with a dot at every point; nothing for no points."""
    drawn = "".join(f"M{_n(x)} {_n(y)}h0" for x, y in points)
    return f'<path class="dots {css}" d="{drawn}"/>' if drawn else ""


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
    parts = [_line(x(t), top, x(t), bottom, "grid") for t in ticks]
    parts += [_line(left, y(t), right, y(t), "grid") for t in ticks]
    under, over = 1 - band, 1 + band
    corners = [
        (low, low * over),
        (high / over, high),
        (high, high),
        (high, high * under),
        (low / under, low),
        (low, low),
    ]
    outline = "L".join(f"{_n(x(a))} {_n(y(b))}" for a, b in corners)
    parts.append(f'<path class="band" d="M{outline}Z"/>')
    parts.append(_line(x(low), y(low), x(high), y(high), "rule"))
    parts += [dots([(x(a), y(b)) for a, b in points], css) for css, points in layers]
    parts += [_text(x(t), bottom + 16, usd_short(t), "tick") for t in ticks]
    parts += [_text(left - 7, y(t) + 4, usd_short(t), "tick", "end") for t in ticks]
    parts.append(_text((left + right) / 2, size - 6, x_label, "label"))
    parts.append(
        f'<g transform="rotate(-90 10 {_n((top + bottom) / 2)})">'
        + _text(10, (top + bottom) / 2 + 3, y_label, "label")
        + "</g>"
    )
    return _svg(size, size, title, summary, parts)


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
    parts = [f'<rect class="land" width="{_n(width)}" height="{_n(height)}" rx="6"/>']
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
    parts.append(
        f'<path class="axis" d="M{_n(start)} {_n(foot - 4)}V{_n(foot)}H{_n(end)}V{_n(foot - 4)}"/>'
    )
    parts.append(_text(start - 6, foot, f"{miles:g} mi", "tick", "end"))
    parts.append(_text(margin, foot, "North is up", "tick", "start"))
    return _svg(width, height, title, summary, parts)


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
) -> Markup:
    """One line per figure: a dot with its interval, on a shared axis.

    `reference` is a dashed line across all. Raises ValueError without rows.
    """
    if not rows:
        raise ValueError("no figures to draw")
    seen = [v for row in rows for v in (row.value, row.low, row.high) if v is not None]
    seen += [reference] if reference is not None else []
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    pad = max((high - low) * 0.12, 0.005)
    left, right, top, step = 86.0, width - 58, 24.0, 30.0
    bottom = top + step * len(rows)
    x = Scale(low - pad, high + pad, left, right)
    parts = [_line(x(t), top, x(t), bottom, "grid") for t in x.ticks(5)]
    if reference is not None:
        parts.append(_line(x(reference), top - 4, x(reference), bottom, "rule"))
        parts.append(_text(x(reference), top - 10, reference_label, "tick"))
    for number, row in enumerate(rows):
        y = top + step * (number + 0.5)
        parts.append(_text(left - 10, y + 4, row.name, "tick", "end"))
        if row.value is None:
            parts.append(_text(left + 4, y + 4, empty, "tick", "start"))
            continue
        if row.low is not None and row.high is not None:
            parts.append(_line(x(row.low), y, x(row.high), y, "whisker"))
        parts.append(dots([(x(row.value), y)], "estimate"))
        parts.append(_text(right + 8, y + 4, show(row.value), "figure", "start"))
    parts += [_text(x(t), bottom + 16, percent(t), "tick") for t in x.ticks(5)]
    return _svg(width, bottom + 24, title, summary, parts)


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
        parts.append(_line(left, y(t), right, y(t), "grid"))
        parts.append(_text(left - 7, y(t) + 4, f"{t:g}", "tick", "end"))
    drawn = [(x(i), y(value)) for i, value in enumerate(values)]
    first_ahead = max(len(known) - 1, 0)
    parts.append(_polyline(drawn[: len(known)], "series"))
    if forecast:
        parts.append(_polyline(drawn[first_ahead:], "series ahead"))
    every = max(math.ceil(len(values) / 6), 1)
    parts += [
        _text(x(i), bottom + 19, names[i], "tick")
        for i in range(0, len(values) - every // 2, every)
    ]
    marked = [i for i in {len(known) - 1, len(values) - 1} if i >= 0]
    parts.append(dots([drawn[i] for i in sorted(marked)], "estimate"))
    if known and forecast:
        at = drawn[len(known) - 1]
        parts.append(_text(at[0] - 6, at[1] - 10, f"{known[-1]:.1f}", "figure", "end"))
    at = drawn[-1]
    parts.append(_text(at[0] + 8, at[1] + 4, f"{values[-1]:.1f}", "figure", "start"))
    return _svg(width, height, title, summary, parts)


def _polyline(points: Sequence[Point], css: str) -> str:
    if len(points) < 2:
        return ""
    body = "".join(f"L{_n(bx)} {_n(by)}" for _, (bx, by) in pairwise(points))
    return f'<path class="{css}" d="M{_n(points[0][0])} {_n(points[0][1])}{body}"/>'


def span_bar(low: float, high: float, mark: float | None, scale: Scale) -> Markup:
    """A bar from `low` to `high` with a notch at 1 and a tick at `mark`: a row's interval at a
    glance. Decoration: the row says the same in figures."""
    middle, height = 7.0, 14.0
    parts = [
        _line(scale(low), middle, scale(high), middle, "span"),
        _line(scale(1.0), middle - 4, scale(1.0), middle + 4, "notch"),
    ]
    if mark is not None:
        parts.append(dots([(scale(mark), middle)], "mark"))
    body = "".join(parts)
    return Markup(
        f'<svg class="bar" viewBox="0 0 {_n(scale.end + 4)} {_n(height)}" aria-hidden="true">'
        f"{body}</svg>"
    )
