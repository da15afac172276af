"""Listing photos: which listings have some, what is on them, and the JPEG files.

Lighting, palette, sensor noise, JPEG quality and camera tags are drawn per picture and know
nothing of condition. Every picture has its own random stream, so the bytes do not depend on the
number of workers.
"""

import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from realty_assets.sample_market import constants as k
from realty_assets.sample_market.faults import Fault
from realty_assets.sample_market.market import Market
from realty_assets.sample_market.marks import (
    MARKS_HIGH,
    MARKS_LOW,
    draw_cue_count,
    draw_marks,
)
from realty_assets.sample_market.scenes import DRAW, HEIGHT, ROOMS, WIDTH, Palette
from realty_assets.sample_market.timeline import States

if TYPE_CHECKING:
    from PIL.Image import Image

CAMERAS = (("Canon", "EOS R8"), ("NIKON", "Z 5"), ("Apple", "iPhone 13"), ("SONY", "ILCE-7M4"))
NOISE_LEVELS = (2.0, 4.0, 6.0, 8.0, 11.0, 14.0)
FAULT_SHARE = 0.02
"""Share of photos truncated, and as many of another house; at least two each from 20 photos on."""


@dataclass(frozen=True)
class Shot:
    """One photo file to be: whose listing it is filed under and whose home is on it."""

    name: str
    listing_key: str
    number: int
    room: str
    condition: float
    shows_listing_key: str
    truncated: bool
    stream: tuple[int, ...]
    """Seed of the picture."""


