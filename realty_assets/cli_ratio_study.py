"""`realty ratio-study`: an assessor's own values against time-adjusted sales."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from realty_assets import cli_actions as actions
from realty_assets import cli_output as out
from realty_assets.errors import RealtyError

SHOWN = ["family", "group", "n", "median_ratio", "cod", "prd", "prb", "mki", "vei", "note"]
TABLES = ("clean.sales", "clean.properties", "features.market_index")


class BadStudy(RealtyError):
    """The study cannot be made as it was asked for."""


def ratio_study(
    values: Annotated[Path, typer.Option("--values", help="CSV or xlsx: a key and a value a row.")],
    as_of: Annotated[
        datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day of the values.")
    ],
    value_column: Annotated[str, typer.Option(help="Column of the values.")] = "",
    key_column: Annotated[
        str, typer.Option(help="Column of parcel numbers, keys or addresses.")
    ] = "",
    months: Annotated[int, typer.Option(min=1, help="Months of sales before that day.")] = 12,
    neighbourhood: Annotated[
        str, typer.Option(help="Column of the sales that names neighbourhoods.")
    ] = "",
    to: Annotated[
        Path | None, typer.Option("--out", help="File for the study: .csv, .xlsx or .html.")
    ] = None,
    rows: Annotated[
        Path | None, typer.Option("--rows", help="CSV for what became of every row.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a program to read.")
    ] = False,
) -> None:
    """Level, uniformity and vertical equity of values, by class and neighbourhood (IAAO)."""
    report = run(
        values,
        as_of,
        value_column,
        key_column,
        months,
        neighbourhood,
        to,
        rows,
    )
    out.show(report, as_json, {"study": SHOWN})


def run(
    values: Path,
    as_of: datetime,
    value_column: str,
    key_column: str,
    months: int,
    neighbourhood: str,
    to: Path | None,
    rows: Path | None,
) -> dict[str, Any]:
    """The study, told and written. Raises RealtyError with one sentence."""
    from realty_assets.evaluation.assessment import study
    from realty_assets.features.sales import epoch_day
    from realty_assets.modeling.judging.index_table import IndexTable
    from realty_assets.serving import roll_files, rolls
    from realty_assets.settings import get_settings
    from realty_assets.warehouse import Warehouse

    day = as_of.date()
    if to is not None:
        roll_files.check_out(to)
    if rows is not None and (rows.is_dir() or rows.suffix.lower() != ".csv"):
        raise BadStudy(f"{rows} must be a file that ends in .csv.")
    roll = roll_files.read_roll(values, key_column, value_column)
    actions._home()
    settings = get_settings()
    warehouse = Warehouse.at(settings.warehouse_path)
    if not all(warehouse.exists(table) for table in TABLES):
        raise BadStudy("There are no sales to study values against yet: give `realty run all`.")
    sales, properties = warehouse.read("clean.sales"), warehouse.read("clean.properties")
    if neighbourhood and neighbourhood not in sales.columns:
        raise BadStudy(
            f"Sales have no column {neighbourhood!r}; try one of: postal_code, subdivision_name, "
            "mls_area_minor, city."
        )
    index = warehouse.read("features.market_index")
    identified, kind = rolls.identify(roll, properties, sales)
    sold = rolls.sales_for(sales, index, day, months, neighbourhood or None)
    met = rolls.meet(identified, sold)
    found = study(met.filter(met["status"] == rolls.MATCHED), seed=settings.seed)
    known_on = IndexTable(index).vintage_on(epoch_day(day))
    facts = {
        "values": values.name,
        "as_of": day,
        "sales_from": rolls.window_start(day, months),
        "key_kind": kind,
        "n_rows": len(roll),
        "index_known_on": None if known_on is None else rolls.day_of(known_on),
        "rows": dict(rolls.account(met)),
    }
    written = {}
    if to is not None:
        roll_files.write_study(to, found, met, facts)
        written["written_to"] = str(to)
    if rows is not None:
        rows.parent.mkdir(parents=True, exist_ok=True)
        met.write_csv(rows)
        written["rows_written_to"] = str(rows)
    return {**facts, "study": found.to_dicts(), **written}
