"""One picture, from bytes to what staging says of it: size, orientation, perceptual hash, status.

JPEGs are decoded at an eighth of their size: the decoder must still read every coefficient, so
damage shows, and the transform, most of the work, shrinks.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from realty_assets.ingestion.photo_formats import (
    EXTENSIONS,
    format_of,
    is_cut_off,
    looks_like_text,
)

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

# The perceptual hash: a cosine transform of SIDE x SIDE greys, of which BLOCK x BLOCK low
# frequencies without the two of rank zero are held against their median.
SIDE, BLOCK = 32, 8
_ORIENTATION = 0x0112
# What Pillow's decoders raise on bytes that are not what they should be.
DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *(AttributeError, OverflowError, RuntimeError, MemoryError, struct.error, zlib.error),
)


@dataclass(frozen=True)
class Seen:
    """What the bytes of one picture say. `width` and `height` are in pixels as stored, before the
    EXIF orientation is applied; `phash` is 64 bits, of the upright picture."""

    status: str  # ok, corrupt, truncated, unsupported or too_large
    detail: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    exif_orientation: int | None = None
    phash: int | None = None


def see(data: bytes, max_pixels: int) -> Seen:
    """Reads one picture; never raises for what is wrong with its bytes.

    `max_pixels`: above this many a picture is not decoded.
    """
    if not data:
        return Seen("corrupt", "The file is empty.")
    kind = format_of(data)
    if kind is None and looks_like_text(data):
        return Seen("corrupt", "The file holds text, not a picture.")
    if kind is None:
        return Seen("corrupt", "The bytes are not those of a picture.")
    if kind not in EXTENSIONS:
        return Seen(
            "unsupported",
            f"{kind} pictures are not read: convert it to JPEG, PNG, WebP or GIF.",
            kind,
        )
    return _decode(data, kind, max_pixels)


def _decode(data: bytes, kind: str, max_pixels: int) -> Seen:
    from PIL.Image import DecompressionBombError

    width = height = None
    try:
        image = opener(kind)(io.BytesIO(data))
        width, height = image.size
        if width * height > max_pixels:
            told = f"{width:,} x {height:,} pixels are more than the limit of {max_pixels:,}."
            return Seen("too_large", told, kind, width, height)
        if kind == "JPEG":
            image.draft("L", (2 * SIDE, 2 * SIDE))
        # In one piece: a decoder that is fed in blocks does much of its work twice.
        image.decodermaxblock = max(image.decodermaxblock, len(data))
        image.load()
    except DecompressionBombError:
        return Seen("too_large", "The picture grows beyond all limits.", kind, width, height)
    except DAMAGE as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        cut = "truncated" in told.lower() or is_cut_off(data, kind)
        status = "truncated" if cut else "corrupt"
        said = "The file ends too early" if cut else "The picture cannot be decoded"
        return Seen(status, f"{said} ({told}).", kind, width, height)
    orientation = orientation_of(image)
    if is_cut_off(data, kind):
        said = "The file ends too early (the mark of its end is missing)."
        return Seen("truncated", said, kind, width, height, orientation)
    return Seen("ok", None, kind, width, height, orientation, phash(image, orientation))


@cache
def opener(kind: str) -> Any:
    """The class that reads a format; not Image.open, whose limit of pixels is of the process."""
    from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    return {
        "JPEG": JpegImagePlugin.JpegImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "WEBP": WebPImagePlugin.WebPImageFile,
        "GIF": GifImagePlugin.GifImageFile,
    }[kind]


def orientation_of(image: ImageFile) -> int | None:
    """EXIF orientation, 1 to 8; None where there is none, or none that can be read."""
    if "exif" not in image.info:
        return None
    try:
        found = image.getexif().get(_ORIENTATION)
    except DAMAGE:
        # A picture with broken tags is a whole picture all the same.
        return None
    return found if isinstance(found, int) and 1 <= found <= 8 else None


def phash(image: Image, orientation: int | None = None) -> int:
    """64-bit perceptual hash of a decoded picture: of whole numbers, which floats hold exactly up
    to 2**53, so that it is the same everywhere."""
    from PIL.Image import Resampling

    # A palette or transparency has no grey of its own.
    grey = image if image.mode == "L" else image.convert("RGB").convert("L")
    small = grey.resize((SIDE, SIDE), Resampling.BOX)
    pixels = _upright(np.asarray(small, dtype=np.float64), orientation)
    waves = _waves()
    block = (waves @ pixels @ waves.T).ravel()
    middle = np.sort(block)[BLOCK * BLOCK // 2 - 1 : BLOCK * BLOCK // 2 + 1].sum()
    return int.from_bytes(np.packbits(2 * block > middle).tobytes(), "big")


@cache
def _waves() -> np.ndarray:
    """BLOCK x SIDE cosines of the frequencies 1 to BLOCK, in thousandths."""
    rows = [
        [round(1000 * math.cos(math.pi * k * (2 * i + 1) / (2 * SIDE))) for i in range(SIDE)]
        for k in range(1, BLOCK + 1)
    ]
    return np.array(rows, dtype=np.float64)


def _upright(pixels: np.ndarray, orientation: int | None) -> np.ndarray:
    if orientation in (5, 6, 7, 8):
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1, :]
    return pixels
