"""Small pictures for the Dagster UI: bars as SVG in a data URI, for Markdown metadata."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

WIDTH, LABEL, ROW = 640, 190, 22
COLOURS = ("#3b6ea8", "#d98b2b", "#a83b4a")


def bars(title: str, names: Sequence[str], rows: Sequence[tuple[str, Sequence[float]]]) -> str:
    """A Markdown picture: for each row, (label, values), a bar for each of `names`.

    Bars are to the scale of the greatest value; the values stand beside them.
    """
    most = max((value for _, values in rows for value in values), default=0) or 1
    step = ROW * len(names) + 6
    height = 58 + step * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for place, name in enumerate(names):
        x = 8 + place * 150
        parts.append(f'<rect x="{x}" y="30" width="10" height="10" fill="{COLOURS[place]}"/>')
        parts.append(f'<text x="{x + 16}" y="40">{escape(name)}</text>')
    for at, (label, values) in enumerate(rows):
        top = 52 + at * step
        parts.append(
            f'<text x="{LABEL - 8}" y="{top + 14}" text-anchor="end">{escape(label[:28])}</text>'
        )
        for place, value in enumerate(values):
            y = top + place * ROW
            width = round((WIDTH - LABEL - 90) * value / most, 1)
            parts.append(
                f'<rect x="{LABEL}" y="{y + 2}" width="{width}" height="{ROW - 5}" '
                f'fill="{COLOURS[place]}"/>'
            )
            parts.append(f'<text x="{LABEL + width + 6}" y="{y + 15}">{value:,.6g}</text>')
    picture = base64.b64encode("".join([*parts, "</svg>"]).encode()).decode()
    return f"![{escape(title)}](data:image/svg+xml;base64,{picture})"
