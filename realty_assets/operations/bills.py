"""Bills of who is paid for the machine, as rows, and what the estimate of the same days came to.

A bill is a CSV file with the columns `day` (YYYY-MM-DD) and `usd`, and `service` where it tells
several apart; other columns are passed over. A day and service that is billed again is corrected.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.operations.records import check_action, create_tables, record_action
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

BILLS = "operations.bills"
DAY, USD, SERVICE = "day", "usd", "service"
SCHEMA: dict[str, Any] = {
    "day": pl.Date,
    "service": pl.String,
    "billed_usd": pl.Float64,
    "file_name": pl.String,
    "file_hash": pl.String,
    "line_number": pl.Int64,
    "imported_at": pl.Datetime("us"),
    "imported_by": pl.String,
}


class BadBill(RealtyError):
    """A file is no bill at all; the message names it and what it lacks."""


@dataclass(frozen=True)
class Line:
    """A line of a bill that can be read; `number` is that in the file, the heading's is 1."""

    number: int
    day: date
    service: str
    usd: float


@dataclass(frozen=True)
class Refused:
    """A line that cannot, and why."""

    line: int
    reason: str


def read_bill(text: str, name: str) -> tuple[list[Line], list[Refused]]:
    """A bill's lines, and those refused. Raises BadBill without a column of days or dollars."""
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        columns = {(c or "").strip().lower(): c for c in reader.fieldnames or ()}
        if missing := [c for c in (DAY, USD) if c not in columns]:
            raise BadBill(
                f"{name} has no column {' and no column '.join(missing)}: a bill has {DAY} "
                f"(YYYY-MM-DD), {USD}, and {SERVICE} where there are several."
            )
        lines, refused, seen = [], [], dict[tuple[date, str], int]()
        for row in reader:
            cells = {c: str(row.get(at) or "").strip() for c, at in columns.items()}
            if not any(cells.values()):
                continue
            found = _line(reader.line_num, cells, seen)
            if isinstance(found, Line):
                seen[found.day, found.service] = found.number
                lines.append(found)
            else:
                refused.append(found)
    except csv.Error as error:
        raise BadBill(f"{name} is no CSV file: line {reader.line_num}: {error}.") from error
    return lines, refused


def _line(
    number: int, cells: Mapping[str, str], seen: Mapping[tuple[date, str], int]
) -> Line | Refused:
    try:
        day = date.fromisoformat(cells[DAY])
    except ValueError:
        return Refused(number, f"{cells[DAY]!r} is no day: YYYY-MM-DD")
    said = cells[USD].removeprefix("$").replace(",", "")
    try:
        usd = float(said)
    except ValueError:
        return Refused(number, f"{cells[USD]!r} is no number of US dollars")
    if not math.isfinite(usd) or usd < 0:
        return Refused(number, f"{cells[USD]!r} is no amount of a bill: 0 or more")
    if day > utc_now().date():
        return Refused(number, f"{day} lies ahead: no bill can be of it")
    service = cells.get(SERVICE, "")
    if (day, service) in seen:
        what = f"{day} {service}".strip()
        return Refused(number, f"{what} stands in line {seen[day, service]} already")
    return Line(number, day, service, usd)


def reconcile(warehouse: Warehouse, path: Path, *, reason: str, by: str) -> dict[str, Any]:
    """Takes a bill in and tells what the estimate came to; the same file again changes nothing.

    Raises BadAction, and BadBill for a file that is none.
    """
    check_action(reason, by)
    try:
        raw = path.read_bytes()
        lines, refused = read_bill(raw.decode("utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadBill(f"{path.name} cannot be read as a bill: {error}.") from error
    now, digest = utc_now(), hashlib.sha256(raw).hexdigest()
    with warehouse.transaction() as tx:
        create_tables(tx)
        n_new, n_corrected = _put(tx, _rows(lines, path.name, digest, by.strip(), now))
        told: dict[str, Any] = {
            "n_lines": len(lines),
            "n_new": n_new,
            "n_corrected": n_corrected,
            "n_refused": len(refused),
            "refused": [vars(one) for one in refused],
        }
        if n_new or n_corrected:
            record_action(
                *(tx, "reconcile", path.name), reason=reason, by=by, outcome="done", detail=told
            )
        return told | {"reconciled": reconciled(tx)}


def reconciled(tx: Tx) -> list[dict[str, Any]]:
    """The bill beside the estimate of the same days, by month, the newest first."""
    return tx.read(sql("operations/bills_reconciled.sql")).to_dicts()


def _rows(lines: list[Line], name: str, digest: str, by: str, now: datetime) -> pl.DataFrame:
    return pl.DataFrame(
        [(one.day, one.service, one.usd, name, digest, one.number, now, by) for one in lines],
        schema=SCHEMA,
        orient="row",
    )


def _put(tx: Tx, rows: pl.DataFrame) -> tuple[int, int]:
    """(new, corrected) days and services: what is billed as it stands is left alone."""
    key = ["day", "service"]
    stands = tx.read(BILLS)
    same = stands.select(*key, "billed_usd")
    changed = rows.join(same, on=[*key, "billed_usd"], how="anti", maintain_order="left")
    n_corrected = changed.join(stands, on=key, how="semi").height
    if len(changed):
        kept = stands.join(changed, on=key, how="anti", maintain_order="left")
        tx.replace(BILLS, pl.concat([kept, changed]).sort(key))
    return len(changed) - n_corrected, n_corrected
