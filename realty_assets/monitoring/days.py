"""The page and the metrics of a day, written below reports/monitoring/."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from realty_assets.holding import holds_now
from realty_assets.monitoring.dashboard import FOLDER, gather, newest_expected, page
from realty_assets.monitoring.keeping import newest_pages
from realty_assets.monitoring.metrics_file import metrics
from realty_assets.monitoring.out_of_line import newest_figures
from realty_assets.monitoring.slices_out_of_line import slices_out_of_line
from realty_assets.pages import write_page
from realty_assets.warehouse import Warehouse

DAYS = "monitoring.days"
METRICS = FOLDER / "metrics.prom"
N_KEPT = 60
AGAIN = "realty run monitoring"


def write_day(warehouse: Warehouse, today: date) -> pl.DataFrame:
    """Writes the page of `today`; monitoring.days, one row per page that is kept.

    Raises PageNotWritten.
    """
    path = FOLDER / f"{today}.html"
    made = write_page(warehouse.home, path, page(gather(warehouse, today), today), AGAIN)
    before = warehouse.read(DAYS) if warehouse.exists(DAYS) else None
    return newest_pages(warehouse.home, before, made, N_KEPT, holds_now(warehouse))


def write_metrics(warehouse: Warehouse, today: date, now_s: float) -> Path:
    """Writes the metrics of `today` beside the pages, and gives their place. Raises PageNotWritten.

    Not a row of the table: its time of the last success is another at every run.
    """
    facts = gather(warehouse, today)
    newest = newest_figures(facts["performance"])
    standing, judged, alerts = facts["open"], facts["judged"], facts["alerts"]
    segments, expected = slices_out_of_line(facts["slices"]), newest_expected(facts["expected"])
    text = metrics(today, standing, judged, newest, alerts, now_s, segments, expected)
    write_page(warehouse.home, METRICS, text, AGAIN)
    return warehouse.home / METRICS
