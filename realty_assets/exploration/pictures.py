"""Drawings of the hygiene reports: heat maps, histograms and bars, as SVG without colours."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from realty_assets.drawing import dots, drawing, label, segment, tenth

WIDTH = 960.0
SHADES = 6
NAMES = 178.0


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    title: str,
    summary: str,
    full: float = 1.0,
) -> Markup:
    """A cell for each row and column, its colour the stronger, the nearer its value is to `full`.

    Cells without a value are left out. The exact value stands in the cell's own tooltip.
    """
    step = 15.0
    width = (WIDTH - NAMES - 8) / max(len(columns), 1)
    bottom = 6 + step * len(rows)
    parts = []
    for at, (name, cells) in enumerate(zip(rows, values, strict=True)):
        y = 6 + step * at
        parts.append(label(NAMES - 8, y + 11, name, "tick", "end"))
        for number, value in enumerate(cells):
            if value is None:
                continue
            shade = min(math.ceil(SHADES * max(value, 0) / full), SHADES)
            box = f'x="{tenth(NAMES + width * number)}" y="{tenth(y)}"'
            size = f'width="{tenth(max(width - 1, 1))}" height="{tenth(step - 1)}"'
            told = escape(f"{name}, {columns[number]}: {value:.3f}")
            parts.append(f'<rect class="s{shade}" {box} {size}><title>{told}</title></rect>')
    every = max(math.ceil(len(columns) / 12), 1)
    parts += [
        label(NAMES + width * (number + 0.5), bottom + 14, columns[number], "tick")
        for number in range(0, len(columns), every)
    ]
    return drawing(WIDTH, bottom + 20, title, summary, parts)


def bars(
    rows: Sequence[tuple[str, float, str]], *, title: str, summary: str, css: str = "bar"
) -> Markup:
    """A bar for each (name, length, what is written at its end); the longest fills the width."""
    step, right = 20.0, WIDTH - 150
    longest = max((value for _, value, _ in rows), default=0.0) or 1.0
    parts = []
    for at, (name, value, said) in enumerate(rows):
        y = 4 + step * at
        length = (right - NAMES) * max(value, 0) / longest
        box = f'x="{tenth(NAMES)}" y="{tenth(y)}" width="{tenth(length)}" height="14"'
        parts.append(label(NAMES - 8, y + 11, name, "tick", "end"))
        parts.append(f'<rect class="{css}" {box}/>')
        parts.append(label(NAMES + length + 7, y + 11, said, "figure", "start"))
    return drawing(WIDTH, 8 + step * len(rows), title, summary, parts)


def histograms(
    panels: Sequence[tuple[str, Sequence[int], str, str]], *, title: str, summary: str
) -> Markup:
    """Small histograms side by side: (name, counts by bin, lower end, upper end) each."""
    across, tall = 4, 118.0
    wide = WIDTH / across
    parts = []
    for at, (name, counts, low, high) in enumerate(panels):
        left, top = wide * (at % across) + 6, tall * (at // across) + 4
        inner, floor = wide - 20, top + 84.0
        most, step = max(counts, default=0) or 1, (wide - 20) / max(len(counts), 1)
        parts.append(label(left, top + 11, name, "figure", "start"))
        for number, n in enumerate(counts):
            if n:
                height = max(60 * n / most, 0.8)
                box = f'x="{tenth(left + step * number)}" y="{tenth(floor - height)}"'
                size = f'width="{tenth(max(step - 0.8, 0.6))}" height="{tenth(height)}"'
                parts.append(f'<rect class="bar" {box} {size}/>')
        parts.append(segment(left, floor, left + inner, floor, "axis"))
        parts.append(label(left, floor + 14, low, "tick", "start"))
        parts.append(label(left + inner, floor + 14, high, "tick", "end"))
    lines = math.ceil(len(panels) / across)
    return drawing(WIDTH, tall * lines + 4, title, summary, parts)


def lollipops(
    rows: Sequence[tuple[str, float]],
    *,
    low: float,
    high: float,
    marks: Sequence[tuple[float, str]],
    title: str,
    summary: str,
) -> Markup:
    """A dot on a stem for each (name, value) on an axis from `low` to `high`, with marked lines."""
    step, top, right = 18.0, 22.0, WIDTH - 60
    bottom = top + step * len(rows)

    def x(value: float) -> float:
        inside = min(max(value, low), high)
        return NAMES + (right - NAMES) * (inside - low) / (high - low)

    parts = []
    for value, said in marks:
        parts.append(segment(x(value), top - 6, x(value), bottom, "rule"))
        parts.append(label(x(value), top - 10, said, "tick"))
    for at, (name, value) in enumerate(rows):
        y = top + step * (at + 0.5)
        parts.append(label(NAMES - 8, y + 4, name, "tick", "end"))
        parts.append(segment(x(low), y, x(value), y, "whisker"))
        parts.append(dots([(x(value), y)], "estimate"))
        parts.append(label(x(value) + 9, y + 4, f"{value:.3f}", "figure", "start"))
    return drawing(WIDTH, bottom + 6, title, summary, parts)
