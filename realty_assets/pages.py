"""Pages as files: made from templates, never seen half written, known by their hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from realty_assets.errors import RealtyError
from realty_assets.switches import turning
from realty_assets.withdrawals import place_of


class PageNotWritten(RealtyError):
    """A page's file could not be written."""


def environment(templates: Path, *, autoescape: bool = True) -> Environment:
    """Jinja over a folder of templates; a name that is not given is an error."""
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def templates_hash(templates: Path) -> str:
    """sha256 (hex) of a folder of templates: a page is made anew when its form changes."""
    parts = [path.name.encode() + path.read_bytes() for path in sorted(templates.glob("*.j2"))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def write_page(home: Path, relative: Path, text: str, again: str) -> pl.DataFrame:
    """Writes `text` to home/relative; one row: name, path (below the home), sha256, n_bytes.

    The file is written beside its place and renamed; that of a withdrawn page where such pages are
    kept, so that it stays withdrawn. Raises PageNotWritten when that fails, naming the command
    (`again`) that makes the page.
    """
    body = text.encode("utf-8")
    target = home / relative
    try:
        home.mkdir(parents=True, exist_ok=True)
        with turning(home):
            target = place_of(home, relative.as_posix())
            unfinished = target.with_name(target.name + ".tmp")
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(body)
            os.replace(unfinished, target)
    except OSError as error:
        raise PageNotWritten(
            f"The page {target} could not be written ({error.strerror}): free some space or mend "
            f"its permissions, and run `{again}` again."
        ) from error
    row = {
        "name": target.stem,
        "path": relative.as_posix(),
        "sha256": hashlib.sha256(body).hexdigest(),
        "n_bytes": len(body),
    }
    return pl.DataFrame([row])


def damaged(home: Path, written: pl.DataFrame) -> list[str]:
    """Paths of pages (rows with path and sha256) that are gone, or not what was written."""
    return [
        path
        for path, digest in written.select("path", "sha256").sort("path").iter_rows()
        if not (file := place_of(home, path)).is_file()
        or hashlib.sha256(file.read_bytes()).hexdigest() != digest
    ]
