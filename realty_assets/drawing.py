"""What every drawing is made of: scales, words of figures, and the parts of an SVG text.

Colours come from the page's stylesheet by class (light, dark and print share one drawing).
Coordinates are rounded to a tenth of a unit, which makes the text the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

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


def tenth(value: float) -> str:
    """A coordinate: 12.34 -> 12.3, 12.04 -> 12."""
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def label(x: float, y: float, text: str, css: str, anchor: str = "middle") -> str:
    """A word at a place; `css` is its class."""
    at = f'x="{tenth(x)}" y="{tenth(y)}"'
    return f'<text {at} class="{css}" text-anchor="{anchor}">{escape(text)}</text>'


def segment(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A straight line."""
    return f'<path class="{css}" d="M{tenth(x1)} {tenth(y1)}L{tenth(x2)} {tenth(y2)}"/>'


def drawing(width: float, height: float, title: str, summary: str, parts: Iterable[str]) -> Markup:
    """The drawing, named for those who do not see it."""
    body = "\n".join(parts)
    return Markup(
        f'<svg viewBox="0 0 {tenth(width)} {tenth(height)}" role="img" '
        f'aria-label="{escape(title)}. {escape(summary)}">\n{body}\n</svg>'
    )


def dots(points: Iterable[Point], css: str) -> str:
    """One path with a dot at every point; nothing for no points."""
    drawn = "".join(f"M{tenth(x)} {tenth(y)}h0" for x, y in points)
    return f'<path class="dots {css}" d="{drawn}"/>' if drawn else ""
