"""A photo manifest: a CSV that says which listing a file belongs to, its order and its room."""

from __future__ import annotations

import csv
import posixpath
from dataclasses import dataclass
from pathlib import Path

from realty_assets.errors import RealtyError

NEEDED, MAY = {"file", "listing_key"}, {"file", "listing_key", "order", "room"}
HEAD_BYTES = 4096


class ManifestRefused(RealtyError):
    """A photo manifest cannot be used."""


@dataclass(frozen=True)
class Named:
    """One line of a manifest; `file_name` stands beside the told name of the manifest."""

    file_name: str
    listing_key: str
    photo_order: int | None
    room: str | None


def looks_like_manifest(path: Path) -> bool:
    """Whether the first line of a CSV has the headings of a manifest and no others."""
    if path.suffix.lower() != ".csv" or path.is_symlink():
        return False
    try:
        with path.open("rb") as file:
            return begins_as_manifest(file.read(HEAD_BYTES))
    except OSError:
        return False


def begins_as_manifest(head: bytes) -> bool:
    """Whether the first HEAD_BYTES of a CSV have the headings of a manifest and no others."""
    headings = _headings(head.decode("utf-8-sig", "replace").split("\n", 1)[0])
    return set(headings) >= NEEDED and set(headings) <= MAY


def read_manifest(data: bytes, told: str) -> tuple[list[Named], list[str]]:
    """(the lines of a manifest, the names in it that leave its folder).

    `told`: the name the manifest goes by. Raises ManifestRefused with one sentence.
    """
    name = posixpath.basename(told)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestRefused(f"{name} is not UTF-8 text: save it as a UTF-8 CSV.") from error
    rows = csv.reader(text.splitlines(keepends=True))
    try:
        headings = _headings(",".join(next(rows, [])))
        if not (set(headings) >= NEEDED and set(headings) <= MAY):
            raise ManifestRefused(
                f"{name} is no photo manifest: its first line must have file and listing_key, and "
                "may have order and room."
            )
        named, outside = [], []
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            cells = dict(zip(headings, (cell.strip() for cell in row), strict=False))
            place = _place(cells.get("file", ""), told)
            if place is None:
                outside.append(cells["file"])
                continue
            named.append(_named(cells, place, name, rows.line_num))
    except csv.Error as error:
        raise ManifestRefused(f"{name}, line {rows.line_num}: {error}; mend the CSV.") from error
    return named, outside


def _named(cells: dict[str, str], place: str, name: str, line: int) -> Named:
    key, order = cells.get("listing_key", ""), cells.get("order", "")
    if not place or not key:
        raise ManifestRefused(f"{name}, line {line}: file and listing_key must both be filled.")
    if order and not (order.isascii() and order.isdigit() and len(order) < 6):
        raise ManifestRefused(
            f"{name}, line {line}: the order '{order[:20]}' is not a whole number; mend or empty it"
            "."
        )
    return Named(place, key, int(order) if order else None, cells.get("room") or None)


def _place(file: str, told: str) -> str | None:
    """The told name of a file beside the manifest; None when it leaves the manifest's folder."""
    if not file:
        return ""
    plain = posixpath.normpath(file.replace("\\", "/"))
    if plain.startswith(("/", "../")) or plain in ("..", ".") or plain[1:2] == ":":
        return None
    return posixpath.join(posixpath.dirname(told), plain)


def _headings(line: str) -> list[str]:
    return [cell.strip().strip('"').casefold() for cell in line.strip().split(",")]
