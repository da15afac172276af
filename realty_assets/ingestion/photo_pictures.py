"""A few photos small enough for a page of the Dagster UI, as Markdown that needs no other file."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

PER_STATUS, SIDE, QUALITY = 4, 96, 60


def thumbnails(warehouse: Warehouse, most: int = PER_STATUS) -> str:
    """Up to `most` photos of each status that can be shown, as images in a Markdown table."""
    rows = warehouse.read(sql("staging/photo_examples.sql").bind(most=most))
    lines = ["| status | listing | file | |", "| --- | --- | --- | --- |"]
    for row in rows.iter_rows(named=True):
        picture = _data_uri(warehouse.home / row["path"])
        shown = f"![]({picture})" if picture else "gone from the store"
        name = row["file_name"].replace("|", "\\|")
        lines.append(f"| {row['status']} | {row['listing_key']} | {name} | {shown} |")
    return "\n".join(lines) if rows.height else "No photo that can be shown."


def _data_uri(path: Path) -> str | None:
    from PIL import Image, ImageOps

    if not path.exists():
        return None
    with Image.open(path) as image:
        image.draft("RGB", (2 * SIDE, 2 * SIDE))
        small = ImageOps.exif_transpose(image).convert("RGB")
    small.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
