"""One month's new sales, against making everything anew; both ends are equal by fingerprint.

50,000 sales of an invented market over ten years, through the faces of the graph and a warehouse
file: fits of vintages, index, the matrices of all three tracks, comparables and registry; then, on
the off_market track, the walk-forward months of the default window, the calibration of intervals
and the values of 500 homes. One home learns of all sales at once; the other stood a month before
and learns of what became known since. Settings are those of the `fast` profile. Wall clock holds
what else runs on the machine, so processor seconds of all threads are compared.

The boosters that value are the same in both homes and are trained in neither, as between two
promotions: what intervals need of new boosters are those of the walked months.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks._market import FIRST, invented

SALES = int(os.environ.get("REALTY_BENCH_MONTH_SALES", "50000"))
YEARS, ACTIVE, MONTHS, LIMIT = 10, 500, 3, 0.15
BEFORE, TODAY = date(FIRST.year + YEARS - 1, 12, 1), date(FIRST.year + YEARS, 1, 1)
FEATURES = ["vintages", "market_index", "matrix", "matrix_at_listing", "matrix_on_market"]
COMPARED = [*(f"features.{name}" for name in (*FEATURES, "comparables", "registry"))]
COMPARED += ["modeling.walk_forward", "serving.valuations"]


def run() -> list[dict[str, Any]]:
    """Rows of the benchmark table: name, ours_s, rival_s, ratio, limit, note."""
    from realty_assets.warehouse import Warehouse

    frame = invented(SALES, YEARS)
    with tempfile.TemporaryDirectory(prefix="realty-bench-") as folder:
        homes = [Warehouse.at(Path(folder) / name / "warehouse.duckdb") for name in "ab"]
        champion = _champion(frame)
        _learn(homes[0], frame, BEFORE, champion)
        ours = _learn(homes[0], frame, TODAY, champion)
        rival = _learn(homes[1], frame, TODAY, champion)
        assert _fingerprints(homes[0]) == _fingerprints(homes[1])
    new = f"{_n_new(frame):,} new sales of {SALES:,}"
    parts = {part: f"{ours[part]:.1f} of {rival[part]:.1f} s" for part in ours}
    told = ", ".join(f"{part} {seconds}" for part, seconds in parts.items())
    return [
        {
            "name": f"one month's new sales, {what}",
            "ours_s": sum(ours[part] for part in counted),
            "rival_s": sum(rival[part] for part in counted),
            "ratio": sum(ours[p] for p in counted) / sum(rival[p] for p in counted),
            "limit": LIMIT,
            "note": f"{new}, processor time, equal by fingerprint; {note}",
        }
        for what, counted, note in (
            ("features", ["features"], "three matrices, vintages, index, comparables, registry"),
            ("features, intervals, valuations", list(ours), told),
        )
    ]


def _n_new(frame: pl.DataFrame) -> int:
    return _known(frame, TODAY).height - _known(frame, BEFORE).height


def _known(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    return frame.filter(pl.col("known_at") < pl.lit(day).cast(pl.Datetime("us")))


def _learn(warehouse: Any, frame: pl.DataFrame, today: date, champion: Any) -> dict[str, float]:
    """Processor seconds of each part of what a home does that knows `frame` up to `today`."""
    import dagster as dg

    from realty_assets.features import assets

    os.environ["REALTY_AS_OF"] = today.isoformat()
    _clean(warehouse, _known(frame, today), frame)
    faces = dg.load_assets_from_modules([assets])
    quiet = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}

    def features() -> None:
        assert dg.materialize(faces, resources={"warehouse": warehouse}, run_config=quiet).success

    return {
        "features": _timed(features),
        "walk-forward": _timed(lambda: _walk(warehouse, today)),
        "values": _timed(lambda: _value(warehouse, today, champion)),
    }


def _timed(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _clean(warehouse: Any, sales: pl.DataFrame, frame: pl.DataFrame) -> None:
    """The clean tables of a home: what it knows, and as many homes for sale."""
    homes = frame.sort("property_key", "close_date").unique(
        "property_key", keep="first", maintain_order=True
    )
    active = homes.head(ACTIVE).with_columns(
        listing_key=pl.lit("A") + pl.col("listing_key"), standard_status=pl.lit("Active")
    )
    contract = pl.col("purchase_contract_date")
    _put(warehouse, "clean.sales", sales.drop("purchase_contract_date"))
    _put(warehouse, "clean.contracts", sales.select("source", "listing_key", contract))
    _put(warehouse, "clean.listings", active.drop("purchase_contract_date"))
    _put(warehouse, "clean.properties", homes.drop("purchase_contract_date").head(ACTIVE))


def _put(warehouse: Any, table: str, frame: pl.DataFrame) -> None:
    from realty_assets.faces import record_build
    from realty_assets.fingerprint import table_fingerprint

    with warehouse.transaction() as tx:
        tx.replace(table, frame)
        _, digest = table_fingerprint(tx.conn, table)
        record_build(tx, table, digest, digest, "bench")


def _market(warehouse: Any) -> Any:
    from realty_assets.features.matrix import FeatureSettings
    from realty_assets.features.tracks import OFF_MARKET
    from realty_assets.modeling.markets import read_market
    from realty_assets.modeling.settings import PROFILES

    threads = os.cpu_count() or 1
    return read_market(warehouse, OFF_MARKET, FeatureSettings(), PROFILES["fast"], threads)


def _walk(warehouse: Any, today: date) -> None:
    from realty_assets.features.tracks import OFF_MARKET
    from realty_assets.modeling.kept_boosters import KeptBoosters
    from realty_assets.modeling.markets import WALKED, read_walked
    from realty_assets.modeling.walk_forward import walk_forward
    from realty_assets.modeling.windows import months_to_walk

    market = _market(warehouse)
    folds = months_to_walk(today, MONTHS, market.model)
    kept = KeptBoosters(warehouse.home / "boosters")
    _put(warehouse, WALKED, walk_forward(market, folds, read_walked(warehouse, OFF_MARKET), kept))


def _champion(frame: pl.DataFrame) -> Any:
    """Boosters of what was known half a year before; they stand in both homes."""
    from realty_assets.evaluation.splits import rolling_origin
    from realty_assets.features.matrix import FeatureSettings, build_matrix
    from realty_assets.features.sales import Sales
    from realty_assets.features.subjects import sale_subjects
    from realty_assets.modeling.model import fit_valuer
    from realty_assets.modeling.settings import PROFILES
    from realty_assets.modeling.walk_forward import Market, walk_forward

    then = date(BEFORE.year, 6, 1)
    known = _known(frame, then).tail(6_000)
    quick = replace(PROFILES["fast"], rounds=60)
    features, threads = FeatureSettings(), os.cpu_count() or 1
    matrix = build_matrix(sale_subjects(known), Sales(known), features, n_threads=threads)
    market = Market.of(known, matrix, features, quick, threads)
    folds = list(rolling_origin(date(BEFORE.year, 3, 1), date(BEFORE.year, 5, 1)))
    return fit_valuer(market, walk_forward(market, folds), then)


def _value(warehouse: Any, today: date, champion: Any) -> None:
    """Intervals from the newest walked months around the champion's values."""
    from realty_assets.features.tracks import OFF_MARKET
    from realty_assets.modeling.backtest import calibration_at
    from realty_assets.modeling.markets import read_walked
    from realty_assets.modeling.model import value_subjects
    from realty_assets.modeling.settings import PROFILES
    from realty_assets.statements import sql

    walked = read_walked(warehouse, OFF_MARKET)
    assert walked is not None
    valuer = replace(champion, calibration=calibration_at(walked, today, PROFILES["fast"]))
    homes = warehouse.read(sql("serving/features_of_homes.sql"))
    _put(warehouse, "serving.valuations", value_subjects(valuer, homes))


def _fingerprints(warehouse: Any) -> dict[str, Any]:
    from realty_assets.fingerprint import fingerprint_home

    return fingerprint_home(warehouse, COMPARED)
