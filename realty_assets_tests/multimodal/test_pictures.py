"""From bytes to pixels: every kind of picture becomes the same square, or says why not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from realty_assets.multimodal.pictures import Unreadable, pixels
from realty_assets_tests.ingestion.pictures import HEIC, bomb, encoded, jpeg, rotated, scene

SIZE, MOST = 64, 10_000_000
PLAIN = scene(1)
PALETTE = PLAIN.quantize(256)


def seen(data: bytes) -> np.ndarray:
    square = pixels(data, SIZE, MOST)
    assert (square.shape, square.dtype) == ((SIZE, SIZE, 3), np.uint8)
    return square


def far(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference in levels of 255."""
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def sixteen_bits() -> bytes:
    grey = np.asarray(PLAIN.convert("L")).astype(np.uint16) << 8
    return encoded(Image.fromarray(grey), "PNG")


def animated() -> bytes:
    out = io.BytesIO()
    PALETTE.save(out, "GIF", save_all=True, append_images=[scene(2).quantize(256)])
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "shown", "most"),
    [
        (encoded(PLAIN, "PNG"), PLAIN, 0),
        (encoded(PLAIN, "JPEG", quality=95), PLAIN, 3),
        (encoded(PLAIN, "WEBP", lossless=True), PLAIN, 0),
        (encoded(PLAIN.convert("CMYK"), "JPEG", quality=95), PLAIN, 3),
        (encoded(PALETTE, "PNG"), PALETTE.convert("RGB"), 0),
        (encoded(PLAIN.convert("RGBA"), "PNG"), PLAIN, 0),
        (encoded(PLAIN, "JPEG", quality=95, progressive=True), PLAIN, 3),
        (animated(), PALETTE.convert("RGB"), 0.5),
        (rotated(1), PLAIN, 3),
    ],
    ids=["png", "jpeg", "webp", "cmyk", "palette", "alpha", "progressive", "animated", "rotated"],
)
def test_every_kind_shows_its_picture(data: bytes, shown: Image.Image, most: float) -> None:
    plain = np.asarray(shown.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    assert far(seen(data), plain) <= most


def test_sixteen_bits_keep_their_tones() -> None:
    grey = encoded(PLAIN.convert("L"), "PNG")
    assert far(seen(sixteen_bits()), seen(grey)) <= 1


def test_what_is_transparent_is_white() -> None:
    clear = Image.new("RGBA", (50, 40), (10, 20, 30, 0))
    assert (seen(encoded(clear, "PNG")) == 255).all()


def test_a_picture_of_one_pixel_is_a_picture() -> None:
    assert (seen(encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG")) == (9, 8, 7)).all()


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<html>no</html>", HEIC, bomb(), jpeg()[:300], encoded(PLAIN, "PNG")[:-2000]],
    ids=["empty", "head", "text", "heic", "bomb", "cut", "cut png"],
)
def test_what_is_no_picture_says_so(data: bytes) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        pixels(data, SIZE, MOST)


def test_damage_of_any_kind_is_a_picture_or_unreadable() -> None:
    dice = np.random.default_rng(5)
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        whole = np.frombuffer(encoded(PLAIN, kind), np.uint8)
        for _ in range(40):
            data = whole.copy()
            at = dice.integers(0, len(data), 12)
            data[at] = dice.integers(0, 256, len(at))
            try:
                seen(data.tobytes())
            except Unreadable:
                continue
