"""Whether the errors of closed sales still come as earlier ones did, by two conformal martingales.

A sale's score is ln(price / value) over the half width of its central 68%. One martingale ranks the
scores (values that have come to lie too low or too high), the other their sizes (errors that have
grown). Both begin when the champion's reference ends; what was known before is what they rank
among. A month is bet on once, when it is over: its sales, their p values and the capital stand from
then on, and a new month extends them. Who surfaces later, in a month that was bet on, is left out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.measures import SCHEMA as DRIFT_SCHEMA
from realty_assets.monitoring.populations import SALES, Reference
from realty_assets.monitoring.signals.common import ERRORS
from realty_assets.monitoring.signals.martingale import log10_evidence, p_values, uniform

TABLE = "monitoring.exchangeability"
MARTINGALE = "martingale"
TOO_LOW, TOO_HIGH, LARGER = "values too low", "values too high", "errors of another size"
SCHEMA: dict[str, Any] = {
    "track": pl.String,
    "reference": pl.String,
    "month": pl.Date,
    "in_reference": pl.Boolean,
    "step": pl.Int64,
    "listing_key": pl.String,
    "close_date": pl.Date,
    "score": pl.Float64,
    "p_signed": pl.Float64,
    "p_size": pl.Float64,
    "log10_evidence": pl.Float64,
}


def extended(
    scored: pl.DataFrame, before: pl.DataFrame, reference: Reference, today: date
) -> pl.DataFrame:
    """Rows (SCHEMA) of one track: `before` those that stand, and the months that are over since.

    `scored` of sql/monitoring/scored.sql, of the track. Another reference begins anew.
    """
    if reference.until is None:
        return pl.DataFrame(schema=SCHEMA)
    ordered = scored.with_columns(
        month=pl.col("ready_on").dt.truncate("1mo"),
        in_reference=pl.col("ready_on") < reference.until,
        track=pl.lit(reference.track),
        reference=pl.lit(reference.name),
    ).sort("ready_on", "close_date", "listing_key")
    stands = before.filter(
        pl.col("track") == reference.track, pl.col("reference") == reference.name
    ).sort("step")
    over = [m for m in ordered["month"].unique() if next_month(m) <= today]
    new = ordered.filter(~pl.col("in_reference") & pl.col("month").is_in(over))
    if stands.is_empty():
        bag = ordered.filter("in_reference")
        empty = {"p_signed": None, "p_size": None, "log10_evidence": None}
        stands = _formed(bag.with_columns(pl.lit(v).alias(k) for k, v in empty.items()), 0)
    else:
        last = stands.filter(~pl.col("in_reference"))["month"].max()
        if last is not None:
            new = new.filter(pl.col("month") > last)
    if new.is_empty():
        return stands
    ties = [uniform(f"{key} {day}") for key, day in new.select("listing_key", "close_date").rows()]
    bag_scores, scores = stands["score"].to_numpy(), new["score"].to_numpy()
    signed = p_values(bag_scores.tolist(), scores.tolist(), ties)
    sized = p_values(np.abs(bag_scores).tolist(), np.abs(scores).tolist(), ties)
    bet = stands.filter(~pl.col("in_reference"))
    whole = log10_evidence(
        np.concatenate([bet["p_signed"].to_numpy(), signed]),
        np.concatenate([bet["p_size"].to_numpy(), sized]),
    )
    made = new.with_columns(
        pl.Series("p_signed", signed),
        pl.Series("p_size", sized),
        pl.Series("log10_evidence", whole[len(bet) :]),
    )
    return pl.concat([stands, _formed(made, len(stands))])


def martingale_drift(rows: pl.DataFrame) -> pl.DataFrame:
    """One row (measures.SCHEMA and `drivers`) per month that was bet on, of SCHEMA rows of one
    track: ERRORS by MARTINGALE.

    The value is log10 of what the capital has reached up to the month's end. `n` counts all sales
    that were bet on, `n_reference` those that the last of them was ranked among. `drivers` says
    what its sales are like.
    """
    told = []
    bets = rows.filter(~pl.col("in_reference")).sort("step")
    for (month,), own in bets.group_by("month", maintain_order=True):
        last = own.row(-1, named=True)
        n = int((bets["step"] <= last["step"]).sum())
        told.append(
            {
                "population": SALES,
                "month": month,
                "in_reference": False,
                "feature": ERRORS,
                "method": MARTINGALE,
                "value": last["log10_evidence"],
                "n": n,
                "n_reference": last["step"] + 1,
                "drivers": _likeness(own),
            }
        )
    return pl.DataFrame(told, schema=DRIFT_SCHEMA | {"drivers": pl.String})


def _likeness(own: pl.DataFrame) -> str:
    """What sets a month's sales apart: the mean p value that is farther from one half."""
    signed, size = (
        float(np.mean(np.sort(own[name].to_numpy()))) - 0.5 for name in ("p_signed", "p_size")
    )
    if abs(size) > abs(signed):
        return LARGER
    return TOO_LOW if signed < 0 else TOO_HIGH


def _formed(rows: pl.DataFrame, first: int) -> pl.DataFrame:
    steps = pl.int_range(first, first + pl.len(), dtype=pl.Int64)
    return rows.with_columns(step=steps).select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )
