"""What the command line asks of a backtest: is the window sound, and how did it come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.errors import RealtyError
from realty_assets.evaluation.splits import parse_month
from realty_assets.features.tracks import TRACKS
from realty_assets.modeling.backtest import backtest_id, to_csv
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

SHOWN = (
    *("n", "mdape", "mdape_low", "mdape_high", "ppe5", "ppe10", "ppe20", "mae_usd", "r2"),
    *("r2_log", "median_ratio", "cod", "prd", "prb", "coverage_90", "coverage_90_low"),
    *("coverage_90_high", "median_width_ratio", "note"),
)


class BadWindow(RealtyError):
    """The window or track of a backtest cannot be used."""


@dataclass(frozen=True)
class Window:
    """Months as YYYY-MM, both included, and a track."""

    from_month: str
    to_month: str
    track: str


def check_window(from_month: str, to_month: str, track: str) -> Window:
    """The window as asked for. Raises BadWindow with one sentence that says what is wrong."""
    try:
        first, last = parse_month(from_month), parse_month(to_month)
    except ValueError as error:
        raise BadWindow(f"The backtest's window cannot be used: {error}.") from error
    if last < first:
        raise BadWindow(f"The backtest ends ({to_month}) before it begins ({from_month}).")
    if track not in TRACKS:
        known = ", ".join(TRACKS)
        raise BadWindow(f"There is no track {track!r}; there are {known}.")
    return Window(f"{first:%Y-%m}", f"{last:%Y-%m}", track)


def op_config(window: Window) -> dict[str, Any]:
    """Run config of the backtest's op."""
    return {
        "backtest": {
            "config": {
                "from_month": window.from_month,
                "to_month": window.to_month,
                "track": window.track,
            }
        }
    }


def tell(warehouse: Warehouse, window: Window, predictions: Path | None) -> dict[str, Any]:
    """The headline and its slices; writes the predictions to `predictions` when given."""
    name = backtest_id(window.track, parse_month(window.from_month), parse_month(window.to_month))
    mine = pl.col("backtest_id") == name
    rows = warehouse.read("modeling.backtests").filter(mine).to_dicts()
    by_slice = {row["slice"]: {key: row.get(key) for key in SHOWN} for row in rows}
    told: dict[str, Any] = {
        "from": window.from_month,
        "to": window.to_month,
        "track": window.track,
        "split": rows[0]["split"],
        "n_excluded": rows[0]["n_excluded"],
        **by_slice.pop("all"),
        "slices": by_slice,
    }
    if predictions is not None:
        frame = warehouse.read(sql("modeling/predictions_of.sql").bind(backtest_id=name))
        predictions.parent.mkdir(parents=True, exist_ok=True)
        to_csv(frame.sort("close_date", "listing_key"), predictions)
        told["predictions"] = str(predictions)
    return told
