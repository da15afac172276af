"""Choose which rows carry a fault and build the lines of each file around them.

Every fault is a row of the answer key. A row carries one fault at most; rows that come again
unchanged in a delta carry none, so that the repeat stays a repeat.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from realty_assets.sample_market import constants as k
from realty_assets.sample_market.market import Market
from realty_assets.sample_market.mutations import ROW_KINDS, Cells, RowKind
from realty_assets.sample_market.timeline import FileRows, States
from realty_assets.sample_market.vocabulary import HEADINGS

Take = Callable[[str], list[int]]
"""Name of a mask -> unused rows of it."""

SHORT_FIELDS = 41
INSERT_KINDS = (
    "same row twice",
    "two prices for one key",
    "same sale under another key",
    "short row",
    "long row",
    "impossible status change",
)
"""Row faults that need a second line, another line form or an earlier file."""
BLANK_LINES = 3


@dataclass(frozen=True)
class Fault:
    """One planted fault before its place in the file is known."""

    kind: str
    scope: str
    """row, event, line, file or photo."""
    field: str = ""
    visible: bool = True
    legal: bool = False
    note: str = ""


@dataclass
class Line:
    """One record (or, with is_record False, a line that is none) with its faults."""

    text: str
    key: str
    is_record: bool = True
    faults: list[Fault] = field(default_factory=list)
    row: int = -1
    """Row of FileRows it shows, -1 for an inserted line."""


@dataclass
class Plan:
    """All lines of all files (one list per file), and the file that carries each file kind."""

    lines: list[list[Line]]
    special: dict[str, int]
    token_listings: list[int]
    """Listings whose sale was written as a token: not at arm's length in the truth."""


