"""The header row of a table: where it stands, which source has it, how its columns are named."""

from __future__ import annotations

import gzip
from pathlib import Path

from realty_assets.ingestion import reading
from realty_assets.ingestion.reading import DELIMITERS, FileRefused, Layout
from realty_assets.ingestion.records import Splitter
from realty_assets.ingestion.sources import Source, UnknownHeadings, recognise

SNIFF_BYTES = 1 << 16
# Notes may stand above the header row.
HEADER_WITHIN = 5


def sniff(path: Path, sources: tuple[Source, ...]) -> Layout:
    """Encoding, delimiter, header row and source of a table's text, from its beginning.

    Raises FileRefused when it is empty, no text, has no data, or no known header.
    """
    start = reading.beginning(path)
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"\x1f\x8b"):
        with gzip.open(path, "rb") as packed:
            head = packed.read(4)
    return find_header(path, start, sources, reading.encoding_name(head))


def find_header(
    path: Path, start: bytes, sources: tuple[Source, ...], encoding: str, sheet: str = ""
) -> Layout:
    """The first of the first few records whose cells are the headings of a source.

    Without one, the file is read by the headings that its mapping states, if a mapping was named.
    Raises FileRefused when neither fits.
    """
    unknown: UnknownHeadings | None = None
    seen: tuple[str, ...] = ()
    for delimiter in DELIMITERS:
        records = _first_records(start[:SNIFF_BYTES], delimiter)
        for at, (offset, end, line, cells) in enumerate(records):
            found = recognise(cells, sources)
            if isinstance(found, Source):
                return Layout(
                    encoding,
                    delimiter,
                    unique(cells),
                    start[offset:end],
                    end,
                    line + start.count(b"\n", offset, end),
                    at,
                    found,
                    sheet,
                )
            if len(cells) > len(seen):
                unknown, seen = found, tuple(cells)
    if bare := _without_header(start, sources, encoding, sheet):
        return bare
    assert unknown is not None, "a text that is not blank has a first record"
    raise unknown_headings(path, unknown)


def _without_header(
    start: bytes, sources: tuple[Source, ...], encoding: str, sheet: str
) -> Layout | None:
    """By stated headings, of as many fields as the first line; not when all sources are open."""
    if len({source.group for source in sources}) > 1:
        return None
    line = start.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
    for source in sources:
        for delimiter in DELIMITERS:
            fields = line.count(delimiter.encode()) + 1
            if source.quoted:
                fields = len(Splitter(delimiter, 0).cells(line))
            if source.headings and fields == len(source.headings):
                headings = unique(list(source.headings))
                return Layout(encoding, delimiter, headings, b"", 0, 1, 0, source, sheet)
    return None


def unknown_headings(path: Path, unknown: UnknownHeadings) -> FileRefused:
    """The refusal of a file whose headings no source has."""
    if not unknown.missing:
        return FileRefused(
            f"{path.name} has neither a header row of a known source nor the number of columns of "
            f"'{unknown.nearest}', which has none: give a mapping with --source FILE.yaml."
        )
    missing = ", ".join(f"'{name}'" for name in unknown.missing[:8])
    more = f" and {len(unknown.missing) - 8} more" if len(unknown.missing) > 8 else ""
    return FileRefused(
        f"{path.name} has a header row of no known source; nearest is {unknown.nearest}, for which "
        f"it lacks {missing}{more}: give a mapping with --source FILE.yaml."
    )


def _first_records(start: bytes, delimiter: str) -> list[tuple[int, int, int, list[str]]]:
    """(offset, end, line, cells) of the first records that are not blank."""
    splitter = Splitter(delimiter, 0)
    found = []
    split = splitter.split(start, 1, final=True)
    for offset, end, n_fields, line in zip(
        split.starts.tolist(),
        split.ends.tolist(),
        split.fields.tolist(),
        split.lines.tolist(),
        strict=True,
    ):
        if n_fields:
            record = start[offset:end].rstrip(b"\r\n")
            cells = [reading.text(cell).strip() for cell in splitter.cells(record)]
            found.append((offset, end, line, cells))
        if len(found) == HEADER_WITHIN:
            break
    return found


def unique(cells: list[str]) -> tuple[str, ...]:
    """Headings as column names: repeated ones numbered, empty ones named by their place."""
    names: list[str] = []
    taken = {"file_hash", "record_number", "line_number"}
    for place, cell in enumerate(cells, start=1):
        base = cell or f"column {place}"
        name, copy = base, 2
        while name.casefold() in taken:
            name = f"{base} ({copy})"
            copy += 1
        names.append(name)
        taken.add(name.casefold())
    return tuple(names)
