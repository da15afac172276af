"""Write the planned lines as files and say where in the files each fault stands."""

import re
from pathlib import Path

import polars as pl

from realty_assets.sample_market.faults import Fault, Line, Plan
from realty_assets.sample_market.vocabulary import HEADINGS

BOM = b"\xef\xbb\xbf"
EOL = "\r\n"
REPEATED = ("List Office Name", "List Price")
FAULT_SCHEMA = {
    "file_name": pl.String,
    "record_number": pl.Int64,
    "line_number": pl.Int64,
    "listing_key": pl.String,
    "kind": pl.String,
    "scope": pl.String,
    "field": pl.String,
    "visible": pl.Boolean,
    "legal": pl.Boolean,
    "note": pl.String,
}


def _repeat_headings(text: str, row: dict[str, str | None]) -> str:
    """A row with two of its cells once more: the office as it is, the price as a plain number."""
    price = re.sub(r"[^0-9]", "", row["List Price"] or "")
    return f"{text},{row['List Office Name'] or ''},{price}"


def fault_row(
    file_name: str, record: int, line: int, key: str, fault: Fault
) -> tuple[str, int, int, str | None, str, str, str | None, bool, bool, str | None]:
    """One row of faults.parquet, in the order of FAULT_SCHEMA."""
    return (
        file_name,
        record,
        line,
        key or None,
        fault.kind,
        fault.scope,
        fault.field or None,
        fault.visible,
        fault.legal,
        fault.note or None,
    )


def _encode(lines: list[Line], texts: list[str], special: str) -> tuple[bytes, list[Fault | None]]:
    """The file's bytes and, per line, the encoding fault that it shows."""
    found: list[Fault | None] = [None] * len(texts)
    header = EOL.join([",".join(HEADINGS), ""]) if special != "duplicate headings" else ""
    one_byte = Fault("Windows-1252 characters", "row", "Public Remarks", legal=True)
    if special == "Windows-1252 characters":
        found = [one_byte if not t.isascii() else None for t in texts]
        return (header + "".join(t + EOL for t in texts)).encode("cp1252"), found
    if special == "encoding changes inside the file":
        half = len(texts) // 2
        tail = [not t.isascii() and i >= half for i, t in enumerate(texts)]
        found = [one_byte if here else None for here in tail]
        start = tail.index(True) if any(tail) else len(texts)
        head = header + "".join(t + EOL for t in texts[:start])
        rest = "".join(t + EOL for t in texts[start:])
        return BOM + head.encode() + rest.encode("cp1252"), found
    if special == "duplicate headings":
        header = ",".join([*HEADINGS, *REPEATED]) + EOL
    return BOM + (header + "".join(t + EOL for t in texts)).encode(), found


def write_exports(folder: Path, names: list[str], plan: Plan, cells: pl.DataFrame) -> pl.DataFrame:
    """Write one CSV per name; returns the faults with their places (FAULT_SCHEMA).

    A small market has months or days without a change: no file is written for those, for a
    heading alone is no export. Raises OSError as the file system does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    of_file = {f: kind for kind, f in plan.special.items()}
    found = []
    for f, name in enumerate(names):
        special = of_file.get(f, "")
        lines = plan.lines[f]
        if not any(line.is_record for line in lines):
            continue
        texts = [line.text for line in lines]
        if special == "duplicate headings":
            texts = [
                _repeat_headings(t, cells.row(line.row, named=True)) if line.row >= 0 else t
                for t, line in zip(texts, lines, strict=True)
            ]
        data, encoding = _encode(lines, texts, special)
        (folder / name).write_bytes(data)

        record, number = 0, 2  # the header is physical line 1
        changed = False
        for line, text, one_byte in zip(lines, texts, encoding, strict=True):
            record += line.is_record
            place = (name, record, number, line.key)
            found += [fault_row(*place, fault) for fault in line.faults]
            if one_byte is not None:
                found.append(fault_row(*place, one_byte))
                if special == "encoding changes inside the file" and not changed:
                    note = "UTF-8 before, Windows-1252 from here on"
                    changes = Fault(special, "file", "Public Remarks", note=note)
                    found.append(fault_row(*place, changes))
                    changed = True
            number += 1 + text.count(EOL)
        if special == "duplicate headings":
            for heading in REPEATED:
                fault = Fault(special, "file", heading, note="the heading comes twice")
                found.append(fault_row(name, 0, 1, "", fault))
        if special == "Windows-1252 characters":
            fault = Fault(special, "file", "Public Remarks", legal=True, note="the whole file")
            found.append(fault_row(name, 0, 1, "", fault))
    return pl.DataFrame(found, schema=FAULT_SCHEMA, orient="row")
