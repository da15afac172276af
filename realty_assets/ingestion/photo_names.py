"""What the name of a photo file says: whose listing it shows, its place in the order, the room.

A name may be read in several ways (`AB-12.jpg` is photo 12 of AB, or the only photo of AB-12), so
every reading is kept, the likeliest first; the first that names a known listing counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif"),
    *(".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp"),
)
FOLDER = "photos"
# How the folder ends into which an archive is unpacked: x.zip as x.zip.<hash>.unpacked.
UNPACKED = ".unpacked"
_AGAIN = re.compile(r"again-\d+")
_NUMBERED = re.compile(r"(?P<key>.+)[_-](?P<order>\d{1,3})")
_ROOM = re.compile(r"(?P<key>.+)_(?P<room>[A-Za-z]+)")
_TRAILING = re.compile(r"(\d{1,3})$")


@dataclass(frozen=True)
class Reading:
    """One way to read a name."""

    listing_key: str
    photo_order: int | None
    room: str | None


def looks_like_photo(name: str) -> bool:
    """Whether a file name ends as pictures do."""
    return name.lower().endswith(SUFFIXES)


def told_name(relative: str) -> str:
    """The name a photo goes by: its path in the inbox without the folders that only sort it in."""
    parts = relative.split("/")
    if inside := name_in_archive(parts):
        return inside
    if len(parts) > 1 and parts[0] == FOLDER:
        parts = parts[1:]
    if len(parts) > 1 and _AGAIN.fullmatch(parts[0]):
        parts = parts[1:]
    return "/".join(parts)


def name_in_archive(parts: Sequence[str]) -> str | None:
    """The name of a member, its archive's before it; None for a path that is of no archive."""
    for at in reversed(range(len(parts) - 1)):
        if parts[at].endswith(UNPACKED):
            archive = parts[at].removesuffix(UNPACKED).rpartition(".")[0]
            return "/".join([archive, *parts[at + 1 :]])
    return None


def readings(name: str) -> list[Reading]:
    """Every way to read the told name of a photo, the likeliest first, each key once."""
    path = PurePosixPath(name)
    stem, parent = path.stem, path.parent.name
    found = []
    if parent and re.fullmatch(r"\d{1,3}", stem):
        found.append(Reading(parent, int(stem), None))
    if told := _NUMBERED.fullmatch(stem):
        found.append(Reading(told["key"], int(told["order"]), None))
    if told := _ROOM.fullmatch(stem):
        found.append(Reading(told["key"], None, told["room"].lower()))
    found.append(Reading(stem, None, None))
    if parent:
        last = _TRAILING.search(stem)
        room = stem.lower() if stem.isalpha() else None
        found.append(Reading(parent, int(last[1]) if last else None, room))
    once: dict[str, Reading] = {}
    for reading in found:
        once.setdefault(reading.listing_key, reading)
    return list(once.values())
