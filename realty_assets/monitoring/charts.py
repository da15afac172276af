"""A figure by month with its interval, as SVG without colours of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from realty_assets.drawing import Format, Scale, dots, drawing, label, segment

WIDTH, HEIGHT = 460.0, 190.0


@dataclass(frozen=True)
class Point:
    """A month's figure and its interval; `seen` is drawn over it where it is known."""

    name: str
    value: float
    low: float | None
    high: float | None
    seen: float | None = None


def by_month(
    points: Sequence[Point], form: Format, *, title: str, summary: str, mark: float | None = None
) -> Markup:
    """A dot and whisker a month, oldest first; `mark` is a line to compare with.

    Raises ValueError without points.
    """
    if not points:
        raise ValueError("no months to draw")
    ends = [x for p in points for x in (p.value, p.low, p.high, p.seen, mark) if x is not None]
    pad = max((max(ends) - min(ends)) * 0.1, 1e-3)
    left, right, top, bottom = 52.0, WIDTH - 14, 10.0, HEIGHT - 28
    x = Scale(-0.5, len(points) - 0.5, left, right)
    y = Scale(min(ends) - pad, max(ends) + pad, bottom, top)
    parts = []
    for tick in y.ticks(4):
        parts.append(segment(left, y(tick), right, y(tick), "grid"))
        parts.append(label(left - 7, y(tick) + 4, form(tick), "tick", "end"))
    if mark is not None:
        parts.append(segment(left, y(mark), right, y(mark), "rule"))
    for at, point in enumerate(points):
        if point.low is not None and point.high is not None:
            parts.append(segment(x(at), y(point.low), x(at), y(point.high), "whisker"))
    parts.append(dots([(x(at), y(point.value)) for at, point in enumerate(points)], "estimate"))
    seen = [(x(at), y(point.seen)) for at, point in enumerate(points) if point.seen is not None]
    if seen:
        parts.append(dots(seen, "seen"))
    every = max(math.ceil(len(points) / 6), 1)
    for at in range((len(points) - 1) % every, len(points), every):
        parts.append(label(x(at), bottom + 18, points[at].name, "tick"))
    return drawing(WIDTH, HEIGHT, title, summary, parts)
