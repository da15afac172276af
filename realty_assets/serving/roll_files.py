"""Files of `realty ratio-study`: a roll as CSV or Excel in, the study as CSV, Excel or HTML out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError

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

    Columns that are not named are found by KEY_NAMES and VALUE_NAMES. Raises BadRoll, naming the
    columns that are there.
    """
    if not path.is_file():
        raise BadRoll(f"There is no file {path}: name a CSV or xlsx file of values.")
    if path.suffix.lower() not in READS:
        raise BadRoll(f"{path.name} is neither .csv nor .xlsx: save the roll as one of them.")
    frame = _read_xlsx(path) if path.suffix.lower() == ".xlsx" else _read_csv(path)
    key = _column(frame, key_column, KEY_NAMES, path.name, "key", "--key-column")
    value = _column(frame, value_column, VALUE_NAMES, path.name, "value", "--value-column")
    if frame.is_empty():
        raise BadRoll(f"{path.name} has headings and no rows.")
    bare = pl.col(value).str.replace_all(r"[$,\s]", "")
    return frame.select(
        row_number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        key=pl.col(key).str.strip_chars(),
        value=bare.cast(pl.Float64, strict=False),
    )


def _column(
    frame: pl.DataFrame, asked: str, known: tuple[str, ...], name: str, what: str, option: str
) -> str:
    there = {_plain(column): column for column in frame.columns}
    if asked:
        if _plain(asked) in there:
            return there[_plain(asked)]
        raise BadRoll(
            f"{name} has no column {asked!r} ({option}); it has: {', '.join(frame.columns)}."
        )
    found = [there[one] for one in known if one in there]
    if found:
        return found[0]
    raise BadRoll(
        f"{name} has no column that is plainly the {what}: name it with {option}; it has: "
        f"{', '.join(frame.columns)}."
    )


def _plain(name: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _read_csv(path: Path) -> pl.DataFrame:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    try:
        return pl.read_csv(text.encode(), infer_schema=False, truncate_ragged_lines=True)
    except pl.exceptions.PolarsError as error:
        first = str(error).split("\n", maxsplit=1)[0]
        raise BadRoll(f"{path.name} cannot be read as CSV: {first}.") from error


def _read_xlsx(path: Path) -> pl.DataFrame:
    import zipfile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        raise BadRoll(f"{path.name} cannot be read as an Excel workbook: {error}.") from error
    lines = [
        [_text(value) for value in line] for line in book.worksheets[0].iter_rows(values_only=True)
    ]
    book.close()
    lines = [line for line in lines if any(line)]
    if not lines:
        raise BadRoll(f"The first sheet of {path.name} is empty.")
    heads = [head or f"column {at}" for at, head in enumerate(lines[0], start=1)]
    if len(set(heads)) < len(heads):
        raise BadRoll(f"{path.name} has two columns of one name: {', '.join(heads)}.")
    width = len(heads)
    body = [(line + [None] * width)[:width] for line in lines[1:]]
    return pl.DataFrame(body, schema=dict.fromkeys(heads, pl.String), orient="row")


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None


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
