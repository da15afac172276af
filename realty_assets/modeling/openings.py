"""modeling.openings: every time that a test window was looked at, and what had been tried before.

A window that is opened again and again becomes a training set. The ledger only grows; the same
candidate on the same data opens its window once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from realty_assets.modeling.settings import ModelSettings

OPENINGS = "modeling.openings"
SCHEMA: dict[str, Any] = {
    "opening_id": pl.String,
    "backtest_id": pl.String,
    "track": pl.String,
    "candidate": pl.String,
    "made_from": pl.String,
    "n_tried": pl.Int64,
    "n_opened_before": pl.Int64,
    "n": pl.Int64,
    "mdape": pl.Float64,
    "coverage_90": pl.Float64,
    "opened_at": pl.Datetime("us"),
}


def candidate_hash(settings: ModelSettings) -> str:
    """Short hash of the settings that were judged."""
    return hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()[:12]


def with_opening(
    openings: pl.DataFrame,
    figures: pl.DataFrame,
    settings: ModelSettings,
    made_from: str,
    n_tried: int,
    now: datetime,
) -> pl.DataFrame:
    """`openings` with a row for the backtest whose `figures` (modeling.backtests) were just made.

    `n_tried` counts the candidates of the search that led to `settings`.
    """
    headline = figures.filter(pl.col("slice") == "all").row(0, named=True)
    candidate = candidate_hash(settings)
    name = headline["backtest_id"]
    parts = json.dumps([name, candidate, made_from])
    opening_id = hashlib.sha256(parts.encode()).hexdigest()[:16]
    if opening_id in openings["opening_id"]:
        return openings
    row = {
        "opening_id": opening_id,
        "backtest_id": name,
        "track": headline["track"],
        "candidate": candidate,
        "made_from": made_from,
        "n_tried": n_tried,
        "n_opened_before": openings.filter(pl.col("backtest_id") == name).height,
        "n": headline["n"],
        "mdape": headline.get("mdape"),
        "coverage_90": headline.get("coverage_90"),
        "opened_at": now,
    }
    return pl.concat([openings, pl.DataFrame([row], schema=SCHEMA)])
