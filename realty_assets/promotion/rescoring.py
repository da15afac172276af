"""The champion, frozen at its cutoff, on the sales that the candidate's recipe valued out of time.

The candidate itself has learned from those sales, so its recipe answers for it: the headline walk,
every month by a model of what came before. The champion is given the same rows of the same cutoffs;
only months that begin on or after its own cutoff count, so that it has seen none of their sales.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from realty_assets.evaluation.splits import Fold, next_month
from realty_assets.modeling.frozen import frozen_rows
from realty_assets.modeling.judging.segment_table import judged_frame
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.walk_forward import Market

KEY = ("listing_key", "property_key", "close_date", "close_price")
SCHEMA: dict[str, Any] = {
    "name": pl.String,
    "model_version": pl.String,
    "champion_version": pl.String,
    "listing_key": pl.String,
    "property_key": pl.String,
    "cutoff": pl.Date,
    "close_date": pl.Date,
    "close_price": pl.Float64,
    "area": pl.String,
    "excluded_by": pl.String,
    "value": pl.Float64,
    "lower_90": pl.Float64,
    "upper_90": pl.Float64,
    "champion_value": pl.Float64,
    "champion_lower_90": pl.Float64,
    "champion_upper_90": pl.Float64,
}


class Unpaired(ValueError):
    """Predictions and sales of the same months are not the same sales."""


def common_months(predictions: pl.DataFrame, champion_cutoff: date) -> list[Fold]:
    """Months of the headline `predictions` that the champion knew nothing of."""
    later = predictions.filter(pl.col("cutoff") >= champion_cutoff)["cutoff"]
    return [Fold(month, next_month(month)) for month in later.unique().sort()]


def champion_values(champion: Valuer, market: Market, folds: list[Fold]) -> pl.DataFrame:
    """KEY, cutoff and the champion's value and 90% interval of every sale of the folds (not none),
    as of each fold's cutoff."""
    parts = []
    for fold, rows in frozen_rows(market, folds):
        said = champion.predict(rows).select(
            champion_value="value", champion_lower_90="lower_90", champion_upper_90="upper_90"
        )
        keys = rows.select(*KEY).with_columns(pl.lit(fold.cutoff).alias("cutoff"))
        parts.append(keys.hstack(said))
    return pl.concat(parts)


def judged_pairs(
    predictions: pl.DataFrame, champion: Valuer, market: Market, photos: pl.DataFrame
) -> pl.DataFrame:
    """The headline `predictions` of the common months with the champion's values beside them, and
    all that segments ask for; empty without a common month.

    Raises Unpaired when the walk and the market speak of different sales: one of them is stale.
    """
    folds = common_months(predictions, champion.cutoff)
    mine = predictions.filter(pl.col("cutoff").is_in([fold.cutoff for fold in folds]))
    if not folds:
        return pl.DataFrame()
    theirs = champion_values(champion, market, folds)
    both = mine.with_columns(pl.col("close_price").cast(pl.Float64)).join(
        theirs.with_columns(pl.col("close_price").cast(pl.Float64)).unique([*KEY, "cutoff"]),
        on=[*KEY, "cutoff"],
        how="left",
        maintain_order="left",
    )
    if both["champion_value"].null_count() or len(theirs) != len(mine):
        raise Unpaired(
            f"{len(mine)} predictions and {len(theirs)} sales of the same months do not pair"
        )
    return judged_frame(both, market.sales_frame, photos)


def paired_rows_of(
    judged: pl.DataFrame, name: str, model_version: str, champion_version: str
) -> pl.DataFrame:
    """promotion.paired_sales of one candidate and champion, from `judged_pairs`."""
    if judged.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    named = {"name": name, "model_version": model_version, "champion_version": champion_version}
    return (
        judged.with_columns(value="prediction", **{key: pl.lit(one) for key, one in named.items()})
        .select(pl.col(column).cast(kind) for column, kind in SCHEMA.items())
        .sort("cutoff", *KEY)
    )


def with_pairs(
    table: pl.DataFrame, made: Mapping[tuple[str, str, str], pl.DataFrame]
) -> pl.DataFrame:
    """promotion.paired_sales with the pairs of `made` (by name, candidate, champion) in it; a pair
    that stood there gives way, others stay as the evidence of earlier decisions."""
    key = ["name", "model_version", "champion_version"]
    anew = pl.DataFrame(list(made), schema=dict.fromkeys(key, pl.String), orient="row")
    stays = table.join(anew, on=key, how="anti", maintain_order="left")
    return pl.concat([stays, *made.values()])


def kept_pairs(table: pl.DataFrame, decisions: pl.DataFrame, keep: int) -> pl.DataFrame:
    """promotion.paired_sales without the pairs that none of the newest `keep` decisions of their
    name is about; `decisions` are those of the gate, the newest last."""
    key = ["name", "model_version", "champion_version"]
    against = decisions.filter(pl.col("champion_version").is_not_null())
    newest = against.group_by("name", maintain_order=True).tail(keep).select(key).unique()
    return table.join(newest, on=key, how="semi", maintain_order="left")


def sha256(rows: pl.DataFrame) -> str:
    """Hash (hex) of rows in their order."""
    return hashlib.sha256(rows.write_csv().encode()).hexdigest()
