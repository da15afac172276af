"""The market report: one HTML file that says how good the values are, and what they are made of.

Everything on the page is read from tables of the warehouse and from nothing else: no clock, no
settings, no network. The same tables give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from realty_assets.evaluation.arrays import MIN_SALES
from realty_assets.pages import environment, write_page
from realty_assets.serving.report_parts import page
from realty_assets.serving.report_text import FORMS, Row
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

REPORT_INPUTS = (
    "ledger.files",
    "staging.listings",
    "staging.quarantine",
    "clean.sales",
    "clean.exclusions",
    "features.market_index",
    "modeling.predictions",
    "modeling.backtests",
    "modeling.openings",
    "modeling.interval_methods",
    "modeling.baselines",
    "modeling.models",
    "promotion.decisions",
    "promotion.aliases",
    "serving.valuations",
    "serving.listing_valuations",
    "serving.evaluation_reports",
    "analysis.takeaways",
    "exploration.reports",
)
# Tables that name the files of other pages of the home.
PAGES = ("serving.evaluation_reports", "analysis.takeaways", "exploration.reports")
# A home that was made before there were these has its page without them.
MAY_BE_MISSING = frozenset(
    {
        "modeling.openings",
        "modeling.interval_methods",
        "modeling.baselines",
        "serving.listing_valuations",
        *PAGES,
    }
)
PAGE = Path("reports") / "market.html"
MOST_POINTS = 4_000
MOST_HOMES = 50
TEMPLATES = Path(__file__).parent / "templates"

# Each query with the tables it needs; a part whose tables are not there yet says so on the page.
QUERIES: dict[str, tuple[str, ...]] = {
    "market": ("clean.sales",),
    "counties": ("clean.sales",),
    "points": ("modeling.predictions",),
    "price_bands": ("modeling.predictions",),
    "places": ("modeling.predictions",),
    "index": ("features.market_index",),
    "files": ("ledger.files",),
    "refused": ("ledger.files",),
    "quarantine": ("staging.quarantine",),
    "flags": ("staging.listings",),
    "backtest": ("modeling.backtests",),
    "tracks": ("modeling.backtests",),
    "baselines": ("modeling.baselines", "modeling.backtests"),
    "interval_methods": ("modeling.interval_methods",),
    "openings": ("modeling.openings", "modeling.backtests"),
    "listed": ("serving.listing_valuations",),
    "exclusions": ("clean.exclusions",),
    "judged": ("modeling.predictions",),
    "decisions": ("promotion.decisions", "modeling.models"),
    "aliases": ("promotion.aliases", "modeling.models"),
    "valued": ("serving.valuations",),
    "valuations": ("serving.valuations",),
    "value_places": ("serving.valuations",),
    "value_fifths": ("serving.valuations",),
    "value_zips": ("serving.valuations",),
}
PARAMS: dict[str, dict[str, int]] = {
    "points": {"most": MOST_POINTS},
    "value_places": {"most": MOST_POINTS},
    "valuations": {"most": MOST_HOMES},
    "price_bands": {"most_bands": 10, "min_sales": MIN_SALES},
}


def build_report(warehouse: Warehouse) -> str:
    """The page, from the tables of `warehouse`; parts whose tables are missing say so."""
    facts, there = gather(warehouse)
    house = environment(TEMPLATES)
    house.filters.update(FORMS)
    return house.get_template("market.html.j2").render(**page(facts, there))


def write_report(warehouse: Warehouse) -> pl.DataFrame:
    """Writes the page below <home>/reports/; serving.reports. Raises PageNotWritten."""
    return write_page(warehouse.home, PAGE, build_report(warehouse), "realty run serving")


def inputs_there(warehouse: Warehouse) -> list[str]:
    """REPORT_INPUTS without those that may be missing and are."""
    return [
        table for table in REPORT_INPUTS if table not in MAY_BE_MISSING or warehouse.exists(table)
    ]


def gather(warehouse: Warehouse) -> tuple[dict[str, list[Row]], set[str]]:
    """(rows of every query by its name, names of the tables that are there), all of one moment.

    A query has no rows where one of its tables is missing.
    """
    facts: dict[str, list[Row]] = {name: [] for name in (*QUERIES, "pages")}
    if not warehouse.path.exists():
        return facts, set()
    with warehouse.transaction() as tx:
        there = {table for table in REPORT_INPUTS if tx.exists(table)}
        for name, tables in QUERIES.items():
            if there.issuperset(tables):
                params = PARAMS.get(name)
                facts[name] = tx.read(sql(f"serving/report_{name}.sql"), params).to_dicts()
        for table in PAGES:
            if table in there:
                pages = sql("serving/report_pages.sql").bind(pages=table)
                facts["pages"] += tx.read(pages).to_dicts()
    return facts, there
