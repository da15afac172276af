"""The inbox of a home: how a file gets in, in which order files are taken, and where they go.

inbox/<file> is recognised by its headings; inbox/<source>/<file> is read as that source. A file
leaves the inbox only after its transaction: to archive/<file_hash>/, or to refused/ or
blocked/<source>/ with a note that says why. Killed in between, the next run finds its delivery in
the ledger and only moves it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from realty_assets.errors import RealtyError
from realty_assets.ingestion import packed, reading
from realty_assets.ingestion.photo_names import FOLDER, UNPACKED
from realty_assets.ingestion.sources import Source, all_sources, load_source

# A file that was touched less than this long ago may still be growing.
QUIET_S = 2.0
SUFFIXES = (".csv", ".txt", ".tsv", ".gz", ".zip", ".xlsx", ".json")


class DepositError(RealtyError):
    """A file could not be put into the inbox."""


def pending(home: Path) -> list[Path]:
    """Files that wait in the inbox, by name as a person would sort them, then by place."""
    inbox = home / "inbox"
    found = [
        path
        for path in inbox.rglob("*")
        if not _hidden(path.relative_to(inbox)) and not path.is_symlink() and path.is_file()
    ]
    return sorted(found, key=lambda path: (natural(path.name), str(path.relative_to(inbox))))


def natural(name: str) -> str:
    """A sort key that puts page_9 before page_10."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(20), name.casefold())


def sources_for(path: Path, home: Path) -> tuple[Source, ...]:
    """The mappings that a waiting file may be of: those its folder names, or all."""
    relative = path.relative_to(home / "inbox")
    known = all_sources(home)
    if len(relative.parts) > 1:
        named = tuple(s for s in known if relative.parts[0] in (s.name, s.group))
        if named:
            return named
    return known


def expand(path: Path) -> list[Path]:
    """The files that a path means: itself, or the exports in a folder, sorted by name.

    Raises DepositError when there is nothing there or it cannot be read.
    """
    try:
        if path.is_dir():
            files = [
                one
                for one in path.rglob("*")
                if one.suffix.lower() in SUFFIXES
                and one.is_file()
                and not _hidden(one.relative_to(path))
            ]
            _enter_all(path)
            if not files:
                raise DepositError(
                    f"The folder {path} holds no export ({', '.join(SUFFIXES)}): name another."
                )
            return sorted(files, key=lambda one: (natural(one.name), str(one)))
        if not path.exists():
            raise DepositError(f"There is no file {path}.")
    except PermissionError as error:
        raise DepositError(
            f"The folder {error.filename or path} cannot be read: permission denied; let this user "
            "read it, or move it away."
        ) from error
    return [path]


def _enter_all(folder: Path) -> None:
    """Raises PermissionError for a folder below that cannot be entered: rglob passes it by."""

    def refuse(error: OSError) -> None:
        raise error

    for place, _, _ in os.walk(folder, onerror=refuse):
        if not os.access(place, os.R_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "Permission denied", place)


def file_sha256(path: Path) -> str:
    """sha256 of a file, hex. Raises DepositError when it cannot be read."""
    try:
        return reading.hash_file(path)
    except reading.FileRefused as error:
        raise DepositError(str(error)) from error


def deposit(path: Path, home: Path, source: str | Path | None = None) -> list[Path]:
    """Copies a file, or the exports of a folder, into the inbox; returns where they wait.

    A copy appears under its name only when it is whole. The same bytes under the same name wait
    once; other bytes under a name that waits already go into a folder of their own beside it.
    `source`: name of a mapping, or path of a YAML mapping, which is copied into the home.
    Raises DepositError, and SourceError for a mapping that cannot be used.
    """
    files = expand(path)
    folder = home / "inbox"
    if source is not None:
        folder = folder / _install(source, home)
    placed = []
    for one in files:
        try:
            placed.append(_place(one, folder))
        except OSError as error:
            raise DepositError(why(one, folder, error)) from error
    return placed


def _install(source: str | Path, home: Path) -> str:
    forms = load_source(source, home)
    text = str(source)
    if not re.search(r"\.ya?ml$", text):
        return text
    name = forms[0].name
    target = home / "sources" / f"{name}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_whole(Path(text), target)
    return name


