"""Unmistakable words in the private cells of a sample market, to be looked for afterwards."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from realty_assets.ingestion.sources import load_source, plain
from realty_assets_tests.markets import make_sample

MARK = "Qzxprivate"


def marked_sample(folder: Path) -> Path:
    """The small sample market, its private cells marked."""
    make_sample(folder)
    for path in sorted((folder / "exports").glob("*.csv")):
        plant(path)
    return folder


def private_headings() -> list[str]:
    return sorted({plain(name) for source in load_source("har") for name in source.private})


def plant(path: Path) -> None:
    """Fills every private cell of an export with the mark and its heading."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    records = list(csv.reader(io.StringIO(text, newline="")))
    heads = [plain(cell.removeprefix("\ufeff")) for cell in records[0]]
    private = [at for at, name in enumerate(heads) if name in private_headings()]
    assert len(private) >= 8, path.name
    for number, record in enumerate(records[1:]):
        if len(record) == len(heads):
            for at in private:
                # As many lines as before: the answer key names records by their line.
                record[at] = f"{MARK} {heads[at]} {number}" + "\n" * record[at].count("\n")
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(records)
    path.write_bytes(out.getvalue().encode("utf-8", "surrogateescape"))
