"""Evidently's page of a month, for people who know it: the newest full month against the reference.

No number comes from it; those stand in monitoring.drift. It is made once a month and reference, of
samples and of the features that moved most: a page holds its drawings, some megabytes.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from realty_assets.features.tracks import OFF_MARKET
from realty_assets.holding import holds_now
from realty_assets.home import QUIET
from realty_assets.monitoring import populations as who
from realty_assets.monitoring.dashboard import FOLDER
from realty_assets.monitoring.keeping import PAGES, newest_pages
from realty_assets.pages import write_page
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd

EVIDENTLY = "monitoring.evidently_reports"
CODE_VERSION = "1"
MOST_ROWS, MOST_FEATURES, N_KEPT = 5_000, 30, 6
AGAIN = "realty run monitoring"


@dataclass(frozen=True)
class Compared:
    """The month of sales to show, its rows, and the name of its reference."""

    month: date
    n_rows: int
    reference: str


def month_to_show(warehouse: Warehouse, today: date) -> Compared | None:
    """The newest full month of sales behind the reference; None before there is one."""
    asked = sql("monitoring/newest_sales_month.sql").bind(track=OFF_MARKET, today=today)
    found = warehouse.read(asked)
    return Compared(*found.row(0)) if len(found) else None


def write_month(warehouse: Warehouse, today: date, shown: Compared | None) -> pl.DataFrame:
    """monitoring.evidently_reports, one row per page that is kept, the page of `shown` among them.

    Raises PageNotWritten.
    """
    made = pl.DataFrame(schema=PAGES)
    if shown is not None:
        text = page(*samples(warehouse, today, shown))
        path = FOLDER / "evidently" / f"{shown.month:%Y-%m}.html"
        made = write_page(warehouse.home, path, text, AGAIN)
    before = warehouse.read(EVIDENTLY) if warehouse.exists(EVIDENTLY) else None
    return newest_pages(warehouse.home, before, made, N_KEPT, holds_now(warehouse))


def samples(
    warehouse: Warehouse, today: date, shown: Compared
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(rows of the month, rows of the reference), at most MOST_ROWS of each, of the MOST_FEATURES
    that moved most."""
    reference = who.references(warehouse)[OFF_MARKET]
    asked = sql("monitoring/features_by_drift.sql").bind(track=OFF_MARKET, month=shown.month)
    there = set(who.matrix_features(warehouse, OFF_MARKET))
    moved = [name for name in warehouse.read(asked)["feature"] if name in there]
    features = moved[:MOST_FEATURES]
    rows = who.matrix_rows(warehouse, today, reference, [*features, "basis"])
    sales = rows.filter(pl.col("population") == who.SALES).sort("basis")  # a hash: any order
    later = ~pl.col("in_reference") & (pl.col("month") == shown.month)
    current, known = (
        sales.filter(which).head(MOST_ROWS).select(features)
        for which in (later, pl.col("in_reference"))
    )
    return current, known


def page(current: pl.DataFrame, reference: pl.DataFrame) -> str:
    """Evidently's drift report as HTML that needs nothing beside it."""
    os.environ.update(QUIET)  # before the import: nothing is told to anybody
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    filled = [name for name in current.columns if _filled(current) & _filled(reference) >= {name}]
    words = [name for name in filled if current[name].dtype == pl.String]
    definition = DataDefinition(
        numerical_columns=[name for name in filled if name not in words],
        categorical_columns=words,
    )

    def dataset(rows: pl.DataFrame) -> Any:
        return Dataset.from_pandas(_pandas(rows.select(filled)), data_definition=definition)

    made = Report([DataDriftPreset()]).run(dataset(current), dataset(reference))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "page.html"
        made.save_html(str(place))
        return place.read_text(encoding="utf-8")


def _filled(rows: pl.DataFrame) -> set[str]:
    """Columns with a value: Evidently stops at an empty one."""
    return {name for name in rows.columns if rows[name].null_count() < len(rows)}


def _pandas(rows: pl.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({name: rows[name].to_numpy() for name in rows.columns})
