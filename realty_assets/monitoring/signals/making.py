"""The three tables of signals of a home, and what they add to monitoring.drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from realty_assets.monitoring import populations as who
from realty_assets.monitoring.signals import attributions as of_values
from realty_assets.monitoring.signals import exchangeability as of_errors
from realty_assets.monitoring.signals import expected_errors as awaited
from realty_assets.monitoring.signals.common import with_usual
from realty_assets.monitoring.signals.domain import DOMAIN_AUC
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

ATTRIBUTIONS, EXCHANGEABILITY, EXPECTED = of_values.TABLE, of_errors.TABLE, awaited.TABLE
TABLES = (ATTRIBUTIONS, EXCHANGEABILITY, EXPECTED)
CODE_VERSION = "1"
MEASURED = of_values.METHODS | {DOMAIN_AUC, awaited.EXPECTED_ERROR}


@dataclass(frozen=True)
class Making:
    """How the tables are made: as of `today`, with `seed` for what is drawn."""

    today: date
    seed: int
    n_threads: int = 1


def make_signals(warehouse: Warehouse, making: Making) -> dict[str, pl.DataFrame]:
    """TABLES as of a day. What stands of months that are over is taken over."""
    with warehouse.connect():  # opened once for all that is read
        found = who.references(warehouse)
        attributions = of_values.make_attributions(
            warehouse, making.today, _before(warehouse, ATTRIBUTIONS), making.n_threads
        )
        scored = scored_sales(warehouse, making.today)
        bets = [
            of_errors.extended(
                _of(scored, track), _bets(warehouse, reference), reference, making.today
            )
            for track, reference in found.items()
        ]
        expected = list(_expected(warehouse, scored, making))
    return {
        ATTRIBUTIONS: attributions,
        EXCHANGEABILITY: pl.concat(bets).sort("track", "step"),
        EXPECTED: pl.concat(expected).sort("track", "population", "month", "metric"),
    }


def signal_drift(warehouse: Warehouse, min_reference: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """(track, rows of measures.SCHEMA with `drivers`) of what stands in TABLES against the present
    references."""
    there = {name for name in TABLES if warehouse.exists(name)}
    for track, reference in who.references(warehouse).items():
        named = {"track": track, "reference": reference.name}
        if ATTRIBUTIONS in there:
            rows = warehouse.read(sql("monitoring/attributions_of.sql").bind(**named))
            yield track, of_values.attribution_drift(rows, min_reference)
        if EXCHANGEABILITY in there:
            bets = warehouse.read(sql("monitoring/exchangeability_of.sql").bind(**named))
            yield track, of_errors.martingale_drift(bets)
        if EXPECTED in there:
            awaits = warehouse.read(sql("monitoring/expected_of.sql").bind(track=track))
            yield track, awaited.expected_drift(awaits, reference)


def with_usual_of_signals(told: pl.DataFrame) -> pl.DataFrame:
    """Rows of monitoring.drift, those of signals with what their reference's months reach."""
    return with_usual(told, MEASURED)


def scored_sales(warehouse: Warehouse, today: date) -> pl.DataFrame:
    """sql/monitoring/scored.sql as of a day: every track."""
    judged = sql("monitoring/judged.sql").bind(today=today)
    return warehouse.read(sql("monitoring/scored.sql").bind(today=today).over(judged=judged))


def _expected(warehouse: Warehouse, scored: pl.DataFrame, making: Making) -> Iterator[pl.DataFrame]:
    """Of every track; months that are not told of any more, or are later, stay as they were."""
    before = _before(warehouse, EXPECTED)
    before = pl.DataFrame(schema=awaited.SCHEMA) if before is None else before
    for track, table in who.VALUED.items():
        asked = pl.DataFrame(
            schema={"month": pl.Date, "prediction": pl.Float64, "half_log": pl.Float64}
        )
        if warehouse.exists(table):
            sizes = sql("monitoring/valued_sizes.sql").bind(valuations=table, track=track)
            asked = warehouse.read(sizes).filter(pl.col("month") == making.today.replace(day=1))
        own = awaited.expected_errors(_of(scored, track), asked, track, making.today, making.seed)
        keys = ["track", "population", "month"]
        yield pl.concat([_of(before, track).join(own, on=keys, how="anti"), own])


def _of(rows: pl.DataFrame, track: str) -> pl.DataFrame:
    return rows.filter(pl.col("track") == track)


def _bets(warehouse: Warehouse, reference: who.Reference) -> pl.DataFrame:
    """What stands of the bets of a track against its reference."""
    none = pl.DataFrame(schema=of_errors.SCHEMA)
    if not warehouse.exists(EXCHANGEABILITY):
        return none
    named = {"track": reference.track, "reference": reference.name}
    stands = warehouse.read(sql("monitoring/exchangeability_of.sql").bind(**named))
    forms = [*of_errors.SCHEMA]
    return stands.select(forms) if {*forms} <= {*stands.columns} else none


def _before(warehouse: Warehouse, table: str) -> pl.DataFrame | None:
    """The table as it stands; None when there is none of this form."""
    forms = {
        ATTRIBUTIONS: of_values.SCHEMA,
        EXPECTED: awaited.SCHEMA,
    }
    if not warehouse.exists(table):
        return None
    stands = warehouse.read(table)
    return stands.select(list(forms[table])) if {*forms[table]} <= {*stands.columns} else None