def plan_photos(market: Market, states: States, n_photos: int, seed: int) -> list[Shot]:
    """n_photos photos, four to a listing (one of each room), the last listing perhaps fewer.

    Half of the listings are such as end the window on the market or under contract, so that some
    valuations have photos. More than four per listing are planned only when all have four.
    """
    if not n_photos:
        return []
    rng = np.random.default_rng([seed, 40])
    n = len(market.mls_number)
    last = np.full(n, -1)
    last[states.listing] = states.status  # states are in order: the last one stays
    seen = rng.permutation(np.flatnonzero(last >= 0))
    is_open = np.isin(last[seen], (k.ACTIVE, k.OPTION, k.CONTINUE, k.PENDING))
    per = max(len(ROOMS), -(-n_photos // len(seen)))
    n_owners = -(-n_photos // per)
    some_open = seen[is_open][: n_owners // 2]
    rest = seen[~np.isin(seen, some_open)]
    owners = np.sort(np.r_[some_open, rest[: n_owners - len(some_open)]])

    bad = rng.permutation(n_photos)
    n_bad = max(2, round(FAULT_SHARE * n_photos)) if n_photos >= 20 else 0
    truncated, swapped = set(bad[:n_bad].tolist()), set(bad[n_bad : 2 * n_bad].tolist())
    shots = []
    for i in range(n_photos):
        owner = int(owners[i // per])
        number = i % per + 1
        shown = owner
        if i in swapped:
            others = owners[market.listings.home[owners] != market.listings.home[owner]]
            shown = int(others[int(rng.integers(len(others)))]) if len(others) else owner
        key = str(market.mls_number[owner])
        shots.append(
            Shot(
                name=f"{key}_{number}.jpg",
                listing_key=key,
                number=number,
                room=ROOMS[(number - 1) % len(ROOMS)],
                condition=float(market.listings.condition[shown]),
                shows_listing_key=str(market.mls_number[shown]),
                truncated=i in truncated,
                stream=(seed, 41, int(market.mls_number[owner]), number),
            )
        )
    return shots


def photo_counts(
    shots: list[Shot], mls_number: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(files of each listing, what its Photo Count column says).

    Few listings have their files here; the column of the others says what the MLS would hold.
    """
    rng = np.random.default_rng([seed, 42])
    shown = rng.integers(3, 41, len(mls_number))
    keys = np.array([int(s.listing_key) for s in shots], dtype=np.int64)
    files = np.bincount(np.searchsorted(mls_number, keys), minlength=len(mls_number))
    return files, np.where(files > 0, files, shown)


@lru_cache(maxsize=1)
def _noise_plates() -> tuple["Image", ...]:
    """Grey plates of Gaussian noise about 128, one per level; a picture takes a window of one."""
    from PIL import Image

    rng = np.random.default_rng(5)
    grain = rng.standard_normal((HEIGHT + 200, WIDTH + 200), dtype=np.float32)
    return tuple(
        Image.fromarray(np.clip(np.rint(grain * level + 128), 0, 255).astype(np.uint8))
        for level in NOISE_LEVELS
    )


def _light(image: "Image", rng: np.random.Generator) -> "Image":
    """A light falling in from one side, and sensor noise: one grey plate added to the picture."""
    from PIL import Image, ImageChops

    gx, gy = np.meshgrid(np.linspace(-1, 1, 32), np.linspace(-1, 1, 24))
    side, depth = rng.uniform(0, 2 * np.pi), rng.uniform(4, 32)
    fall = 128 + depth * (gx * np.cos(side) + gy * np.sin(side))
    shade = Image.fromarray(np.clip(np.rint(fall), 0, 255).astype(np.uint8))
    shade = shade.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    plate = _noise_plates()[int(rng.integers(len(NOISE_LEVELS)))]
    x, y = int(rng.integers(200)), int(rng.integers(200))
    grain = plate.crop((x, y, x + WIDTH, y + HEIGHT))
    both = ImageChops.add(shade, grain, 1.0, -128)
    return ImageChops.add(image, Image.merge("RGB", (both, both, both)), 1.0, -128)


def render(shot: Shot) -> tuple[bytes, int]:
    """The JPEG (1024 x 768) of a shot and the number of damage marks on it."""
    from PIL import Image, ImageDraw

    rng = np.random.default_rng(shot.stream)
    palette = Palette.draw(rng)
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    surfaces = DRAW[shot.room](draw, palette)
    n_marks = int(rng.integers(MARKS_LOW, MARKS_HIGH))
    n_cues = draw_cue_count(rng, shot.condition, n_marks)
    damage = rng.permutation(n_marks) < n_cues
    draw_marks(draw, rng, surfaces, damage)
    image = _light(image, rng)
    make, model = CAMERAS[int(rng.integers(len(CAMERAS)))]
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = make, model
    exif[0x0112] = 1
    out = io.BytesIO()
    image.save(out, "JPEG", quality=int(rng.integers(62, 94)), exif=exif)
    data = out.getvalue()
    if shot.truncated:
        data = data[: int(len(data) * rng.uniform(0.2, 0.7))]
    return data, n_cues


def _workers() -> int:
    return min(8, os.cpu_count() or 1)


def write_photos(
    folder: Path,
    shots: list[Shot],
    tell: Callable[[float], None] | None = None,
    n_workers: int | None = None,
) -> pl.DataFrame:
    """Render all shots into files; returns one row per file for the answer key.

    Threads, not processes: Pillow lets go of the interpreter while it encodes, and a library must
    not start processes behind the back of the program that calls it.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def one(shot: Shot) -> int:
        data, n_cues = render(shot)
        (folder / shot.name).write_bytes(data)
        return n_cues

    counts = []
    with ThreadPoolExecutor(n_workers or _workers()) as pool:
        for i, n_cues in enumerate(pool.map(one, shots)):
            counts.append(n_cues)
            if tell and i % 10 == 0:
                tell((i + 1) / len(shots))
    return pl.DataFrame(
        {
            "file_name": [s.name for s in shots],
            "listing_key": [s.listing_key for s in shots],
            "number": [s.number for s in shots],
            "room": [s.room for s in shots],
            "condition": [s.condition for s in shots],
            "shows_listing_key": [s.shows_listing_key for s in shots],
            "truncated": [s.truncated for s in shots],
            "n_cues": counts,
        },
        schema={
            "file_name": pl.String,
            "listing_key": pl.String,
            "number": pl.Int64,
            "room": pl.String,
            "condition": pl.Float64,
            "shows_listing_key": pl.String,
            "truncated": pl.Boolean,
            "n_cues": pl.Int64,
        },
    )


def photo_faults(shots: list[Shot]) -> Iterator[tuple[str, str, Fault]]:
    """(file name, listing key, fault) of every photo that is cut off or of another house."""
    for shot in shots:
        if shot.truncated:
            yield shot.name, shot.listing_key, Fault("truncated photo", "photo")
        if shot.shows_listing_key != shot.listing_key:
            note = f"shows the home of MLS Number {shot.shows_listing_key}"
            fault = Fault("photo of another house", "photo", visible=False, note=note)
            yield shot.name, shot.listing_key, fault
