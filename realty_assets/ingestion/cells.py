"""Cells of text become typed columns, as a mapping says.

Each kind has a fast form, an expression over the whole column, and where that leaves cells unread,
a patient form over those cells alone. What neither reads is bad: the column stays empty there, and
the caller decides what that means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from realty_assets.ingestion.contract import POLARS_TYPES
from realty_assets.ingestion.mapping_cells import Cell, OnlyIf
from realty_assets.ingestion.sources import Source, plain
from realty_assets.ingestion.units import in_square_feet_and_dollars

_TRUE, _FALSE = ("yes", "y", "true", "t", "1"), ("no", "n", "false", "f", "0")
_YES_NO: dict[str, object] = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
# A date as ISO 8601 writes it, whatever follows: another form than the mapping's.
_ISO = r"^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$"


@dataclass
class Typed:
    """A frame of typed columns, the cells that could not be read, and those read with a remark.

    `bad` and `remarks` hold row positions (0-based) by column, and by (column, rule id).
    """

    frame: pl.DataFrame
    bad: dict[str, pl.Series] = field(default_factory=dict)
    remarks: dict[tuple[str, str], pl.Series] = field(default_factory=dict)


def mapped(source: Source, headings: tuple[str, ...]) -> list[tuple[str, Cell]]:
    """(column name in the file, cell) for what the mapping reads and the file has.

    Of repeated headings the first counts.
    """
    by_name: dict[str, str] = {}
    for heading in headings:
        by_name.setdefault(plain(heading), heading)
    return [
        (by_name[plain(heading)], cell)
        for heading, cell in source.cells()
        if plain(heading) in by_name
        and not (cell.unless_heading and plain(cell.unless_heading) in by_name)
    ]


def to_typed(cells: pl.DataFrame, reads: list[tuple[str, Cell]], source: Source) -> Typed:
    """Columns named by `Cell.to` from text columns named by heading; rows stay in place."""
    cells_of, reads = _one_each(cells, reads)
    texts = cells.select(
        text.alias(cell.to) for text, (_, cell) in zip(cells_of, reads, strict=True)
    )
    frame = texts.select(_fast(cell, source).alias(cell.to) for _, cell in reads)
    typed = Typed(frame, remarks=_distrusted(cells, reads))
    mended: list[pl.Series] = []
    for _, cell in reads:
        if cell.kind == "text":
            if (frame[cell.to] == "").any():
                mended.append(frame[cell.to].set(frame[cell.to] == "", None))
            continue
        unread = (texts[cell.to].is_not_null() & frame[cell.to].is_null()).arg_true()
        if not unread.len():
            continue
        # What is left may be nothing but spaces, or stand between some.
        left = texts[cell.to].gather(unread).str.strip_chars()
        filled = (left != "").arg_true()
        unread, left = unread.gather(filled), left.gather(filled)
        values, remarks = _patient(left, cell, source)
        for rule, at in remarks.items():
            typed.remarks[cell.to, rule] = unread.gather(at)
        if values is not None:
            mended.append(frame[cell.to].scatter(unread, values).alias(cell.to))
            unread = unread.filter(values.is_null())
        if unread.len():
            typed.bad[cell.to] = unread
    frame = frame.with_columns(mended)
    # Only now: 0 was a value that could be read.
    missing = [cell.to for _, cell in reads if cell.zero_is_missing]
    frame = frame.with_columns(
        pl.when(pl.col(name) != 0).then(pl.col(name)).alias(name) for name in missing
    )
    typed.frame, unknown = in_square_feet_and_dollars(frame, cells, reads, source)
    typed.remarks |= {(name, "cell.distrusted"): at for name, at in unknown.items()}
    return typed


def _one_each(
    cells: pl.DataFrame, reads: list[tuple[str, Cell]]
) -> tuple[list[pl.Expr], list[tuple[str, Cell]]]:
    """(text, cell) for what is to be read, with conditions and words for 'empty' applied.

    A heading whose condition names one that the file lacks is left out.
    """
    names = {plain(heading): heading for heading in reversed(cells.columns)}
    texts, kept = [], []
    for heading, cell in reads:
        text = pl.col(heading)
        if cell.missing_words:
            words = [plain(word) for word in cell.missing_words]
            text = pl.when(~text.str.strip_chars().str.to_lowercase().is_in(words)).then(text)
        if cell.only_if is not None:
            other = names.get(plain(cell.only_if.heading))
            if other is None:
                continue
            text = pl.when(_holds(other, cell.only_if)).then(text)
        texts.append(text)
        kept.append((heading, cell))
    return texts, kept


def _holds(heading: str, asked: OnlyIf) -> pl.Expr:
    words = [plain(word) for word in asked.words]
    holds = pl.col(heading).str.strip_chars().str.to_lowercase().is_in(words).fill_null(False)
    return ~holds if asked.negated else holds


def _distrusted(
    cells: pl.DataFrame, reads: list[tuple[str, Cell]]
) -> dict[tuple[str, str], pl.Series]:
    """Rows of filled cells that do not count, where the mapping wants them flagged."""
    names = {plain(heading): heading for heading in reversed(cells.columns)}
    found = {}
    for heading, cell in reads:
        asked = cell.only_if
        if asked is None or not asked.flag or plain(asked.heading) not in names:
            continue
        filled = pl.col(heading).str.strip_chars().ne("").fill_null(False)
        left_out = filled & ~_holds(names[plain(asked.heading)], asked)
        at = cells.select(left_out.alias("left_out"))["left_out"].arg_true()
        if at.len():
            found[cell.to, "cell.distrusted"] = at
    return found


def _fast(cell: Cell, source: Source) -> pl.Expr:
    column = pl.col(cell.to)
    wanted = POLARS_TYPES.get(cell.to, pl.Float64())
    match cell.kind:
        case "text":
            return column.str.strip_chars()
        case "money":
            digits = column.str.strip_chars_start("$")
            if source.currency != "USD":
                digits = column.str.replace(source.currency, "", literal=True)
                digits = digits.str.strip_chars("$\u20ac\u00a3 ")
            return _finite(digits.str.replace_all(",", "", literal=True))
        case "number" | "integer":
            digits = column
            if cell.marks:
                digits = digits.str.strip_chars_end(cell.marks)
            if wanted == pl.Int32:
                # Whole numbers only; what is written "3.0" is left to the patient form.
                return digits.cast(pl.Int32, strict=False)
            return _finite(digits)
        case "date":
            return column.str.to_datetime(cell.formats[0], time_unit="us", strict=False).dt.date()
        case "month":
            return _month(column, cell.formats)
        case "timestamp":
            return _moment(column, cell.formats[0], source.time_zone, _zoned)
        case "zip":
            return column.str.extract(r"^(\d{5})(?:-?\d{4})?$", 1)
        case "yes_no":
            return _looked_up(column, _YES_NO, pl.Boolean(), keep=False)
        case "lookup":
            wanted = pl.String() if cell.to == "_record_status" else wanted
            return _looked_up(column, cell.values, wanted, keep=cell.otherwise == "keep")
    raise AssertionError(f"no such kind: {cell.kind}")


def _month(column: pl.Expr, formats: tuple[str, ...]) -> pl.Expr:
    """The last day of a month that is named without a day: known only when it is over."""
    first = pl.concat_str(pl.lit("01 "), column)
    days = [first.str.to_date(f"%d {form}", strict=False) for form in formats]
    return pl.coalesce(days).dt.month_end()


def _finite(digits: pl.Expr) -> pl.Expr:
    # "nan" and "inf" are words to Polars' float parser, not numbers to us.
    number = digits.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def utc(local: pl.Expr, time_zone: str) -> pl.Expr:
    """Local wall-clock times as UTC without a zone; the hour that clocks skip is read an hour on.

    Of the hour that comes twice, the first counts.
    """
    return pl.coalesce(_zoned(local, time_zone), _zoned(local.dt.offset_by("1h"), time_zone))


def _zoned(local: pl.Expr, time_zone: str) -> pl.Expr:
    there = local.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    return there.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _moment(
    column: pl.Expr, form: str, time_zone: str, there: Callable[[pl.Expr, str], pl.Expr]
) -> pl.Expr:
    """A time as `form` writes it, in UTC: by the offset that it states, or local in the zone."""
    if "z" not in form:
        return there(column.str.to_datetime(form, time_unit="us", strict=False), time_zone)
    zoned = column.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
    return zoned.dt.replace_time_zone(None)


def _word(column: pl.Expr) -> pl.Expr:
    """Words as they are compared: without case, spaces and punctuation."""
    return column.str.to_lowercase().str.replace_all(r"[^\pL\pN]", "")


def _looked_up(
    column: pl.Expr, values: dict[str, object], wanted: pl.DataType, keep: bool
) -> pl.Expr:
    words = pl.select(_word(pl.lit(pl.Series(list(values))))).to_series().to_list()
    table = dict(zip(words, values.values(), strict=True))

    def look_up(texts: pl.Series) -> pl.Series:
        # Distinct words are few, whatever the number of rows.
        distinct = texts.unique().drop_nulls()
        keys = pl.select(_word(pl.lit(distinct))).to_series().to_list()
        found = [
            table.get(key, original if keep else None)
            for key, original in zip(keys, distinct.to_list(), strict=True)
        ]
        return texts.replace_strict(
            distinct, pl.Series(found, dtype=wanted), default=None, return_dtype=wanted
        )

    return column.map_batches(look_up, return_dtype=wanted)


def _patient(
    texts: pl.Series, cell: Cell, source: Source
) -> tuple[pl.Series | None, dict[str, pl.Series]]:
    """Second reading of cells that the fast form left: (values or None, remarks by rule id)."""
    forms: dict[str, Callable[[], tuple[pl.Series, dict[str, pl.Series]]]] = {
        "money": lambda: _patient_money(texts),
        "number": lambda: (_patient_number(texts, cell), {}),
        "integer": lambda: (_patient_number(texts, cell), {}),
        "date": lambda: _patient_time(texts, cell, source),
        "timestamp": lambda: _patient_time(texts, cell, source),
    }
    if cell.kind not in forms:
        return None, {}
    return forms[cell.kind]()


def _patient_money(texts: pl.Series) -> tuple[pl.Series, dict[str, pl.Series]]:
    column = pl.col("text")
    coded = column.str.extract(r"(?i)^(?:USD|US\$)\s*\$?\s*([\d,]+(?:\.\d+)?)$", 1)
    coded = pl.coalesce(coded, column.str.extract(r"(?i)^\$?\s*([\d,]+(?:\.\d+)?)\s*USD$", 1))
    spaced = column.str.extract(r"^\$\s*(-?[\d,]+(?:\.\d+)?)$", 1)
    read = pl.DataFrame({"text": texts}).select(
        value=_finite(pl.coalesce(coded, spaced).str.replace_all(",", "", literal=True)),
        coded=coded.is_not_null(),
    )
    at = read["coded"].arg_true()
    return read["value"], {"price.currency_code": at} if at.len() else {}


def _patient_number(texts: pl.Series, cell: Cell) -> pl.Series:
    wanted = POLARS_TYPES.get(cell.to, pl.Float64())
    column = pl.col("text")
    if cell.marks:
        column = column.str.strip_chars_end(cell.marks)
    plain_form = column.str.extract(r"^([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)$", 1)
    number = _finite(plain_form.str.replace_all(",", "", literal=True))
    if wanted == pl.Int32:
        number = pl.when(number == number.round(0)).then(number).cast(pl.Int32, strict=False)
    return pl.DataFrame({"text": texts}).select(number).to_series()


def _patient_time(
    texts: pl.Series, cell: Cell, source: Source
) -> tuple[pl.Series, dict[str, pl.Series]]:
    column = pl.col("text")
    is_date = cell.kind == "date"

    def stated(form: str) -> pl.Expr:
        if not is_date:
            return _moment(column, form, source.time_zone, utc)
        return column.str.to_datetime(form, time_unit="us", strict=False).dt.date()

    usual = pl.coalesce([stated(form) for form in cell.formats])
    if is_date:
        other = column.str.extract(_ISO, 1).str.to_date("%Y-%m-%d", strict=False)
    else:
        zoned = column.str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False
        )
        unzoned = pl.coalesce(
            column.str.to_datetime(form, time_unit="us", strict=False)
            for form in ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f")
        )
        whole_day = column.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        unzoned = pl.coalesce(unzoned, whole_day)
        other = pl.coalesce(zoned.dt.replace_time_zone(None), utc(unzoned, source.time_zone))
    read = pl.DataFrame({"text": texts}).select(
        value=pl.coalesce(usual, other), other=usual.is_null() & other.is_not_null()
    )
    at = read["other"].arg_true()
    return read["value"], {"date.other_form": at} if at.len() else {}