def join_cells(values: list[str | None]) -> str:
    """Cells as one CSV line without a line end, quoted where needed; null is an empty cell."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(["" if v is None else v for v in values])
    return out.getvalue()


def _to_line(cells: Cells, kind: str) -> str:
    values = [cells[h] for h in HEADINGS]
    if kind == "bare quote characters":
        return f"{join_cells(values[:-1])},{values[-1]}"
    if kind == "long row":
        address = (cells["Address"] or "").replace(",", " ")
        at = HEADINGS.index("Address")
        return ",".join(
            [join_cells(values[:at]), f"{address},Suite 4", join_cells(values[at + 1 :])]
        )
    if kind == "short row":
        return join_cells(values[:SHORT_FIELDS])
    return join_cells(values)


def special_files(rows: FileRows) -> dict[str, int]:
    """Which monthly file carries which file-wide habit: spread out, one kind a file."""
    n_months = int((~rows.is_delta).sum())
    kinds = (
        "Windows-1252 characters",
        "encoding changes inside the file",
        "duplicate headings",
        "disclaimer as the first data row",
        "trailing totals row",
    )
    return {kind: int(n_months * (i + 1) / (len(kinds) + 1)) for i, kind in enumerate(kinds)}


def plant(
    market: Market,
    states: States,
    rows: FileRows,
    cells: pl.DataFrame,
    lines: list[str],
    seed: int,
) -> Plan:
    """Plant all kinds of faults in rows of the exports.

    `cells` and `lines` hold the same rows, in the order of `rows`.
    """
    rng = np.random.default_rng([seed, 30])
    special = special_files(rows)
    listing = states.listing[rows.state]
    status = states.status[rows.state]
    n = len(rows.state)
    arms = market.listings.arms_length[listing]
    free = np.ones(n, dtype=bool)
    repeated = rows.state[rows.event == "unchanged repeat"]
    free &= ~np.isin(rows.state, repeated) & (rows.event != "newer version of a record") & arms
    # The row before a newer version is its older state.
    free[np.flatnonzero(rows.event[1:] == "newer version of a record")] = False
    free &= ~np.isin(rows.file, [special["duplicate headings"]])
    homes = market.homes
    home = market.listings.home[listing]
    has_lot = cells["Lot Size"].is_not_null().to_numpy()
    masks: dict[str, NDArray[np.bool_]] = {
        "any": np.ones(n, dtype=bool),
        "sold": status == k.SOLD,
        "big_lot": has_lot & (homes.lot[home] > 1.8 * homes.living_area[home]),
        "beds": homes.beds[home] >= 2,
        "spaced": np.isin(status, (k.OPTION, k.CONTINUE, k.COMING_SOON)),
        "sold_monthly": (status == k.SOLD) & ~rows.is_delta[rows.file],
        "sold_before_delta": (status == k.SOLD) & (rows.file < (~rows.is_delta).sum() - 1),
    }
    n_kinds = len(ROW_KINDS) + len(INSERT_KINDS)
    each = max(k.FAULTS_PER_KIND_LEAST, round(k.FAULT_SHARE * n / n_kinds))

    left = int(k.FAULT_SHARE_MOST * n)
    each = max(1, min(each, left // n_kinds))

    def take(mask: str) -> list[int]:
        """Up to `each` unused rows of a mask, now used; fewer when enough rows carry a fault."""
        nonlocal left
        chosen = rng.permutation(np.flatnonzero(free & masks[mask]))[: min(each, left)]
        left -= len(chosen)
        free[chosen] = False
        return sorted(int(c) for c in chosen)

    files: list[list[Line]] = [[] for _ in rows.names]
    keys = cells["MLS Number"].to_list()
    by_row: list[Line] = []
    for i in range(n):
        line = Line(lines[i], keys[i], row=i)
        if rows.event[i]:
            event = str(rows.event[i])
            line.faults.append(Fault(event, "event", "Status", legal=True))
        if not arms[i] and status[i] == k.SOLD:
            line.faults.append(
                Fault("not at arm's length", "row", "Close Price", False, True, "family transfer")
            )
        by_row.append(line)
    tokens: list[int] = []
    after: dict[int, Line] = {}

    # The scarcest rows are chosen first; among equals chance decides who goes without.
    shuffled = [ROW_KINDS[i] for i in rng.permutation(len(ROW_KINDS))]
    scarce = sorted(shuffled, key=lambda kind: kind.eligible == "any")
    inserts = _inserts(cells, by_row, after, take, rng)
    moved = _status_goes_back(rows, cells, take, rng)
    for kind in scarce:
        for i in take(kind.eligible):
            row = cells.row(i, named=True)
            note = kind.mutate(row, rng) or ""
            _mark(by_row[i], row, kind, note)
            if kind.kind == "token price":
                tokens.append(int(listing[i]))
    for torn in inserts:
        row = cells.row(torn.row, named=True)
        by_row[torn.row].text = _to_line(row, torn.kind)
        by_row[torn.row].faults.append(Fault(torn.kind, "row", note=torn.note))

    for i in range(n):
        files[rows.file[i]].append(by_row[i])
        if i in after:
            files[rows.file[i]].append(after[i])
    for f, line in moved:
        files[f].append(line)
    _other_lines(files, special, rows, rng)
    return Plan(lines=files, special=special, token_listings=tokens)


def _mark(line: Line, row: Cells, kind: RowKind, note: str) -> None:
    line.text = _to_line(row, kind.kind)
    line.key = row["MLS Number"] or ""
    line.faults.append(Fault(kind.kind, "row", kind.field, kind.visible, kind.legal, note))


@dataclass(frozen=True)
class _Ragged:
    row: int
    kind: str
    note: str


def _inserts(
    cells: pl.DataFrame,
    by_row: list[Line],
    after: dict[int, Line],
    take: Take,
    rng: np.random.Generator,
) -> list[_Ragged]:
    """Second lines (twins, two prices, other keys) into `after`; returns the ragged rows."""
    for i in take("sold"):
        key = by_row[i].key
        note = f"repeats the record before, MLS Number {key}"
        twin = Fault("same row twice", "row", "MLS Number", legal=True, note=note)
        after[i] = Line(by_row[i].text, key, faults=[twin])
    for i in take("sold"):
        row = cells.row(i, named=True)
        price = int((row["Close Price"] or "").replace("$", "").replace(",", ""))
        row["Close Price"] = f"${price + int(rng.integers(5, 40)) * 1000:,}"
        kind = "two prices for one key"
        note = "same MLS Number and change timestamp as the record before"
        after[i] = Line(
            join_cells(list(row.values())), by_row[i].key,
            faults=[Fault(kind, "row", "Close Price", note=note)],
        )  # fmt: skip
        first = Fault(kind, "row", "Close Price", False, False, "the right one of the two")
        by_row[i].faults.append(first)
    for j, i in enumerate(take("sold")):
        row = cells.row(i, named=True)
        row["MLS Number"] = str(98_000_000 + 17 * (j + 1))
        kind = "same sale under another key"
        after[i] = Line(
            join_cells(list(row.values())), row["MLS Number"],
            faults=[Fault(kind, "row", "MLS Number", note=f"as MLS Number {by_row[i].key}")],
        )  # fmt: skip
        original = Fault(kind, "row", "MLS Number", False, False, "the original of the two")
        by_row[i].faults.append(original)
    ragged = [_Ragged(i, "short row", f"{SHORT_FIELDS} of 68 fields") for i in take("any")]
    long_note = "an unquoted comma made one field two"
    return ragged + [_Ragged(i, "long row", long_note) for i in take("any")]


def _status_goes_back(
    rows: FileRows, cells: pl.DataFrame, take: Take, rng: np.random.Generator
) -> list[tuple[int, Line]]:
    """Sold in a monthly file, Active in a delta with a newer timestamp."""
    deltas = np.flatnonzero(rows.is_delta)
    made = []
    for i in take("sold_before_delta"):
        f = int(deltas[int(rng.integers(len(deltas)))])
        row = cells.row(i, named=True)
        day = rows.names[f].removeprefix("har_delta_").removesuffix(".csv")
        hour = int(rng.integers(9, 12))
        row["Status"] = "Active"
        row["Current Price"] = row["List Price"]
        for cell in (
            "Close Price", "Close Date", "Price Sq Ft Sold", "Selling Agent Full Name",
            "Selling Office Name",
        ):  # fmt: skip
            row[cell] = None
        row["Last Change Timestamp"] = (
            f"{int(day[4:6])}/{int(day[6:])}/{day[:4]} {hour}:{int(rng.integers(10, 60))}:00 AM"
        )
        fault = Fault("impossible status change", "row", "Status", note="Sold to Active")
        key = row["MLS Number"] or ""
        made.append((f, Line(join_cells(list(row.values())), key, faults=[fault])))
    return made


def _other_lines(
    files: list[list[Line]], special: dict[str, int], rows: FileRows, rng: np.random.Generator
) -> None:
    """Lines that are no records: blank ones, a totals row, a disclaimer."""
    note = "not a data record"
    for f in rng.permutation(len(files))[:BLANK_LINES]:
        at = int(rng.integers(1, len(files[f]) + 1)) if files[f] else 0
        blank = Fault("blank line", "line", legal=True, note=note)
        files[f].insert(at, Line("", "", is_record=False, faults=[blank]))
    f = special["trailing totals row"]
    n = sum(line.is_record for line in files[f])
    total = join_cells([f"Total: {n}", None, None, f"${n * 317_000:,}", *([None] * 64)])
    fault = Fault("trailing totals row", "line", "MLS Number", legal=True, note=note)
    files[f].append(Line(total, "", is_record=False, faults=[fault]))
    f = special["disclaimer as the first data row"]
    text = '"All data is deemed reliable, but not guaranteed. Copyright Sample MLS."'
    fault = Fault("disclaimer as the first data row", "line", legal=True, note=note)
    files[f].insert(0, Line(text, "", is_record=False, faults=[fault]))
