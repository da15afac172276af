"""Opening a delivered file: what it is, in which encoding, and its bytes as one UTF-8 stream.

What cannot be a table is refused here, with one sentence that says what, where and what to do.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from realty_assets.errors import RealtyError
from realty_assets.ingestion.sources import Source

CHUNK_BYTES = 16 << 20
DELIMITERS = (",", ";", "\t", "|")
_PACKED = {
    b"\x89PNG": "a PNG image: deliver the export itself",
    b"\xff\xd8\xff": "a JPEG image: deliver the export itself",
    b"%PDF": "a PDF document: export the listings as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
    b"BZh": "a bzip2 archive: unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive: unpack it first",
    b"PAR1": "a parquet file: export the listings as CSV",
}


class FileRefused(RealtyError):
    """A file that cannot be taken in at all; nothing of it is staged."""


class FileStillGrowing(RealtyError):
    """A file that is still being written; it is left for later."""


@dataclass(frozen=True)
class Stamp:
    """What tells that a file has not changed while it was read."""

    n_bytes: int
    mtime_ns: int
    inode: int
    ctime_ns: int


@dataclass(frozen=True)
class Layout:
    """How a file's text is laid out, and which source it is of."""

    encoding: str  # of the file as a whole; rows may differ
    delimiter: str
    headings: tuple[str, ...]  # as they stand in the file, made unique
    header: bytes  # the header record itself
    skipped: int  # bytes of the UTF-8 stream before the first data record
    line: int  # physical line of the first data record
    notes: int  # lines above the header that are not data
    source: Source
    sheet: str = ""  # of a workbook


def stamp(path: Path) -> Stamp:
    """Size, times and identity of a file. Raises FileRefused when it cannot be looked at."""
    try:
        stat = path.stat()
    except OSError as error:
        raise FileRefused(f"{path.name} cannot be read: {error.strerror}.") from error
    return Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns)


def hash_file(path: Path) -> str:
    """sha256 of a file, hex. Raises FileRefused when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError as error:
        raise FileRefused(
            f"{path.name} cannot be read: permission denied; let this user read it."
        ) from error
    except OSError as error:
        raise FileRefused(f"{path.name} cannot be read: {error.strerror}.") from error


def stream(path: Path, sheet: str = "") -> Iterator[bytes]:
    """The file's bytes, or a workbook's sheet as CSV, in UTF-8 without a byte order mark.

    Single bytes >= 128 may be Windows-1252.
    Raises FileRefused for NUL bytes, a broken archive, or a broken UTF-16 text.
    """
    if sheet:
        from realty_assets.ingestion import workbook

        yield from workbook.text_of(path, sheet)
        return
    first = True
    bare_returns = False
    for piece in _decoded(path):
        if first:
            first = False
            bare_returns = b"\r" in piece and b"\n" not in piece
        if b"\0" in piece:
            raise FileRefused(
                f"{path.name} holds NUL bytes from line {_line_of_nul(path)} on, as a broken "
                "transfer leaves them: deliver it again."
            )
        whole = piece.replace(b"\r", b"\n") if bare_returns else piece
        if whole:
            yield whole


def _line_of_nul(path: Path) -> int:
    line = 1
    for piece in _decoded(path):
        at = piece.find(b"\0")
        line += piece.count(b"\n", 0, at if at >= 0 else len(piece))
        if at >= 0:
            break
    return line


def _decoded(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        head = file.read(4)
    encoding = _utf16(head)
    decoder = codecs.getincrementaldecoder(encoding)() if encoding else None
    first = True
    for raw in _unpacked(path, head):
        piece = raw
        if decoder is not None:
            try:
                piece = decoder.decode(piece).encode("utf-8")
            except UnicodeError as error:
                raise FileRefused(
                    f"{path.name} begins as UTF-16 text and breaks off as such: deliver it again."
                ) from error
        if first:
            piece = piece.removeprefix(codecs.BOM_UTF8)
            first = False
        yield piece
    if decoder is not None:
        try:
            yield decoder.decode(b"", final=True).encode("utf-8")
        except UnicodeError as error:
            raise FileRefused(
                f"{path.name} ends in the middle of a UTF-16 character: deliver it again."
            ) from error


def _unpacked(path: Path, head: bytes) -> Iterator[bytes]:
    if not head.startswith(b"\x1f\x8b"):
        with path.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                yield piece
        return
    try:
        with gzip.open(path, "rb") as packed:
            while piece := packed.read(CHUNK_BYTES):
                yield piece
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused(
            f"{path.name} is a gzip archive that breaks off or is damaged: deliver it again."
        ) from error


def _utf16(head: bytes) -> str | None:
    """The UTF-16 form of a file that has one, with or without a byte order mark."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(head) == 4 and head[0] and head[2] and not head[1] and not head[3]:
        return "utf-16-le"
    if len(head) == 4 and head[1] and head[3] and not head[0] and not head[2]:
        return "utf-16-be"
    return None


def beginning(path: Path) -> bytes:
    """The first piece of a file's text. Raises FileRefused when it is empty or no text at all."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise FileRefused(f"{path.name} is empty (0 bytes): export it again.")
    for magic, what in _PACKED.items():
        if head.startswith(magic):
            raise FileRefused(f"{path.name} is {what}.")
    pieces = stream(path)
    start = next(pieces, b"")
    if not start.strip():
        raise FileRefused(f"{path.name} holds nothing but blank lines: export it again.")
    if start.lstrip()[:1] == b"<":
        raise FileRefused(
            f"{path.name} is a web page (a sign-in page, perhaps), not a table: sign in and "
            "export again."
        )
    if not _is_text(start[:4096]):
        raise FileRefused(f"{path.name} is a binary file, not a table: export it as CSV.")
    return start


def _is_text(head: bytes) -> bool:
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head)
    return controls <= len(head) // 200


def encoding_name(head: bytes) -> str:
    """What a file's first bytes say of its encoding as a whole."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if _utf16(head[:4]) else "utf-8"


def text(data: bytes, encoding: str = "") -> str:
    """`data` in the stated encoding, or as UTF-8, or else as Windows-1252.

    Bytes that Windows-1252 does not define are read as Latin-1.
    """
    if encoding:
        return data.decode(encoding, "realty_latin1")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "realty_latin1")


def _latin1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("realty_latin1", _latin1)


def same(path: Path, before: Stamp) -> bool:
    """Whether a file is still as it was when `before` was taken."""
    try:
        stat = os.stat(path)
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns, stat.st_ino) == (
        before.n_bytes,
        before.mtime_ns,
        before.inode,
    )
