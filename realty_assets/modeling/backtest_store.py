"""Several backtests in one pair of tables, each under its own id; one a track is the headline.

The headline is the window that `run all` judges models by. A window that somebody asked for stands
beside it and never takes its place. Rows made from other data, settings or code than today's go
when anything is made anew: a figure always speaks of the data as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

CODE_VERSION = "4"
PREDICTIONS, BACKTESTS = "modeling.predictions", "modeling.backtests"


def with_others(
    made: Mapping[str, pl.DataFrame],
    before: Mapping[str, pl.DataFrame],
    *,
    headlines: Collection[str],
    made_from: str,
) -> dict[str, pl.DataFrame]:
    """The tables with the backtest just made in them, by table name.

    `made` holds the rows of one backtest_id, `before` the tables as they stand (may be empty).
    `headlines` are the backtest_ids that models are judged by, one a track; `made_from` is a hash
    of all that the rows depend on but their window.
    """
    return {
        name: _kept(before.get(name), rows.with_columns(made_from=pl.lit(made_from))).with_columns(
            is_headline=pl.col("backtest_id").is_in(list(headlines))
        )
        for name, rows in made.items()
    }


def _kept(before: pl.DataFrame | None, rows: pl.DataFrame) -> pl.DataFrame:
    if before is None or "made_from" not in before.columns:
        return rows
    others = before.filter(
        pl.col("made_from") == rows["made_from"][0],
        pl.col("backtest_id") != rows["backtest_id"][0],
    )
    return pl.concat([others, rows], how="diagonal_relaxed")
