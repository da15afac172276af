"""One small function per kind of row fault: what an agent, a script or an upload did to a row.

A mutation changes a dict of cells (heading -> text or None) in place and may return a note.
Kinds are named as in the key of the shared sample files, so that one list serves both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

Cells = dict[str, str | None]
Draw = np.random.Generator


def _number(text: str | None) -> int:
    return int((text or "0").replace("$", "").replace(",", ""))


def _day(text: str | None) -> date:
    month, day, year = (text or "").split(" ")[0].split("/")
    return date(int(year), int(month), int(day))


def _stamp(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year} 12:00:00 AM"


def _dollars(value: int) -> str:
    return f"${value:,}"


def _ten_times(cells: Cells, rng: Draw) -> str:
    cells["Close Price"] = _dollars(_number(cells["Close Price"]) * 10)
    return "an extra zero"


def _lost_digit(cells: Cells, rng: Draw) -> str:
    cells["Close Price"] = _dollars(_number(cells["Close Price"]) // 10)
    return "a digit short"


def _list_ten_times(cells: Cells, rng: Draw) -> str:
    cells["List Price"] = _dollars(_number(cells["List Price"]) * 10)
    return "an extra zero; original price and price per square foot are right"


def _in_thousands(cells: Cells, rng: Draw) -> str:
    cells["Original List Price"] = _dollars(_number(cells["Original List Price"]) // 1000)
    return "$230 for $230,000"


def _set(field: str, *values: str | None) -> Callable[[Cells, Draw], None]:
    def mutate(cells: Cells, rng: Draw) -> None:
        cells[field] = values[int(rng.integers(len(values)))]

    return mutate


def _rent(cells: Cells, rng: Draw) -> None:
    cells["Close Price"] = _dollars(int(rng.integers(24, 70)) * 50)


def _currency_code(cells: Cells, rng: Draw) -> None:
    cells["Close Price"] = "USD " + (cells["Close Price"] or "").removeprefix("$")


def _close_before_list(cells: Cells, rng: Draw) -> None:
    cells["Close Date"] = _stamp(_day(cells["List Date"]) - timedelta(int(rng.integers(10, 80))))


def _list_after_close(cells: Cells, rng: Draw) -> str:
    cells["List Date"] = _stamp(_day(cells["Close Date"]) + timedelta(int(rng.integers(10, 80))))
    return "a status date, not the listing's start"


def _future_close(cells: Cells, rng: Draw) -> None:
    day = _day(cells["Close Date"])
    cells["Close Date"] = _stamp(
        date(day.year + int(rng.integers(3, 9)), day.month, min(day.day, 28))
    )


def _impossible_date(cells: Cells, rng: Draw) -> None:
    year = _day(cells["Close Date"]).year
    bad = ("13/45", "2/30", "0/12", "4/31")[int(rng.integers(4))]
    cells["Close Date"] = f"{bad}/{year} 12:00:00 AM"


def _iso_stamp(cells: Cells, rng: Draw) -> None:
    cells["Close Date"] = f"{_day(cells['Close Date']).isoformat()}T00:00:00-05:00"


def _swap_coordinates(cells: Cells, rng: Draw) -> None:
    cells["Latitude"], cells["Longitude"] = cells["Longitude"], cells["Latitude"]


def _new_zealand(cells: Cells, rng: Draw) -> None:
    cells["Latitude"] = f"{-44.8 - 0.1 * rng.random():.6f}"
    cells["Longitude"] = f"{172.5 + 0.1 * rng.random():.6f}"


def _swap_areas(cells: Cells, rng: Draw) -> str:
    cells["Building SqFt"], cells["Lot Size"] = cells["Lot Size"], cells["Building SqFt"]
    return "living area and lot size"


def _beds_twice(cells: Cells, rng: Draw) -> str:
    beds = cells["Bedrooms"] or ""
    cells["Bedrooms"] = beds * 2
    return f"{beds * 2} for {beds}"


def _open_status(cells: Cells, rng: Draw) -> None:
    cells["Status"] = ("Pending", "Active")[int(rng.integers(2))]


def _short_zip(cells: Cells, rng: Draw) -> None:
    cells["Zip Code"] = (cells["Zip Code"] or "")[:4]


def _not_a_home(cells: Cells, rng: Draw) -> None:
    cells["Property Type"] = "Lots"
    for field in (
        "Building SqFt", "Price Sq Ft List", "Price Sq Ft Sold", "Year Built", "Bedrooms",
        "Baths Full", "Baths Half", "Baths Total", "Stories", "Style", "No Of Garage Cap",
    ):  # fmt: skip
        cells[field] = None


def _copy_price(cells: Cells, rng: Draw) -> None:
    cells["List Price"] = cells["Close Price"]


def _zip_plus_four(cells: Cells, rng: Draw) -> None:
    cells["Zip Code"] = f"{cells['Zip Code']}-{int(rng.integers(1000, 9999))}"


def _newlines(cells: Cells, rng: Draw) -> None:
    cells["Public Remarks"] = (
        'Line one of the remarks.\r\nLine two has a "quoted" word, and a comma.\r\n\r\nLine four.'
    )


def _trailing_space(cells: Cells, rng: Draw) -> None:
    cells["Property Type"] = f"{cells['Property Type']} "


def _separators(cells: Cells, rng: Draw) -> None:
    for field in ("Building SqFt", "Lot Size"):
        if cells[field]:
            cells[field] = f"{_number(cells[field]):,}"


def _plain_price(cells: Cells, rng: Draw) -> None:
    for field in ("List Price", "Original List Price", "Current Price", "Close Price"):
        if cells[field]:
            cells[field] = str(_number(cells[field]))


def _cents(cells: Cells, rng: Draw) -> None:
    for field in ("List Price", "Original List Price", "Current Price", "Close Price"):
        if cells[field]:
            cells[field] = f"{cells[field]}.00"


def _bare_quotes(cells: Cells, rng: Draw) -> str:
    cells["Public Remarks"] = 'New 36" range and 24" tile.'
    return "the cell is not quoted"


CODES = {
    "Active": "A",
    "Option Pending": "OP",
    "Pending Continue to Show": "PS",
    "Pending": "P",
    "Sold": "S",
    "Coming Soon": "CS",
    "Withdrawn": "WITH",
    "Terminated": "term",
    "Expired": "exp",
}


def _status_code(cells: Cells, rng: Draw) -> None:
    cells["Status"] = CODES[cells["Status"] or ""]


def _no_spaces(cells: Cells, rng: Draw) -> None:
    cells["Status"] = (cells["Status"] or "").title().replace(" ", "")


@dataclass(frozen=True)
class RowKind:
    """A kind of fault within one row.

    `eligible` names a mask of rows that can carry it (see faults.py): 'any', 'sold', 'open',
    'spaced' (a status of several words) or 'big_lot' (lot well above living area).
    """

    kind: str
    field: str
    mutate: Callable[[Cells, Draw], str | None]
    eligible: str = "sold"
    visible: bool = True
    legal: bool = False


ROW_KINDS: tuple[RowKind, ...] = (
    RowKind("price times ten", "Close Price", _ten_times),
    RowKind("price lost a digit", "Close Price", _lost_digit),
    RowKind("list price times ten", "List Price", _list_ten_times, "any"),
    RowKind("price in thousands", "Original List Price", _in_thousands, "any"),
    RowKind("zero price", "Close Price", _set("Close Price", "$0")),
    RowKind("token price", "Close Price", _set("Close Price", "$1", "$10", "$100")),
    RowKind("missing price", "Close Price", _set("Close Price", None)),
    RowKind("a rent in a sale file", "Close Price", _rent),
    RowKind("currency code for a dollar sign", "Close Price", _currency_code),
    RowKind("close before list", "Close Date", _close_before_list),
    RowKind("list date after the sale", "List Date", _list_after_close),
    RowKind("close date in the future", "Close Date", _future_close),
    RowKind("impossible date", "Close Date", _impossible_date),
    RowKind("timestamp where a date belongs", "Close Date", _iso_stamp),
    RowKind("year built 0", "Year Built", _set("Year Built", "0"), "any"),
    RowKind("year built in the future", "Year Built", _set("Year Built", "2921", "2202"), "any"),
    RowKind("latitude and longitude swapped", "Latitude", _swap_coordinates, "any"),
    RowKind("coordinates on another continent", "Latitude", _new_zealand, "any"),
    RowKind("zero living area", "Building SqFt", _set("Building SqFt", "0"), "any"),
    RowKind("negative living area", "Building SqFt", _set("Building SqFt", "-1"), "any"),
    RowKind("missing living area", "Building SqFt", _set("Building SqFt", None), "any"),
    RowKind("swapped columns", "Building SqFt", _swap_areas, "big_lot"),
    RowKind("bedrooms typed twice", "Bedrooms", _beds_twice, "beds"),
    RowKind("sold price with an open status", "Status", _open_status),
    RowKind("zip lost its last digit", "Zip Code", _short_zip, "any"),
    RowKind("missing key", "MLS Number", _set("MLS Number", None), "any"),
    RowKind("not a home", "Property Type", _not_a_home, "any"),
    RowKind(
        "list price is a copy of the sale price", "List Price", _copy_price, "sold", visible=False
    ),
    RowKind("zip plus four", "Zip Code", _zip_plus_four, "any", legal=True),
    RowKind("quoted newlines in a cell", "Public Remarks", _newlines, "any", legal=True),
    RowKind("trailing space", "Property Type", _trailing_space, "any", legal=True),
    RowKind("separators in a plain number", "Building SqFt", _separators, "any", legal=True),
    RowKind("plain price", "List Price", _plain_price, "any", legal=True),
    RowKind("price with cents", "List Price", _cents, "any", legal=True),
    RowKind(
        "a word where a number belongs", "Tax Amount", _set("Tax Amount", "Pending"), "any",
        legal=True,
    ),
    RowKind("bare quote characters", "Public Remarks", _bare_quotes, "any", legal=True),
    RowKind("status code for a status word", "Status", _status_code, "any", legal=True),
    RowKind("enumeration without spaces", "Status", _no_spaces, "spaced", legal=True),
)  # fmt: skip
"""Kinds that change cells of one row and nothing else."""
