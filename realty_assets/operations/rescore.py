"""Values of a window once more, by the champion of now: what changed, and by how much.

Nothing that was published is touched: the new values stand in a table of their own, beside the old.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

import polars as pl

from realty_assets.features.tracks import MATRICES
from realty_assets.fingerprint import content_hashes
from realty_assets.modeling.model import Valuer
from realty_assets.modeling.points import usable_for_training
from realty_assets.operations.records import BadAction, check_action, create_tables, record_action
from realty_assets.serving.batches import asked, table_of
from realty_assets.serving.champion import champion
from realty_assets.serving.valuations import ABSTAINS, FIGURES, predict_all, value_homes
from realty_assets.statements import sql
from realty_assets.warehouse import Tx, Warehouse

RESCORED, PREDICTIONS = "operations.rescored", "modeling.predictions"
PUBLISHED, SALE = "published", "sale"
WIDEST = 5
HOME = ["source", "property_key", "listing_key"]
SAID = ["value", "lower_90", "upper_90"]
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("rescore_id", "track", "population", "listing_key"), pl.String),
    "property_key": pl.String,
    "as_of": pl.Date,
    "stored_value": pl.Float64,
    "stored_version": pl.String,
    **dict.fromkeys(SAID, pl.Float64),
    "model_version": pl.String,
    **dict.fromkeys(("difference_usd", "relative_difference"), pl.Float64),
    "in_training": pl.Boolean,
    "reason": pl.String,
}


def rescore(
    warehouse: Warehouse,
    first: str,
    last: str,
    track: str,
    *,
    reason: str,
    by: str,
    run_id: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Values as of `first` to `last` (YYYY-MM-DD, both in), by the champion of `track`; what there
    is to tell.

    The same window, champion and tables are rescored once. Raises BadAction for a window that is
    none or holds no value, NoChampion, StaleFeatures.
    """
    check_action(reason, by)
    window = _window(first, last)
    valuer = champion(warehouse, track)
    rows = rescored(warehouse, valuer, *window)
    if rows.is_empty():
        raise BadAction(
            f"No value of the track '{track}' is as of {first} to {last}: `realty status` shows "
            "what was valued, `realty model list` what was backtested."
        )
    name = _rescore_id(warehouse, valuer, *window)
    rows = rows.with_columns(rescore_id=pl.lit(name)).select(*SCHEMA).cast(pl.Schema(SCHEMA))
    with warehouse.transaction() as tx:
        already = (
            tx.exists(RESCORED) and name in tx.read(RESCORED, columns=["rescore_id"])["rescore_id"]
        )
        told = {
            "rescore_id": name,
            "track": track,
            "model_version": valuer.model_version,
            "from": first,
            "to": last,
            "already": already,
            **_summed(tx, rows),
        }
        if not dry_run and not already:
            create_tables(tx)
            tx.append(RESCORED, rows)
            record_action(
                *(tx, "rescore", f"{track} {first} to {last}"),
                reason=reason,
                by=by,
                outcome="done",
                detail=told,
                run_id=run_id,
            )
    return told | ({"dry_run": True, "note": "nothing was changed"} if dry_run else {})


def rescored(warehouse: Warehouse, valuer: Valuer, first: date, last: date) -> pl.DataFrame:
    """Rows of SCHEMA (but the id) for every stored value as of `first` to `last`, both in. Raises
    StaleFeatures when the features of what was published are of another day by now."""
    return pl.concat(
        [_published(warehouse, valuer, first, last), _sales(warehouse, valuer, first, last)]
    )


def _published(warehouse: Warehouse, valuer: Valuer, first: date, last: date) -> pl.DataFrame:
    table = table_of(valuer.track)
    if not warehouse.exists(table):
        return _form(pl.DataFrame(schema=SCHEMA))
    stored = warehouse.read(table).filter(
        pl.col("track") == valuer.track, pl.col("as_of").is_between(first, last)
    )
    if stored.is_empty():
        return _form(pl.DataFrame(schema=SCHEMA))
    said = value_homes(valuer, *asked(warehouse, valuer.track), stored["as_of"][0])
    old = stored.select(*HOME, "as_of", stored_value="value", stored_version="model_version")
    both = old.join(said.select(*HOME, *SAID, "reason"), on=HOME, how="left", nulls_equal=True)
    return _form(_compared(both, valuer, PUBLISHED).with_columns(in_training=False))


def _sales(warehouse: Warehouse, valuer: Valuer, first: date, last: date) -> pl.DataFrame:
    matrix = MATRICES[valuer.track]
    if not (warehouse.exists(PREDICTIONS) and warehouse.exists(matrix)):
        return _form(pl.DataFrame(schema=SCHEMA))
    window = sql("operations/sales_of_window.sql")
    rows = warehouse.read(window.bind(matrix=matrix, track=valuer.track, first=first, last=last))
    said = predict_all(valuer, rows).select(*FIGURES, ABSTAINS)
    kept = ["listing_key", "property_key", "as_of", "stored_value", "stored_version"]
    learned = rows.select(usable_for_training(valuer.cutoff).alias("in_training"))
    both = rows.select(kept).hstack(said.select(*SAID, reason=ABSTAINS)).hstack(learned)
    return _form(_compared(both, valuer, SALE))


def _compared(both: pl.DataFrame, valuer: Valuer, population: str) -> pl.DataFrame:
    return both.with_columns(
        track=pl.lit(valuer.track),
        population=pl.lit(population),
        model_version=pl.lit(valuer.model_version),
        difference_usd=pl.col("value") - pl.col("stored_value"),
        relative_difference=pl.col("value") / pl.col("stored_value") - 1.0,
    )


def _form(rows: pl.DataFrame) -> pl.DataFrame:
    form = {name: kind for name, kind in SCHEMA.items() if name != "rescore_id"}
    return rows.select(*form).cast(pl.Schema(form))


def _summed(tx: Tx, rows: pl.DataFrame) -> dict[str, Any]:
    tx.conn.register("rescored", rows.to_arrow())
    try:
        populations = tx.read(sql("operations/rescored_summary.sql")).to_dicts()
    finally:
        tx.conn.unregister("rescored")
    apart = rows.filter(pl.col("relative_difference").is_not_null()).sort(
        pl.col("relative_difference").abs(), "listing_key", descending=[True, False]
    )
    shown = ["population", "listing_key", "as_of", "stored_value", "value", "relative_difference"]
    widest = apart.head(WIDEST).select(shown).with_columns(pl.col("as_of").cast(pl.String))
    return {"populations": populations, "widest": widest.to_dicts()}


def _rescore_id(warehouse: Warehouse, valuer: Valuer, first: date, last: date) -> str:
    tables = [table_of(valuer.track), PREDICTIONS, MATRICES[valuer.track]]
    parts = [valuer.model_version, str(first), str(last), content_hashes(warehouse, tables)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _window(first: str, last: str) -> tuple[date, date]:
    try:
        window = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise BadAction(f"{first} to {last} is no window: give days as YYYY-MM-DD.") from error
    if window[0] > window[1]:
        raise BadAction(f"The window ends before it begins: {first} to {last}.")
    return window
