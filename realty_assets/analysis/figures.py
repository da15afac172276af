"""Drawings of the takeaways, as SVG text without colours of their own: the page's stylesheet has
them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from realty_assets.drawing import Format, Point, Scale, dots, drawing, label, segment, tenth

WIDTH, NAMES = 960.0, 250.0
SHADES = 5


@dataclass(frozen=True)
class Bar:
    """A figure with its interval; None where there is none."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None


def log_ticks(scale: Scale, about: int) -> list[float]:
    """Places on a scale of log points that are round as changes of the value: 10%, not 0.1.

    No change is worse than the loss of all.
    """
    changes = (change for change in scale.ticks(about) if change > -1.0)
    return [at for at in map(math.log1p, changes) if scale.low <= at <= scale.high]


def whiskers(
    rows: Sequence[Bar],
    *,
    title: str,
    summary: str,
    show: Format,
    log: bool = True,
    empty: str = "n too small",
) -> Markup:
    """A dot with its interval for each figure, on an axis that has zero in it.

    Figures are log points, unless `log` is False.
    """
    seen = [v for row in rows for v in (row.value, row.low, row.high) if v is not None]
    low, high = min([0.0, *seen]), max([0.0, *seen])
    pad = max((high - low) * 0.04, 1e-6)
    step, top, right = 20.0, 6.0, WIDTH - 90
    bottom = top + step * len(rows)
    x = Scale(low - pad, high + pad, NAMES, right)
    ticks = log_ticks(x, 6) if log else x.ticks(6)
    parts = [segment(x(t), top, x(t), bottom, "grid") for t in ticks]
    parts.append(segment(x(0.0), top, x(0.0), bottom, "axis"))
    for number, row in enumerate(rows):
        y = top + step * (number + 0.5)
        parts.append(label(NAMES - 8, y + 4, row.name, "tick", "end"))
        if row.value is None:
            parts.append(label(x(0.0) + 6, y + 4, empty, "tick", "start"))
            continue
        if row.low is not None and row.high is not None:
            parts.append(segment(x(row.low), y, x(row.high), y, "whisker"))
        parts.append(dots([(x(row.value), y)], "estimate"))
        parts.append(label(right + 10, y + 4, show(row.value), "figure", "start"))
    parts += [label(x(t), bottom + 14, show(t), "tick") for t in ticks]
    return drawing(WIDTH, bottom + 20, title, summary, parts)


def swarm(
    rows: Sequence[tuple[str, Sequence[tuple[float, float | None]]]],
    *,
    title: str,
    summary: str,
    show: Format,
) -> Markup:
    """For each name its homes as dots at their contribution (log points), shaded by the feature's
    own value: `rows` hold (contribution, share of homes whose value is lower, or None)."""
    every = [point for _, points in rows for point, _ in points]
    low, high = min([0.0, *every]), max([0.0, *every])
    pad = max((high - low) * 0.04, 1e-6)
    lane, top, right = 30.0, 6.0, WIDTH - 20
    bottom = top + lane * len(rows)
    x = Scale(low - pad, high + pad, NAMES, right)
    ticks = log_ticks(x, 7)
    parts = [segment(x(t), top, x(t), bottom, "grid") for t in ticks]
    parts.append(segment(x(0.0), top, x(0.0), bottom, "axis"))
    for number, (name, points) in enumerate(rows):
        middle = top + lane * (number + 0.5)
        parts.append(label(NAMES - 8, middle + 4, name, "tick", "end"))
        by_shade: dict[str, list[Point]] = {}
        taken: dict[int, int] = {}
        for value, share in sorted(points, key=lambda point: point[0]):
            # Dots of one column pile up from the middle outwards, in turn above and below.
            column = int(x(value) // 4)
            deep = taken.get(column, 0)
            taken[column] = deep + 1
            off = min((deep + 1) // 2 * 3.0, lane / 2 - 3) * (1 if deep % 2 else -1)
            shade = "none" if share is None else f"q{min(int(share * SHADES), SHADES - 1)}"
            by_shade.setdefault(shade, []).append((x(value), middle + off))
        parts += [dots(found, f"swarm {shade}") for shade, found in sorted(by_shade.items())]
    parts += [label(x(t), bottom + 14, show(t), "tick") for t in ticks]
    return drawing(WIDTH, bottom + 20, title, summary, parts)


@dataclass(frozen=True)
class Curve:
    """One feature's effect: ALE with its band, PDP, and single homes' curves, at `edges`."""

    name: str
    edges: Sequence[float]
    ale: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    pdp: Sequence[float]
    ice: Sequence[Sequence[float]]


def effect_panels(curves: Sequence[Curve], *, title: str, summary: str, show: Format) -> Markup:
    """Small panels side by side, each on its own scales: band, ALE (solid), PDP (dashed), ICE."""
    across, tall = 3, 190.0
    wide = WIDTH / across
    parts = []
    for at, curve in enumerate(curves):
        left, top = wide * (at % across) + 52, tall * (at // across) + 26
        right, bottom = wide * (at % across + 1) - 12, top + 122
        lines = [curve.ale, curve.low, curve.high, curve.pdp, *curve.ice]
        values = [value for line in lines for value in line]
        pad = max((max(values) - min(values)) * 0.05, 1e-4)
        x = Scale(curve.edges[0], curve.edges[-1], left, right)
        y = Scale(min(values) - pad, max(values) + pad, bottom, top)
        parts.append(label(left, top - 10, curve.name, "name", "start"))
        for t in log_ticks(y, 4):
            parts.append(segment(left, y(t), right, y(t), "grid"))
            parts.append(label(left - 6, y(t) + 4, show(t), "tick", "end"))
        spots = [x(edge) for edge in curve.edges]
        parts += [_line(spots, [y(v) for v in line], "ice") for line in curve.ice]
        around = [*zip(spots, curve.high, strict=True)]
        around += [*zip(reversed(spots), reversed(curve.low), strict=True)]
        outline = "L".join(f"{tenth(a)} {tenth(y(b))}" for a, b in around)
        parts.append(f'<path class="band" d="M{outline}Z"/>')
        parts.append(_line(spots, [y(v) for v in curve.pdp], "pdp"))
        parts.append(_line(spots, [y(v) for v in curve.ale], "ale"))
        parts += [segment(spot, bottom + 2, spot, bottom + 6, "rug") for spot in spots]
        parts += [label(x(t), bottom + 20, f"{t:g}", "tick") for t in x.ticks(4)]
    height = tall * -(-len(curves) // across)
    return drawing(WIDTH, height, title, summary, parts)


def _line(xs: Sequence[float], ys: Sequence[float], css: str) -> str:
    path = "L".join(f"{tenth(x)} {tenth(y)}" for x, y in zip(xs, ys, strict=True))
    return f'<path class="{css}" d="M{path}"/>'
