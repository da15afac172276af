"""Small marks on a picture: signs of wear, and harmless twins of them.

Condition must show, and nothing but the shape of small things may show it. So a picture gets a
number of marks that does not depend on condition; condition only decides how many of them are
damage. A crack has a straight groove for a twin, a peeling patch or stain a plain panel, a crooked
cabinet door a straight one, clutter a tidy box: same colour, same size, another shape. Mean
colour, histogram and file size then carry next to nothing of it.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from realty_assets.sample_market.constants import CONDITION_SD
from realty_assets.sample_market.scenes import Surface

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Floats = NDArray[np.float64]
CORNERS = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
ALONG = np.linspace(-0.5, 0.5, 7)
MARKS_LOW, MARKS_HIGH = 80, 121
"""Number of marks in a picture, uniform, high end excluded."""
CUES_AT_MEAN = 15.0
CUES_SLOPE = 0.75
"""Expected number of damage marks: CUES_AT_MEAN * exp(-CUES_SLOPE * condition / CONDITION_SD)."""

CONTRAST = (28, 80)
"""Levels between a mark and the surface under it, lighter or darker."""

Point = tuple[float, float]


def draw_cue_count(rng: np.random.Generator, condition: float, n_marks: int) -> int:
    """Damage marks of a picture: Poisson, more in worse condition, at most nine in ten marks."""
    z = condition / CONDITION_SD
    return int(min(rng.poisson(CUES_AT_MEAN * np.exp(-CUES_SLOPE * z)), 0.9 * n_marks))


def _turn(x: Floats, y: Floats, at: Point, angle: float) -> list[Point]:
    c, s = np.cos(angle), np.sin(angle)
    px, py = at[0] + x * c - y * s, at[1] + x * s + y * c
    return list(zip(px.tolist(), py.tolist(), strict=True))


def _crack(rng: np.random.Generator, at: Point, length: float) -> list[Point]:
    """A jagged line of about `length` pixels in any direction."""
    along = ALONG * length * 0.85
    return _turn(along, rng.normal(0, length * 0.07, len(along)), at, rng.uniform(0, np.pi))


def _ragged(rng: np.random.Generator, at: Point, w: float, h: float) -> list[Point]:
    """A patch with a torn outline and about the area of a w x h box."""
    n = 11
    angle = np.sort(rng.uniform(0, 2 * np.pi, n))
    radius = rng.uniform(0.6, 1.35, n) * np.sqrt(w * h / np.pi)
    stretch = np.sqrt(w / h)
    return _turn(radius * np.cos(angle) * stretch, radius * np.sin(angle) / stretch, at, 0.0)


def _tilted(rng: np.random.Generator, at: Point, w: float, h: float) -> list[Point]:
    """A box turned by 10 to 35 degrees, to either side."""
    x, y = CORNERS[:, 0] * w, CORNERS[:, 1] * h
    turn = np.radians(rng.uniform(10, 35))
    return _turn(x, y, at, turn if rng.random() < 0.5 else -turn)


def draw_marks(
    d: "ImageDraw", rng: np.random.Generator, surfaces: list[Surface], damage: NDArray[np.bool_]
) -> None:
    """Put one mark per element of `damage` on the surfaces. Place, colour and size of a mark are
    drawn before it is known whether it is damage."""
    n = len(damage)
    boxes = np.array([box for box, _ in surfaces], dtype=float)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    where = rng.choice(len(boxes), n, p=area / area.sum())
    box = boxes[where]
    under = np.array([colour for _, colour in surfaces], dtype=float)[where]
    xs = rng.uniform(box[:, 0] + 20, box[:, 2] - 20)
    ys = rng.uniform(box[:, 1] + 15, box[:, 3] - 15)
    shift = rng.uniform(*CONTRAST, n) * np.where(rng.random(n) < 0.5, 1, -1)
    colours = np.clip(under + shift[:, None] + rng.normal(0, 9, (n, 3)), 0, 255).astype(int)
    kinds, widths = rng.integers(0, 4, n), rng.integers(3, 6, n)
    ws, hs = rng.uniform(26, 74, n), rng.uniform(22, 58, n)
    lengths, upright = rng.uniform(60, 150, n), rng.random(n) < 0.5
    for i in range(n):
        r, g, b = colours[i].tolist()
        colour, kind, width = (r, g, b), int(kinds[i]), int(widths[i])
        x, y, w, h = float(xs[i]), float(ys[i]), float(ws[i]), float(hs[i])
        plain = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        if kind == 0:  # a crack, or a straight groove
            half = float(lengths[i]) / 2
            if damage[i]:
                d.line(_crack(rng, (x, y), 2 * half), fill=colour, width=width)
            elif upright[i]:
                d.line((x, y - half, x, y + half), fill=colour, width=width)
            else:
                d.line((x - half, y, x + half, y), fill=colour, width=width)
        elif kind == 1:  # peeling paint and stains, or a plain panel
            if damage[i]:
                d.polygon(_ragged(rng, (x, y), w, h), fill=colour)
            else:
                d.rectangle(plain, fill=colour)
        elif kind == 2:  # a crooked door or frame, or a straight one
            if damage[i]:
                d.polygon(_tilted(rng, (x, y), w, h), outline=colour, width=width)
            else:
                d.rectangle(plain, outline=colour, width=width)
        elif damage[i]:  # clutter and missing tiles, or tidy boxes
            d.polygon(_tilted(rng, (x, y), w, h), fill=colour)
        else:
            d.rectangle(plain, fill=colour)
