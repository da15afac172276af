"""What a number is measured in: the unit and the currency of a mapping, or the unit of each row."""

from __future__ import annotations

import polars as pl

from realty_assets.ingestion.mapping_cells import SQFT_PER, Cell
from realty_assets.ingestion.sources import Source, plain

# RESO's lookup AreaUnits, as its words and as its names without spaces, and what else is written.
_WORDS = {
    **dict.fromkeys(("square feet", "squarefeet", "sqft", "sq ft"), "square_feet"),
    **dict.fromkeys(("square meters", "squaremeters", "square metres", "sqm"), "square_metres"),
    "acres": "acres",
    "hectares": "hectares",
}


def in_square_feet_and_dollars(
    frame: pl.DataFrame, cells: pl.DataFrame, reads: list[tuple[str, Cell]], source: Source
) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """(`frame` in the units of staging, {column: positions of cells in a unit that is not known}).

    `frame`: typed columns named by `Cell.to`; `cells`: the text columns of the same rows. A cell in
    an unknown unit is emptied.
    """
    factors = {cell.to: factor for _, cell in reads if (factor := _factor(cell, source)) != 1.0}
    frame = frame.with_columns(pl.col(name) * factor for name, factor in factors.items())
    names = {plain(heading): heading for heading in reversed(cells.columns)}
    unknown = {}
    for _, cell in reads:
        heading = names.get(plain(cell.unit_heading)) if cell.unit_heading else None
        if heading is None:
            continue
        stated = cells[heading].str.strip_chars().str.to_lowercase()
        filled = stated.is_not_null() & (stated != "")
        rates = stated.replace_strict(
            {word: SQFT_PER[unit] for word, unit in _WORDS.items()},
            default=None,
            return_dtype=pl.Float64,
        )
        lost = (filled & rates.is_null() & frame[cell.to].is_not_null()).arg_true()
        if lost.len():
            unknown[cell.to] = lost
        rate = pl.when(filled).then(rates).otherwise(1.0)
        frame = frame.with_columns(pl.col(cell.to) * rate)
    return frame, unknown


def _factor(cell: Cell, source: Source) -> float:
    factor = source.usd_rate if cell.kind == "money" else 1.0
    area = SQFT_PER[cell.unit]
    return factor / area if cell.to.endswith("_per_sqft") else factor * area
