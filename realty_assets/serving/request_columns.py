"""What the columns of a request file say of a home: headings understood, cells read.

Headings are RESO names in any spelling, or one of the usual words for them (the vocabulary by which
ingestion drafts mappings). What is not understood is no error: it goes through to the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from realty_assets.features.structure import ATTRIBUTES, GROUPS
from realty_assets.features.tracks import LISTING_FACTS, OFF_MARKET, ON_MARKET
from realty_assets.ingestion.cells import to_typed
from realty_assets.ingestion.contract import POLARS_TYPES, PROPERTY_TYPES, range_of
from realty_assets.ingestion.mapping_cells import SQFT_PER, Cell, Kind, KnownAt
from realty_assets.ingestion.propose.words import likeness, names, plain_words, word_list
from realty_assets.ingestion.sources import Source

KEYS = ("listing_key", "property_key", "parcel_number")
ADDRESS = ("unparsed_address", "street_number", "street_dir_prefix", "street_name")
ADDRESS_PARTS = (*ADDRESS, "street_suffix", "unit_number", "city")
# Read to make an attribute of them.
_PARTS = ("_acres", "bathrooms_full", "bathrooms_half")
COLUMNS = (*KEYS, *ADDRESS_PARTS, "property_type", *ATTRIBUTES, *GROUPS, *_PARTS)
# By any one of these a home can be found or valued.
USABLE = (*KEYS, "unparsed_address", "street_name", "living_area")
MOST_SHOWN = 60  # characters of a cell
# Below it a heading may as well mean something else.
_LEAST_TRUST = 0.6
_ALSO = {
    "property_key": ("property key",),
    "living_area": ("gla", "gross living area", "gross sqft"),
    "unparsed_address": ("street address line", "property street address"),
    "list_price": ("lp", "ask", "asking", "current list price"),
    "original_list_price": ("olp", "orig list price", "original lp", "original ask"),
    "listing_contract_date": ("listed", "on market date", "date on market"),
}
# To a lender these are its own numbers, not the county's.
_NOT_OURS = ("account", "loan", "order", "case", "client", "file")
_EXCEL_ERRORS = r"^#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)$"
_NOTHING = r"^(?:n/?a|null|none|nan|unknown|-+|\?+|\.)$"
_AREA_WORDS = r"(?i)\s*(?:sq\.?\s*(?:ft|feet)\.?|sf|sqft|square\s+feet|ft2|ft²)$"
_INTEGERS = (pl.Int32(), pl.Int64())
_MONEY = ("association_fee", "list_price", "original_list_price")
# A year of two digits first: "%Y" would read 21 as the year 21. ISO dates are read in any case.
_DATE_FORMS = ("%m/%d/%y", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S")


def quoted(text: str) -> str:
    """A cell as a note shows it."""
    return repr(text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 3] + "...")


def _squeezed(name: str) -> str:
    return "".join(mark for mark in name.casefold() if mark.isalnum())


_OWN_NAMES = {
    _squeezed(name): name for name in (*COLUMNS, *LISTING_FACTS) if not name.startswith("_")
}


def understood(headings: Sequence[str], track: str = OFF_MARKET) -> dict[str, str]:
    """{heading: column} for what is understood; of two headings for a column the surer counts.

    What `track` may not know of a listing is not understood: it goes through unread.
    """
    wanted = (*COLUMNS, *LISTING_FACTS) if track == ON_MARKET else COLUMNS
    found: dict[str, tuple[float, str]] = {}
    for heading in headings:
        column, trust = _best(heading, wanted)
        if column and trust > found.get(column, (0.0, ""))[0]:
            found[column] = (trust, heading)
    places = {heading: column for column, (_, heading) in found.items()}
    return {heading: places[heading] for heading in headings if heading in places}


def telling(cells: Sequence[str]) -> int:
    """How many cells of a record are headings that are understood; 0 when none is usable."""
    columns = set(understood([cell for cell in cells if 0 < len(cell) < 80]).values())
    return len(columns) if columns & set(USABLE) else 0


def _best(heading: str, wanted: Sequence[str]) -> tuple[str, float]:
    own = _OWN_NAMES.get(_squeezed(heading), "")
    if own in wanted:
        return own, 1.0
    words = frozenset(word_list(heading))
    if not words or words & set(_NOT_OURS):
        return "", 0.0
    for column, ways in _ALSO.items():
        if column in wanted and any(words == frozenset(word_list(way)) for way in ways):
            return column, 1.0
    trusts = {
        column: trust
        for column in names()
        if column in wanted
        for trust, whole in [likeness(words, column)]
        if whole and trust >= _LEAST_TRUST
    }
    if not trusts:
        return "", 0.0
    best = max(trusts, key=lambda column: trusts[column])
    return best, trusts[best]


@dataclass(frozen=True)
class Given:
    """What the rows say of their homes.

    `frame`: a typed column (Polars types of the contract) for each of COLUMNS but the parts, and of
    LISTING_FACTS, null where nothing usable is given; `notes`: per row, what could not be used.
    """

    frame: pl.DataFrame
    notes: list[list[str]]


def read_cells(
    headings: tuple[str, ...],
    rows: Sequence[Sequence[str]],
    columns: dict[str, str],
    unusable: Sequence[bool],
) -> Given:
    """The cells of `rows` that `columns` ({heading: column}) understands; nothing of rows that are
    `unusable`."""
    notes: list[list[str]] = [[] for _ in rows]
    at = {heading: place for place, heading in enumerate(headings)}
    cells = pl.DataFrame(
        {
            heading: [
                None if bad else row[at[heading]].strip() or None
                for row, bad in zip(rows, unusable, strict=True)
            ]
            for heading in columns
        },
        schema=dict.fromkeys(columns, pl.String),
    )
    cells = _without_errors(cells, columns, notes)
    reads = [(heading, _cell(column)) for heading, column in columns.items()]
    typed = to_typed(cells, reads, _SOURCE)
    texts = {column: cells[heading] for heading, column in columns.items()}
    frame = typed.frame
    for column, places in typed.bad.items():
        for place in places.to_list():
            notes[place].append(f"{_shown(column)} {quoted(texts[column][place])} cannot be read")
    frame = _in_range(frame, texts, notes)
    frame = _derived(frame)
    wanted = [name for name in (*COLUMNS, *LISTING_FACTS) if name not in _PARTS]
    missing = [
        pl.lit(None, dtype=_type(name)).alias(name) for name in wanted if name not in frame.columns
    ]
    return Given(frame.with_columns(missing).select(wanted), notes)


def _without_errors(
    cells: pl.DataFrame, columns: dict[str, str], notes: list[list[str]]
) -> pl.DataFrame:
    """Cells that hold a spreadsheet's error, or a word for nothing, are empty; errors are told."""
    changed = []
    for heading, column in columns.items():
        texts = cells[heading]
        errors = texts.str.contains(_EXCEL_ERRORS).fill_null(False)
        for place in errors.arg_true().to_list():
            notes[place].append(f"{_shown(column)} is the error {texts[place]}")
        lowered = texts.str.to_lowercase().str.contains(_NOTHING).fill_null(False)
        kept = texts.set(errors | lowered, None)
        if _kind(column) == "number" and column not in ("latitude", "longitude"):
            kept = kept.str.replace(_AREA_WORDS, "")
        changed.append(kept)
    return cells.with_columns(changed)


