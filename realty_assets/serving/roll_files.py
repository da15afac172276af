"""Files of `realty ratio-study`: a roll as CSV or Excel in, the study as CSV, Excel or HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.ingestion import workbook
from realty_assets.ingestion.headers import unique
from realty_assets.serving.table_file import Table, find_table

KEY_NAMES = (
    *("parcel_number", "parcel", "parcel_id", "apn", "pin", "account", "acct", "account_number"),
    *("property_key", "listing_key", "unparsed_address", "address", "site_address", "situs"),
)
VALUE_NAMES = (
    *("value", "assessed_value", "appraised_value", "market_value", "total_value"),
    *("total_appraised_value", "total_market_value", "tot_appr_val", "tot_mkt_val"),
)
READS, WRITES = (".csv", ".xlsx"), (".csv", ".xlsx", ".html")


class BadRoll(RealtyError):
    """A roll, or the file that a study should go to, cannot be used."""


def read_roll(path: Path, key_column: str = "", value_column: str = "") -> pl.DataFrame:
    """row_number (1 is the first row under the heading), key (text) and value (float or null).

    Columns that are not named are found by KEY_NAMES and VALUE_NAMES; blank rows are none. Raises
    BadRoll, naming the columns that are there, or FileRefused when the file is no table.
    """
    if not path.is_file():
        raise BadRoll(f"There is no file {path}: name a CSV or xlsx file of values.")
    form = path.suffix.lower()
    if form not in READS:
        raise BadRoll(f"{path.name} is neither .csv nor .xlsx: save the roll as one of them.")
    if form == ".xlsx" and not workbook.is_one(path):
        raise BadRoll(f"{path.name} cannot be read as an Excel workbook.")
    wanted = {*KEY_NAMES, *VALUE_NAMES, _plain(key_column), _plain(value_column)}

    def telling(cells: Sequence[str]) -> int:
        # A roll with no usual name is read by its first record: its user names the columns.
        return 1 + sum(bool(cell) and _plain(cell) in wanted for cell in cells)

    table = find_table(path, telling, "name the columns")
    key = _column(table, key_column, KEY_NAMES, path.name, "key", "--key-column")
    value = _column(table, value_column, VALUE_NAMES, path.name, "value", "--value-column")
    frame = _rows(table, path.name)
    bare = pl.col(value).str.replace_all(r"[$,\s]", "")
    filled = ~pl.all_horizontal(pl.all().str.strip_chars().replace("", None).is_null())
    return (
        frame.with_columns(filled=filled)
        .select(
            "filled",
            row_number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
            key=pl.col(key).str.strip_chars(),
            value=bare.cast(pl.Float64, strict=False),
        )
        .filter("filled")
        .drop("filled")
    )


def _rows(table: Table, name: str) -> pl.DataFrame:
    """The rows below the headings as text; fields beyond the headings are left out."""
    body = table.data[table.body :]
    if not body.strip():
        raise BadRoll(f"{name} has headings and no rows.")
    try:
        return pl.read_csv(
            body,
            has_header=False,
            separator=table.delimiter,
            schema=dict.fromkeys(unique(list(table.headings)), pl.String),
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError as error:
        first = str(error).split("\n", maxsplit=1)[0]
        raise BadRoll(f"{name} cannot be read as CSV: {first}.") from error


def _column(
    table: Table, asked: str, known: tuple[str, ...], name: str, what: str, option: str
) -> str:
    """The name, in the frame, of the column that is asked for, or that is plainly the `what`."""
    plain = [_plain(heading) for heading in table.headings]
    there = ", ".join(table.headings)
    found = [one for one in ((_plain(asked),) if asked else known) if one in plain]
    if asked and not found:
        raise BadRoll(f"{name} has no column {asked!r} ({option}); it has: {there}.")
    if not found:
        raise BadRoll(
            f"{name} has no column that is plainly the {what}: name it with {option}; it has: "
            f"{there}."
        )
    if plain.count(found[0]) > 1:
        raise BadRoll(f"{name} has two columns of one name: {there}.")
    return unique(list(table.headings))[plain.index(found[0])]


def _plain(name: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def check_out(path: Path) -> None:
    """Raises BadRoll unless a study can be written to `path`."""
    if path.suffix.lower() not in WRITES or path.is_dir():
        raise BadRoll(f"{path} must be a file that ends in .csv, .xlsx or .html.")


def write_study(
    path: Path, study: pl.DataFrame, rows: pl.DataFrame, facts: Mapping[str, Any]
) -> None:
    """Writes the study: CSV holds its groups; Excel and HTML its account too, Excel every row.

    Written beside its place and renamed. Raises BadRoll when that fails.
    """
    from realty_assets.serving.ratio_page import study_page

    beside = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".csv":
            study.write_csv(beside)
        elif path.suffix.lower() == ".xlsx":
            _write_xlsx(beside, study, rows, facts)
        else:
            beside.write_text(study_page(study, facts), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise BadRoll(f"{path} could not be written: {error.strerror}.") from error


def _write_xlsx(
    path: Path, study: pl.DataFrame, rows: pl.DataFrame, facts: Mapping[str, Any]
) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.title = "Ratio study"
    sheets = [(first, study), (book.create_sheet("Rows"), rows)]
    for sheet, frame in sheets:
        sheet.append(frame.columns)
        for line in frame.iter_rows():
            sheet.append(line)
        sheet.freeze_panes = "A2"
    about = book.create_sheet("About")
    for name, value in facts.items():
        about.append([name.replace("_", " "), str(value)])
    book.save(path)
