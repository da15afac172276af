"""Rooms and fronts drawn with a few plain shapes: the background that marks are put on.

Colours are drawn per picture and know nothing of condition. A scene returns the surfaces that can
carry marks: a box (left, top, right, bottom) in pixels and the colour under it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT = 1024, 768
Box = tuple[int, int, int, int]
Colour = tuple[int, int, int]
Surface = tuple[Box, Colour]

ROOMS = ("front", "kitchen", "bathroom", "bedroom")
HUES: dict[str, tuple[float, float, float]] = {
    "plaster": (8, 2, -8),
    "wood": (26, 0, -30),
    "cloth": (0, 0, 0),
    "sky": (-18, 2, 26),
    "lawn": (-12, 22, -24),
    "brick": (24, -4, -14),
}


@dataclass(frozen=True)
class Palette:
    """The light of one picture: exposure, white balance and gamma, applied to every colour.

    Shapes are flat, so lighting the colours is the same as lighting the picture, and far cheaper.
    """

    rng: np.random.Generator
    exposure: float
    gamma: float
    balance: tuple[float, float, float]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Palette":
        """A random light."""
        r, g, b = rng.uniform(0.88, 1.1, 3)
        return cls(rng, float(rng.uniform(0.7, 1.12)), float(rng.uniform(0.8, 1.3)), (r, g, b))

    def lit(self, levels: tuple[float, float, float]) -> Colour:
        """A colour (0 to 255 each) as it looks in this light."""
        out = []
        for level, balance in zip(levels, self.balance, strict=True):
            base = min(max(level, 0.0), 255.0) / 255.0
            value = base**self.gamma * 255.0 * self.exposure * balance
            out.append(int(min(max(value, 0.0), 255.0)))
        return out[0], out[1], out[2]

    def colour(self, hue: str, low: int, high: int) -> Colour:
        """A random colour of a material, its level between low and high."""
        level = self.rng.uniform(low, high)
        near = self.rng.normal(0, 11, 3)
        shift = HUES[hue]
        return self.lit((level + shift[0] + near[0], level + shift[1] + near[1],
                         level + shift[2] + near[2]))  # fmt: skip


def _front(d: "ImageDraw", p: Palette) -> list[Surface]:
    rng = p.rng
    ground = int(rng.integers(560, 640))
    eaves = int(rng.integers(190, 260))
    left, right = int(rng.integers(40, 140)), int(rng.integers(880, 990))
    lawn, wall = p.colour("lawn", 70, 170), p.colour("brick", 90, 210)
    d.rectangle((0, 0, WIDTH, ground), fill=p.colour("sky", 140, 230))
    d.rectangle((0, ground, WIDTH, HEIGHT), fill=lawn)
    d.rectangle((left, eaves, right, ground), fill=wall)
    ridge = int(rng.integers(60, 140))
    d.polygon(
        [(left - 30, eaves), (left + 130, ridge), (right - 130, ridge), (right + 30, eaves)],
        fill=p.colour("cloth", 50, 140),
    )
    for x in np.linspace(left + 60, right - 160, int(rng.integers(3, 6))).astype(int):
        d.rectangle(
            (int(x), eaves + 60, int(x) + 90, eaves + 190),
            fill=p.colour("sky", 60, 190),
            outline=p.colour("plaster", 180, 250),
            width=7,
        )
    door = int(rng.integers(left + 100, right - 200))
    d.rectangle((door, ground - 170, door + 90, ground), fill=p.colour("wood", 50, 160))
    walk = p.colour("cloth", 120, 200)
    d.polygon(
        [(door, ground), (door + 90, ground), (door + 150, HEIGHT), (door - 60, HEIGHT)], walk
    )
    return [((left, eaves, right, ground), wall), ((0, ground, WIDTH, HEIGHT), lawn)]


def _room(d: "ImageDraw", p: Palette) -> list[Surface]:
    rng = p.rng
    floor = int(rng.integers(540, 630))
    wall, boards = p.colour("plaster", 120, 230), p.colour("wood", 70, 180)
    d.rectangle((0, 0, WIDTH, floor), fill=wall)
    d.rectangle((0, floor, WIDTH, HEIGHT), fill=boards)
    d.rectangle((0, floor - 22, WIDTH, floor), fill=p.colour("plaster", 180, 250))
    x = int(rng.integers(100, 700))
    d.rectangle(
        (x, 90, x + 210, 290),
        fill=p.colour("sky", 170, 245),
        outline=p.colour("plaster", 170, 250),
        width=9,
    )
    d.rectangle((x + 100, 90, x + 108, 290), fill=p.colour("plaster", 170, 250))
    return [((0, 0, WIDTH, floor), wall), ((0, floor, WIDTH, HEIGHT), boards)]


def _kitchen(d: "ImageDraw", p: Palette) -> list[Surface]:
    wall, boards = _room(d, p)
    wood, edge = p.colour("wood", 90, 220), p.colour("wood", 50, 130)
    for top, bottom in ((30, 210), (430, 625)):
        for x in range(24, WIDTH - 120, 160):
            d.rectangle((x, top, x + 148, bottom), fill=wood, outline=edge, width=3)
            d.rectangle((x + 126, top + 80, x + 132, top + 110), fill=edge)
    d.rectangle((0, 405, WIDTH, 430), fill=p.colour("cloth", 60, 220))
    return [((24, 30, WIDTH - 30, 210), wood), ((24, 430, WIDTH - 30, 625), wood),
            ((0, 210, WIDTH, 405), wall[1]), boards]  # fmt: skip


def _bathroom(d: "ImageDraw", p: Palette) -> list[Surface]:
    surfaces = _room(d, p)
    grout = p.colour("cloth", 110, 220)
    step = int(p.rng.integers(48, 90))
    for x in range(0, WIDTH, step):
        d.line((x, 0, x, 520), fill=grout, width=2)
    for y in range(0, 520, step):
        d.line((0, y, WIDTH, y), fill=grout, width=2)
    x = int(p.rng.integers(60, 400))
    tub = p.colour("cloth", 190, 250)
    d.rounded_rectangle((x, 470, x + 520, 660), radius=40, fill=tub)
    return surfaces


def _bedroom(d: "ImageDraw", p: Palette) -> list[Surface]:
    surfaces = _room(d, p)
    x = int(p.rng.integers(80, 380))
    d.rectangle((x, 340, x + 520, 450), fill=p.colour("wood", 50, 150))
    d.rectangle((x, 430, x + 520, 690), fill=p.colour("cloth", 90, 230))
    for at in (x + 50, x + 290):
        d.rounded_rectangle((at, 430, at + 180, 505), radius=18, fill=p.colour("cloth", 170, 250))
    return surfaces


DRAW = {"front": _front, "kitchen": _kitchen, "bathroom": _bathroom, "bedroom": _bedroom}
