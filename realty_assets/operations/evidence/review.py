"""A seeded random sample of values for people to review, and their verdicts as rows."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.clock import utc_now
from realty_assets.errors import RealtyError
from realty_assets.features.tracks import TRACKS
from realty_assets.operations.records import check_action, create_tables, record_action
from realty_assets.serving.batches import table_of
from realty_assets.warehouse import Warehouse

REVIEWS = "operations.reviews"
VERDICTS = ("supported", "too high", "too low", "wrong facts")
DRAWN = [
    *("home_id", "sample_id", "seed", "track", "source", "listing_key", "property_key", "as_of"),
    *("value", "lower_90", "upper_90", "model_version"),
]
# What a reviewer is shown beside, and what they fill in.
SHOWN = ["unparsed_address", "city", "living_area", "year_built"]
ASKED = ["verdict", "note"]
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("review_id", "sample_id", "home_id"), pl.String),
    "seed": pl.Int64,
    **dict.fromkeys(("track", "source", "listing_key", "property_key"), pl.String),
    "as_of": pl.Date,
    **dict.fromkeys(("value", "lower_90", "upper_90"), pl.Float64),
    **dict.fromkeys(("model_version", "verdict", "reviewer", "note"), pl.String),
    "written_at": pl.Datetime("us"),
}


class BadReview(RealtyError):
    """A file of reviews that cannot be taken in; the message names the line."""


def drawn(warehouse: Warehouse, seed: int, n: int) -> pl.DataFrame:
    """`n` valued homes of every track that speaks (DRAWN and SHOWN): the same of the same values
    and seed, whatever their order."""
    parts = []
    for track in TRACKS:
        table = table_of(track)
        if not warehouse.exists(table):
            continue
        rows = warehouse.read(table).filter(track=track).filter(pl.col("value").is_not_null())
        lots = pl.Series("lot", [_lot(seed, *key) for key in _keys(rows)], dtype=pl.String)
        picked = rows.with_columns(lots).sort("lot").head(n)
        parts.append(picked.with_columns(seed=pl.lit(seed), home_id=pl.col("lot").str.head(16)))
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys((*DRAWN, *SHOWN), pl.String))
    sample = pl.concat(parts, how="diagonal_relaxed")
    told = sample.select("home_id", "value", "model_version").rows()
    name = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
    return sample.with_columns(sample_id=pl.lit(name)).select(*DRAWN, *SHOWN)


def _keys(rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    return rows.select("track", "source", "property_key", "listing_key", "as_of").rows()


def _lot(seed: int, *key: Any) -> str:
    return hashlib.sha256("|".join(map(str, (seed, *key))).encode()).hexdigest()


def write_sheet(sample: pl.DataFrame, to: Path) -> None:
    """The sample as CSV, with empty columns for the reviewer's verdict and note."""
    sample.with_columns(pl.lit("").alias(name) for name in ASKED).write_csv(to)


def record_drawn(warehouse: Warehouse, sample: pl.DataFrame) -> int:
    """Adds a row for each home that was drawn, once; returns how many were new."""
    return _add(warehouse, sample.with_columns(verdict=None, reviewer=None, note=None))


def take_reviews(
    warehouse: Warehouse, sheet: Path, *, reason: str, by: str, dry_run: bool = False
) -> dict[str, Any]:
    """Takes the verdicts of a filled-in sheet in as rows; what there is to tell.

    Lines without a verdict wait. The same verdict of the same reviewer is taken once. Raises
    BadAction, and BadReview for a sheet of another sample, a changed value, or an unknown verdict.
    """
    check_action(reason, by)
    rows = _read_sheet(sheet)
    known = {row["home_id"]: row for row in _drawn_before(warehouse)}
    filled = []
    for line, row in enumerate(rows, start=2):
        verdict = (row["verdict"] or "").strip().lower()
        if not verdict:
            continue
        was = known.get(row["home_id"])
        if was is None or str(was["sample_id"]) != row["sample_id"]:
            raise BadReview(f"{sheet.name}, line {line}: this home is of no sample of this home.")
        if not _same(row["value"], was["value"]):
            raise BadReview(
                f"{sheet.name}, line {line}: the value is {row['value']}, and {was['value']} was "
                "drawn; leave what was given as it is."
            )
        if verdict not in VERDICTS:
            raise BadReview(
                f"{sheet.name}, line {line}: {row['verdict']!r} is no verdict: one of "
                f"{', '.join(VERDICTS)}."
            )
        filled.append(was | {"verdict": verdict, "reviewer": by.strip(), "note": row["note"]})
    told: dict[str, Any] = {"n_lines": len(rows), "n_verdicts": len(filled)}
    if dry_run:
        return told | {"dry_run": True, "note": "nothing was changed"}
    told["n_new"] = _add(warehouse, pl.DataFrame(filled, schema_overrides=_overrides(filled)))
    if told["n_new"]:
        with warehouse.transaction() as tx:
            record_action(
                *(tx, "review", sheet.name), reason=reason, by=by, outcome="done", detail=told
            )
    return told


def _same(said: str | None, value: float) -> bool:
    """Whether a cell holds a value, as a spreadsheet may round it."""
    try:
        return abs(float(said or "nan") - value) <= 0.005
    except ValueError:
        return False


def _overrides(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: kind for name, kind in SCHEMA.items() if rows and name in rows[0]}


def _drawn_before(warehouse: Warehouse) -> list[dict[str, Any]]:
    if not warehouse.exists(REVIEWS):
        return []
    rows = warehouse.read(REVIEWS).filter(pl.col("verdict").is_null())
    return rows.select(DRAWN).to_dicts()


def _read_sheet(sheet: Path) -> list[dict[str, str | None]]:
    try:
        rows = pl.read_csv(sheet, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).split("\n")[0]
        raise BadReview(f"{sheet} cannot be read as CSV: {first}.") from error
    if missing := [name for name in (*DRAWN, *ASKED) if name not in rows.columns]:
        raise BadReview(f"{sheet.name} has no column {', '.join(missing)}: is it of a pack?")
    return rows.to_dicts()


def _add(warehouse: Warehouse, rows: pl.DataFrame) -> int:
    """Adds rows of REVIEWS that are not there yet, known by all that they say."""
    if rows.is_empty():
        return 0
    told = rows.select("sample_id", "home_id", "verdict", "reviewer", "note").rows()
    ids = [hashlib.sha256(repr(one).encode()).hexdigest()[:16] for one in told]
    now: datetime = utc_now()
    full = rows.with_columns(pl.Series("review_id", ids), written_at=pl.lit(now))
    with warehouse.transaction() as tx:
        create_tables(tx)
        known = tx.read(REVIEWS, columns=["review_id"])["review_id"]
        new = full.filter(~pl.col("review_id").is_in(known.implode())).unique("review_id")
        if len(new):
            tx.append(REVIEWS, new.select(*SCHEMA).cast(pl.Schema(SCHEMA)))
    return len(new)