def _place(path: Path, folder: Path) -> Path:
    _wait_until_left_alone(path)
    before = reading.stamp(path)
    digest = file_sha256(path)
    place, turn = folder / path.name, 1
    while place.exists():
        if reading.hash_file(place) == digest:
            return place
        turn += 1
        place = folder / f"again-{turn}" / path.name
    place.parent.mkdir(parents=True, exist_ok=True)
    copy_whole(path, place)
    if not reading.same(path, before):
        place.unlink()
        raise DepositError(
            f"{path.name} is still being written: give it again when its writer is done."
        )
    return place


def _wait_until_left_alone(path: Path) -> None:
    """Waits a moment for a file that was touched just now; one that goes on growing is refused."""
    before = reading.stamp(path)
    left = QUIET_S - (time.time() - before.mtime_ns / 1e9)
    if 0 < left <= QUIET_S:
        time.sleep(left)
        if not reading.same(path, before):
            raise DepositError(
                f"{path.name} is still being written: give it again when its writer is done."
            )


def copy_whole(path: Path, place: Path) -> None:
    """Copies a file; it appears under its new name only when it is all there."""
    beside = place.parent / f".{place.name}.{os.getpid()}.part"
    try:
        # With its times: a daily delivery is known from when it was written.
        shutil.copy2(path, beside)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


def why(path: Path, folder: Path, error: OSError) -> str:
    """Why a file could not be copied, and what to do."""
    if error.errno == errno.ENOSPC:
        return f"The disk is full: {path.name} was not put into the inbox; free some space."
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"{path} cannot be copied into {folder}: permission denied; let this user read the "
            "one and write the other."
        )
    return f"{path} cannot be copied into {folder}: {error.strerror}."


def delivery_id(path: Path, file_hash: str, stamp: reading.Stamp) -> str:
    """Names one arrival: the same file in the same place until it is written anew."""
    told = f"{packed.told_name(path)}|{file_hash}|{stamp.inode}|{stamp.ctime_ns}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def archive(path: Path, home: Path, file_hash: str) -> Path:
    """Moves a taken file out of the inbox; the same bytes are kept once."""
    folder = home / "archive" / file_hash
    folder.mkdir(parents=True, exist_ok=True)
    kept = sorted(folder.iterdir())
    if kept:
        path.unlink()
    else:
        kept = [path.rename(folder / path.name)]
    drop_empty(path.parent, home / "inbox")
    return kept[0]


def put_aside(path: Path, home: Path, reason: str, place: str = "refused") -> Path:
    """Moves a file out of the inbox to home/<place>/, with a note; nothing is overwritten."""
    folder = home / place
    folder.mkdir(parents=True, exist_ok=True)
    target = _free(folder, path)
    target.with_name(target.name + ".reason.txt").write_text(reason + "\n", encoding="utf-8")
    path.replace(target)
    drop_empty(path.parent, home / "inbox")
    return target


def put_back(path: Path, home: Path, source: str) -> Path:
    """Moves a file that was put aside to where it is read as `source`; nothing is overwritten."""
    target = _free(home / "inbox" / source, path)
    path.replace(target)
    return target


def _free(folder: Path, path: Path) -> Path:
    """A place below `folder` for `path` that other bytes do not hold; its folder is made."""
    place, turn = folder / path.name, 1
    while place.exists() and not _same_bytes(place, path):
        turn += 1
        place = folder / f"again-{turn}" / path.name
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _same_bytes(one: Path, other: Path) -> bool:
    try:
        return reading.hash_file(one) == reading.hash_file(other)
    except reading.FileRefused:
        return False


def drop_empty(folder: Path, inbox: Path) -> None:
    """Removes a folder of the inbox that is left empty, and those above it that then are: of
    archives, of photos, and those that were made for a second file of one name."""
    while inbox in folder.parents:
        parts = folder.relative_to(inbox).parts
        of_archive = any(part.endswith(UNPACKED) for part in parts)
        of_photos = len(parts) > 1 and parts[0] == FOLDER
        if not (of_archive or of_photos or folder.name.startswith("again-")):
            return
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass  # gone already; those above may be empty
        except OSError:
            return  # not empty
        folder = folder.parent


def _hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)
