"""Rows that were made on request stay in their tables while what they were made from is the same.

`realty run all` trains no model for the comparison of splits and knows of no rivals: it keeps what
`realty evaluate` has made, as long as it is still true, and drops it when it is not.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

# The columns of modeling.predictions that tell which backtests there are.
CHOSEN_BY = ("backtest_id", "track", "is_headline")


def chosen(predictions: pl.DataFrame, backtest_id: str) -> list[str]:
    """The backtests asked for: the one named; else the headline of each track; else all.

    A name that is not there gives an empty list.
    """
    ids = sorted(predictions["backtest_id"].unique())
    if backtest_id:
        return [name for name in ids if name == backtest_id]
    if "is_headline" in predictions.columns:
        heads = predictions.filter(pl.col("is_headline"))["backtest_id"].unique().sort().to_list()
        tracks = set(predictions["track"].unique())
        known = predictions.filter(pl.col("backtest_id").is_in(heads))["track"].unique()
        if heads and set(known) == tracks:
            return heads
        # A track whose market is too young for a headline is shown by what somebody asked for.
        others = predictions.filter(~pl.col("track").is_in(known.implode()))
        return sorted({*heads, *others["backtest_id"].to_list()})
    return ids


def kept(
    before: pl.DataFrame | None, made: pl.DataFrame, true_now: Mapping[str, str]
) -> pl.DataFrame:
    """`made` and those rows of `before` that are still true: whose backtest is not in `made` and
    whose `made_from` is what `true_now` says for it (backtest_id -> made_from)."""
    if before is None or before.columns != made.columns:
        return made
    still = [key for key in true_now.items() if key[0] not in set(made["backtest_id"])]
    truth = pl.DataFrame(
        still, schema={"backtest_id": pl.String, "made_from": pl.String}, orient="row"
    )
    rows = before.join(truth, on=["backtest_id", "made_from"], how="semi", maintain_order="left")
    return pl.concat([rows, made])
