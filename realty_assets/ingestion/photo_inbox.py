"""How photos get into the inbox, and which of the files there are photos.

A photo is a file with a picture's ending anywhere in the inbox, and everything below inbox/photos/.
A manifest stands beside its photos, or anywhere with headings of its own. Links are never followed:
they wait as links, and are refused with a row.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from realty_assets.ingestion import reading
from realty_assets.ingestion.inbox import QUIET_S, DepositError, copy_whole, natural, why
from realty_assets.ingestion.photo_manifest import looks_like_manifest
from realty_assets.ingestion.photo_names import FOLDER, looks_like_photo, told_name


@dataclass(frozen=True)
class Waiting:
    """A file that waits for the photo room, and the name it goes by."""

    path: Path
    told: str
    kind: str  # photo, manifest or link


def is_for_photos(path: Path, home: Path) -> bool:
    """Whether a file in the inbox is a photo or a manifest of photos, and no export."""
    return _is_for_photos(path, path.relative_to(home / "inbox").as_posix())


def _is_for_photos(path: Path, relative: str) -> bool:
    return relative.startswith(f"{FOLDER}/") or is_photo_or_manifest(path)


def is_photo_or_manifest(path: Path) -> bool:
    """Whether a file, wherever it stands, is called like a picture or begins like a manifest."""
    return looks_like_photo(path.name) or looks_like_manifest(path)


def waiting(home: Path) -> list[Waiting]:
    """Photos, manifests and links that wait, by name as a person would sort them.

    Raises DepositError for a folder that cannot be read.
    """
    inbox = str(home / "inbox")
    found = []
    for entry in _walk(inbox):
        relative = entry.path[len(inbox) + 1 :].replace(os.sep, "/")
        path = Path(entry.path)
        if not _is_for_photos(path, relative):
            continue
        kind = "manifest" if relative.lower().endswith(".csv") else "photo"
        found.append(Waiting(path, told_name(relative), "link" if entry.is_symlink() else kind))
    return sorted(found, key=lambda one: (natural(one.told), str(one.path)))


def photos_in(path: Path) -> list[tuple[Path, str]]:
    """(file or link, its place below inbox/photos/) of the photos that a path means."""
    if path.is_dir() and not path.is_symlink():
        root = path.resolve()
        return [
            (one, f"{root.name}/{one.relative_to(root).as_posix()}")
            for one in (Path(entry.path) for entry in _walk(str(root)))
            if is_photo_or_manifest(one)
        ]
    if is_photo_or_manifest(path) and (path.is_symlink() or path.is_file()):
        folder = path.parent.resolve().name
        return [(path, f"{folder}/{path.name}" if folder else path.name)]
    return []


def deposit_photos(path: Path, home: Path) -> list[Path]:
    """Copies the photos that a path means into the inbox; returns where they wait.

    A copy appears under its name only when it is whole; other bytes under a name that waits
    already wait beside it. Raises DepositError.
    """
    found = photos_in(path)
    _wait_until_left_alone([one for one, _ in found])
    placed = []
    for one, place in found:
        try:
            placed.append(_place(one, home / "inbox" / FOLDER, place))
        except OSError as error:
            raise DepositError(why(one, home / "inbox" / FOLDER, error)) from error
    return placed


def _place(path: Path, folder: Path, relative: str) -> Path:
    place, turn = folder / relative, 1
    while os.path.lexists(place):
        if _same(path, place):
            return place
        turn += 1
        place = folder / f"again-{turn}" / relative
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        # As a link, so that it is refused like one dropped into the inbox.
        place.symlink_to(os.readlink(path))
        return place
    before = reading.stamp(path)
    copy_whole(path, place)
    if not reading.same(path, before):
        place.unlink()
        raise DepositError(
            f"{path.name} is still being written: give it again when its writer is done."
        )
    return place


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and os.readlink(one) == os.readlink(other)
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def _wait_until_left_alone(paths: list[Path]) -> None:
    newest = max((path.lstat().st_mtime for path in paths if path.exists()), default=0.0)
    left = QUIET_S - (time.time() - newest)
    if 0 < left <= QUIET_S:
        time.sleep(left)


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    """Files and links below a folder that may not be there, but hidden ones; none is followed."""
    if not os.path.isdir(folder):
        return
    if not os.access(folder, os.R_OK | os.X_OK):
        raise DepositError(
            f"The folder {folder} cannot be read: permission denied; let this user read it, or "
            "move it away."
        )
    with os.scandir(folder) as entries:
        seen = sorted((one for one in entries if one.name[0] != "."), key=lambda one: one.name)
    for entry in seen:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        elif entry.is_symlink() or entry.is_file():
            yield entry
