"""Zip archives: what may be taken out of one, and taking it out into the inbox.

Every table in an archive becomes a delivery of its own, named `archive.zip/member.csv`; its photos,
with their manifest, go to the photo intake under such names. The members appear in the inbox all at
once, as a folder beside the archive, before the archive is moved away: killed in between, the next
run unpacks it again into the same folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from realty_assets.ingestion.photo_manifest import HEAD_BYTES, begins_as_manifest
from realty_assets.ingestion.photo_names import UNPACKED, looks_like_photo, name_in_archive
from realty_assets.ingestion.reading import FileRefused, FileStillGrowing, hash_file

MAGIC = b"PK\x03\x04"
TABLES = (".csv", ".txt", ".tsv", ".gz", ".json", ".xlsx")
# Beyond the first only when the archive is that much smaller than what comes out of it.
MAX_BYTES, MAX_RATIO, MAX_BYTES_IN_ALL, MAX_MEMBERS = 256 << 20, 200, 64 << 30, 100_000
_READMES = ("readme", "license", "licence", "disclaimer", "notice")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip archive does."""
    try:
        with path.open("rb") as file:
            return file.read(4) == MAGIC
    except OSError:
        return False


def names(path: Path) -> set[str]:
    """Names in a zip archive; none when it is not one, or is broken."""
    if not is_zip(path):
        return set()
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except _BROKEN:
        return set()


def refuse_bomb(path: Path) -> None:
    """Raises FileRefused for an archive that is far larger unpacked than packed."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except _BROKEN as error:
        raise _broken(path) from error
    size = sum(info.file_size for info in infos)
    packed_size = max(1, path.stat().st_size)
    too_dense = size > MAX_BYTES and size > MAX_RATIO * packed_size
    if too_dense or size > MAX_BYTES_IN_ALL or len(infos) > MAX_MEMBERS:
        raise FileRefused(
            f"{path.name} would unpack to {len(infos):,} members of {size / 1e9:.1f} GB, which no "
            "export does: deliver its tables one by one."
        )


def members(path: Path) -> list[zipfile.ZipInfo]:
    """The members that are tables or photos, by name.

    Raises FileRefused when the archive is broken, encrypted, a bomb, holds neither, or has a member
    whose name leaves it.
    """
    refuse_bomb(path)
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    found = {}
    for info in infos:
        name = info.filename
        parts = PurePosixPath(name).parts
        if name.startswith(("/", "\\")) or ".." in parts or "\\" in name or ":" in name:
            raise FileRefused(
                f"{path.name} has a member whose name leaves the archive ({name[:80]!r}): do not "
                "trust it, and ask its sender."
            )
        link = (info.external_attr >> 16) & 0o170000 == 0o120000
        if info.is_dir() or link or _ignored(parts):
            continue
        if info.flag_bits & 1:
            raise FileRefused(f"{path.name} is encrypted: unpack it with its password first.")
        if name in found:
            raise FileRefused(
                f"{path.name} holds two members named {name!r}: deliver its tables one by one."
            )
        found[name] = info
    if not found:
        raise FileRefused(
            f"{path.name} holds no table ({', '.join(TABLES)}) and no photo: deliver the export "
            "itself."
        )
    return [found[name] for name in sorted(found)]


def refusal(path: Path) -> FileRefused | FileStillGrowing:
    """Why a zip archive that still waits cannot be taken in."""
    try:
        members(path)
    except FileRefused as error:
        return error
    return FileStillGrowing(f"{path.name} has only just become whole; it is left for later.")


def contents(path: Path) -> list[tuple[str, str]]:
    """(name in the ledger, sha256) of each export that a file delivers: itself, or its members."""
    if is_archive(path):
        try:
            found = members(path)
        except FileRefused:
            return [(path.name, hash_file(path))]
        with zipfile.ZipFile(path) as archive:
            return [
                (f"{path.name}/{info.filename}", _sha256(archive, info))
                for info in found
                if not _for_photos(archive, info)
            ]
    return [(path.name, hash_file(path))]


def photo_names(path: Path) -> list[str]:
    """The names by which the photos and manifests of an archive go; none of any other file."""
    if not is_archive(path):
        return []
    try:
        found = members(path)
    except FileRefused:
        return []
    with zipfile.ZipFile(path) as archive:
        return [f"{path.name}/{one.filename}" for one in found if _for_photos(archive, one)]


def _for_photos(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    if looks_like_photo(info.filename):
        return True
    if not info.filename.lower().endswith(".csv"):
        return False
    try:
        with archive.open(info) as inside:
            return begins_as_manifest(inside.read(HEAD_BYTES))
    except _BROKEN:
        return False  # the archive is refused as a whole


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive, and no spreadsheet."""
    found = names(path)
    return bool(found) and "xl/workbook.xml" not in found


def unpack_waiting(waiting: list[Path], scratch: Path, home: Path) -> None:
    """Puts what every sound archive among `waiting` files holds into the inbox beside it.

    Archives that are to be refused stay, for the run to refuse them like any file.
    """
    for path in waiting:
        if not is_archive(path):
            continue
        try:
            _unpack(path, members(path), scratch)
        except FileRefused:
            continue
        _keep(path, home)


def told_name(path: Path) -> str:
    """What the ledger calls a waiting file: a member with the name of its archive before it."""
    return name_in_archive(path.parts) or path.name


def _unpack(path: Path, found: list[zipfile.ZipInfo], scratch: Path) -> None:
    work = scratch / f"{os.getpid()}-unpack"
    shutil.rmtree(work, ignore_errors=True)
    stat = path.stat()
    try:
        with zipfile.ZipFile(path) as archive:
            for info in found:
                place = work / PurePosixPath(info.filename)
                place.parent.mkdir(parents=True, exist_ok=True)
                _write(archive, info, place)
                # Known from when the archive was written.
                os.utime(place, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        # By content, so that another archive of the same name does not take its place.
        target = path.with_name(f"{path.name}.{hash_file(path)[:12]}{UNPACKED}")
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _broken(path) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sha256(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    try:
        with archive.open(info) as inside:
            return hashlib.file_digest(inside, "sha256").hexdigest()  # type: ignore[arg-type]
    except _BROKEN:
        return ""  # never in the ledger: the archive is refused as a whole


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: Path) -> None:
    """Writes a member, never more bytes than the archive's own list says."""
    left = info.file_size
    with archive.open(info) as inside, place.open("wb") as out:
        while piece := inside.read(1 << 20):
            left -= len(piece)
            if left < 0:
                raise zipfile.BadZipFile("a member is larger than the archive says")
            out.write(piece)


def _keep(path: Path, home: Path) -> None:
    from realty_assets.ingestion import inbox

    try:
        inbox.archive(path, home, hash_file(path))
    except (FileNotFoundError, FileRefused):
        # Another process has moved it.
        return


def _ignored(parts: tuple[str, ...]) -> bool:
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return True
    name = parts[-1].lower()
    if looks_like_photo(name):
        return False
    return not name.endswith(TABLES) or name.startswith(_READMES)


def _broken(path: Path) -> FileRefused:
    return FileRefused(
        f"{path.name} is a zip archive that breaks off or is damaged: deliver it again."
    )