def _in_range(
    frame: pl.DataFrame, texts: dict[str, pl.Series], notes: list[list[str]]
) -> pl.DataFrame:
    """Values that the contract of staging does not allow are emptied, and told."""
    for column in frame.columns:
        limits = None if column.startswith("_") or column == "property_key" else range_of(column)
        if limits is None:
            continue
        low, high = limits
        outside = ~frame[column].is_between(low, high)
        for place in outside.fill_null(False).arg_true().to_list():
            notes[place].append(
                f"{_shown(column)} {quoted(texts[column][place])} is not used: "
                f"outside {_limit(low)} to {_limit(high)}"
            )
        frame = frame.with_columns(frame[column].set(outside.fill_null(False), None))
    return frame


def _derived(frame: pl.DataFrame) -> pl.DataFrame:
    """Lot from acres and baths from full and half ones, where they are not given themselves."""
    has = set(frame.columns)
    if "_acres" in has:
        lot = pl.when(pl.col("_acres") > 0).then(pl.col("_acres") * SQFT_PER["acres"])
        given = pl.col("lot_size_square_feet") if "lot_size_square_feet" in has else None
        frame = frame.with_columns(
            (lot if given is None else pl.coalesce(given, lot)).alias("lot_size_square_feet")
        )
    if "bathrooms_full" in has:
        half = pl.col("bathrooms_half").fill_null(0) if "bathrooms_half" in has else pl.lit(0)
        total = (pl.col("bathrooms_full") + 0.5 * half).cast(pl.Float64)
        given = pl.col("bathrooms_total") if "bathrooms_total" in has else None
        frame = frame.with_columns(
            (total if given is None else pl.coalesce(given, total)).alias("bathrooms_total")
        )
    if "property_type" in has:
        # Most files say "Single Family" there, which is RESO's sub-type.
        kinds = {plain_words(kind): kind for kind in PROPERTY_TYPES}
        own = pl.col("property_type")
        words = own.map_elements(plain_words, return_dtype=pl.String)
        reso = words.replace_strict(kinds, default=None, return_dtype=pl.String)
        if "property_sub_type" not in has:
            frame = frame.with_columns(property_sub_type=pl.when(reso.is_null()).then(own))
        frame = frame.with_columns(property_type=reso)
    return frame


def _type(column: str) -> pl.DataType:
    return POLARS_TYPES.get(column, pl.String() if column in KEYS else pl.Float64())


def _kind(column: str) -> Kind:
    if column == "postal_code":
        return "zip"
    if column in _MONEY:
        return "money"
    kind = _type(column)
    if kind == pl.Date():
        return "date"
    if kind == pl.String():
        return "text"
    if kind == pl.Boolean():
        return "yes_no"
    return "integer" if kind in _INTEGERS else "number"


def _cell(column: str) -> Cell:
    kind = _kind(column)
    # property_key is no column of a mapping: its text is read as any other.
    to = "listing_key" if column == "property_key" else column
    cell = Cell(to=to, kind=kind, formats=_DATE_FORMS if kind == "date" else ())
    return cell.model_copy(update={"to": column})


def _limit(value: Any) -> str:
    return str(value) if isinstance(value, date) else f"{value:g}"


def _shown(column: str) -> str:
    return {"unparsed_address": "address", "_acres": "acres"}.get(column, column)


# What the readers of cells want to know of a file: dollars, square feet, no zone.
_SOURCE = Source(
    name="request",
    version=1,
    delivery="daily",
    time_zone="UTC",
    headings=("listing_key",),
    columns={},
    fixed={"listing_key": "-"},
    known_at=(KnownAt(file="arrival"),),
)
