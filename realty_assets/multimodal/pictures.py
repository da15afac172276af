"""One photo, from its bytes to the square of pixels that a network looks at.

The whole photo is squeezed into the square: what stands at its edges counts, too. A JPEG is decoded
at the smallest eighth of its size that is still larger than the square.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from realty_assets.errors import RealtyError
from realty_assets.ingestion.photo_formats import EXTENSIONS, format_of
from realty_assets.ingestion.photo_reading import DAMAGE, opener, orientation_of

if TYPE_CHECKING:
    from PIL.Image import Image

# Of the way from bytes to pixels: another version embeds every photo anew.
PREPROCESSING = "1"
_WHITE = (255, 255, 255)


class Unreadable(RealtyError):
    """The bytes of a photo give no picture."""


def pixels(data: bytes, size: int, max_pixels: int) -> np.ndarray:
    """(size, size, 3) RGB, uint8, of the upright photo; of an animation, its first picture.

    Raises Unreadable.
    """
    from PIL.Image import DecompressionBombError, Resampling

    kind = format_of(data)
    if kind is None or kind not in EXTENSIONS:
        raise Unreadable("The bytes are not those of a picture.")
    try:
        image = opener(kind)(io.BytesIO(data))
        width, height = image.size
        if width * height > max_pixels:
            raise Unreadable(f"{width:,} x {height:,} pixels are more than {max_pixels:,}.")
        if kind == "JPEG":
            image.draft(None, (size, size))
        image.decodermaxblock = max(image.decodermaxblock, len(data))
        image.load()
        orientation = orientation_of(image)
        small = _rgb(image).resize((size, size), Resampling.BICUBIC)
    except DecompressionBombError as error:
        raise Unreadable("The picture grows beyond all limits.") from error
    except DAMAGE as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise Unreadable(f"The picture cannot be decoded ({told}).") from error
    return np.asarray(_upright(small, orientation))


def _rgb(image: Image) -> Image:
    """Three channels of eight bits; what is transparent becomes white."""
    from PIL import Image as images

    if image.mode.startswith("I"):
        # Sixteen bits: converting would cut off all that is brighter than 255.
        image = images.fromarray((np.asarray(image).astype(np.int64) >> 8).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        above = image.convert("RGBA")
        return images.alpha_composite(
            images.new("RGBA", above.size, (*_WHITE, 255)), above
        ).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _upright(image: Image, orientation: int | None) -> Image:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image
