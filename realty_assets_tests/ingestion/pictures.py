"""Pictures for tests: bytes of every kind, whole or damaged, made from a seed."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from realty_assets.ingestion.photo_store import Rules

RULES = Rules(max_pixels=10_000_000, near_distance=8, stock_listings=3)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture with large shapes, unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def jpeg(seed: int = 0, **more: object) -> bytes:
    return encoded(scene(seed), "JPEG", **more)


def rotated(seed: int) -> bytes:
    """A JPEG that lies on its side and says so in its tags."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = scene(seed).transpose(Image.Transpose.ROTATE_90)
    return encoded(lying, "JPEG", exif=exif, quality=95)


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that claims 3.6 billion pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + width // 8) * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
