"""From a window that is asked for to rows in the tables: what the backtest's face runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from realty_assets.evaluation.splits import parse_month
from realty_assets.modeling.backtest import backtest, backtest_id
from realty_assets.modeling.backtest_report import check_window
from realty_assets.modeling.backtest_store import BACKTESTS, CODE_VERSION, PREDICTIONS, with_others
from realty_assets.modeling.home_models import ModelHome
from realty_assets.modeling.markets import read_trials, read_walked
from realty_assets.modeling.openings import OPENINGS, SCHEMA, with_opening
from realty_assets.modeling.trials import SEARCHED_AS
from realty_assets.warehouse import Warehouse


@dataclass(frozen=True)
class Wanted:
    """A backtest to make: its track and its months, both included."""

    track: str
    first: date
    last: date

    @property
    def name(self) -> str:
        return backtest_id(self.track, self.first, self.last)


def wanted(home: ModelHome, from_month: str, to_month: str, track: str) -> list[Wanted]:
    """The window that is asked for, else the headline of every track.

    Raises BadWindow or NotEnoughSales.
    """
    if not (from_month or to_month):
        return [Wanted(h.track, h.first, h.last) for h in home.headlines]
    asked = check_window(from_month, to_month, track)
    return [Wanted(asked.track, parse_month(asked.from_month), parse_month(asked.to_month))]


def stand(warehouse: Warehouse, backtests: list[Wanted]) -> bool:
    """Whether every backtest that is wanted is in the table."""
    return {w.name for w in backtests} <= set(
        warehouse.read(BACKTESTS, columns=["backtest_id"])["backtest_id"]
    )


def run(home: ModelHome, backtests: list[Wanted], now: datetime) -> dict[str, pl.DataFrame]:
    """The three tables with these backtests in them. Raises NotEnoughSales."""
    warehouse = home.warehouse
    names = {backtest_id(h.track, h.first, h.last) for h in home.headlines_or_none()}
    made_from = _made_from(home)
    tables = {
        table: warehouse.read(table)
        for table in (PREDICTIONS, BACKTESTS)
        if warehouse.exists(table)
    }
    openings = (
        warehouse.read(OPENINGS) if warehouse.exists(OPENINGS) else pl.DataFrame(schema=SCHEMA)
    )
    trials = read_trials(warehouse)
    for want in backtests:
        market = home.market(want.track, want.first)
        predictions, figures, _ = backtest(
            market, want.first, want.last, read_walked(warehouse, want.track)
        )
        tables = with_others(
            {PREDICTIONS: predictions, BACKTESTS: figures},
            tables,
            headlines=names,
            made_from=made_from,
        )
        tried = trials.filter(
            pl.col("track") == SEARCHED_AS[want.track], pl.col("tuned_before") <= want.first
        ).height
        openings = with_opening(openings, figures, market.model, made_from, max(tried, 1), now)
    return {**tables, OPENINGS: openings}


def _made_from(home: ModelHome) -> str:
    """One hash for the data, the settings and the code that a backtest comes from."""
    parts: list[Any] = [home.snapshot_hash(), CODE_VERSION, home.depends()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
