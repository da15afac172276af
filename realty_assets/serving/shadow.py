"""serving.shadow_valuations: what the challenger says of the homes that the champion has valued.

Nobody is told of these values. They show before a promotion whose value would move, and how far.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from realty_assets.modeling.model import ModelBroken, load_valuer
from realty_assets.serving.batches import asked, table_of
from realty_assets.serving.valuations import StaleFeatures, value_homes
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

SHADOWS = "serving.shadow_valuations"
BATCH = ["track", "as_of", "champion_version", "shadow_version"]
HOME = ["source", "property_key", "listing_key"]
SCHEMA: dict[str, Any] = {
    "track": pl.String,
    "as_of": pl.Date,
    "champion_version": pl.String,
    "shadow_version": pl.String,
    "source": pl.String,
    "property_key": pl.String,
    "listing_key": pl.String,
    "champion_value": pl.Float64,
    "shadow_value": pl.Float64,
    "difference_usd": pl.Float64,
    "relative_difference": pl.Float64,
    "disagreement_rank": pl.Int64,
    "reason": pl.String,
}


def compared(batch: pl.DataFrame, said: pl.DataFrame, version: str) -> pl.DataFrame:
    """The rows of one batch (SCHEMA): every home once, the widest apart ranked 1.

    `batch` is sql/serving/batch.sql, `said` what `value_homes` makes of the challenger, whose
    `version` is named. Differences are the challenger's value over the champion's; without both
    values there is none, and no rank.
    """
    theirs = said.select(*HOME, "reason", shadow_value="value")
    ratio = pl.col("shadow_value") / pl.col("champion_value")
    return (
        batch.join(theirs, on=HOME, how="left", nulls_equal=True)
        .with_columns(
            shadow_version=pl.lit(version),
            difference_usd=pl.col("shadow_value") - pl.col("champion_value"),
            relative_difference=ratio - 1.0,
            _apart=ratio.log().abs(),
        )
        .sort("_apart", *HOME, descending=[True, False, False, False], nulls_last=True)
        .with_row_index("_place", offset=1)
        .with_columns(
            disagreement_rank=pl.when(pl.col("_apart").is_not_null()).then(pl.col("_place"))
        )
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    )


def with_batches(table: pl.DataFrame, made: list[pl.DataFrame], keep: int) -> pl.DataFrame:
    """`table` with the batches `made` in it, each in the place of itself; of every track the newest
    `keep` batches stay."""
    rows = pl.concat([table.filter(pl.lit(False)), *made])
    rows = pl.concat([table.join(rows.select(BATCH).unique(), on=BATCH, how="anti"), rows])
    batches = rows.select(BATCH).unique().sort("as_of", *BATCH, descending=True)
    newest = batches.group_by("track", maintain_order=True).head(keep)
    return rows.join(newest, on=BATCH, how="semi").sort(
        *BATCH, "disagreement_rank", *HOME, nulls_last=True
    )


def shadowed(warehouse: Warehouse, keep: int | None) -> tuple[pl.DataFrame, dict[str, str]]:
    """(the table with the standing batches valued by their challengers, why a track has none).

    `keep` is the number of batches that stay; None: the policy wants no new ones.
    """
    table = pl.DataFrame(schema=SCHEMA)
    if warehouse.exists(SHADOWS):
        table = warehouse.read(SHADOWS)
    if keep is None:
        return table, {}
    made, left_out = [], {}
    for row in warehouse.read(sql("serving/shadows.sql")).to_dicts():
        try:
            made += _batch(warehouse, row)
        except (ModelBroken, StaleFeatures) as error:
            # The champion's values stand all the same: nobody waits for a shadow.
            left_out[row["track"]] = str(error)
    return with_batches(table, made, keep), left_out


def _batch(warehouse: Warehouse, row: dict[str, Any]) -> list[pl.DataFrame]:
    track = row["track"]
    wanted = sql("serving/batch.sql").bind(valuations=table_of(track), track=track)
    batch = warehouse.read(wanted)
    if batch.is_empty():
        return []
    valuer = load_valuer(warehouse.home / row["artifact"])
    said = value_homes(valuer, *asked(warehouse, track), batch["as_of"][0])
    return [compared(batch, said, valuer.model_version)]
