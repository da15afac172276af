"""What the bytes of a picture say of themselves, without decoding: its format, and a lost end."""

from __future__ import annotations

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
"""Formats that are read, and the extension under which the store keeps them."""

_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
}
_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
    (b"8BPS", "PSD"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
)


def format_of(data: bytes) -> str | None:
    """The format that the first bytes tell, whatever the file is called; None: no known one."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12])
    return next((name for start, name in _STARTS if data.startswith(start)), None)


def is_cut_off(data: bytes, format_: str) -> bool:
    """Whether the mark that ends every whole file of this format is not there.

    A decoder may have every pixel, or paint grey, and not miss it.
    """
    if format_ == "JPEG":
        if data.endswith(b"\xff\xd9"):
            return False
        scan = _first_scan(data)
        return scan < 0 or data.find(b"\xff\xd9", scan) < 0
    if format_ == "PNG":
        end = data.rfind(b"IEND")
        return end < 0 or end + 8 > len(data)
    if format_ == "GIF":
        return not data.rstrip(b"\0").endswith(b";")
    if format_ == "WEBP":
        return len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data)
    return False


def _first_scan(data: bytes) -> int:
    """Where the picture's own data begin, past the thumbnails in its header; -1: nowhere."""
    at = 2
    while 0 <= at < len(data) - 4:
        if data[at] != 0xFF:
            at = data.find(b"\xff", at)
        elif data[at + 1] == 0xDA:
            return at
        elif data[at + 1] == 0xFF or data[at + 1] == 0x01 or 0xD0 <= data[at + 1] <= 0xD8:
            at += 1 if data[at + 1] == 0xFF else 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return -1


def looks_like_text(data: bytes) -> bool:
    """Whether the first bytes are text, as of an error page saved under a picture's name."""
    head = data[:512]
    return b"\0" not in head and sum(byte < 9 or 13 < byte < 32 for byte in head) == 0
