"""Sample markets that are watched month by month: exports with a shift in them on the whole road,
to the alerts that a run on the first of each month would hold.

A market of the generator without its own price turn is told of in files, as the generator writes
them, faults and all. They are ingested, cleaned and turned into a matrix by the rooms; a model of
the months before is the champion, and out-of-time values of each month come from the walk
of the backtest. Shifts are worked into what the generator drew (prices) or into the cells of files
from a month on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from realty_assets.cleaning import overrides
from realty_assets.cleaning.making import STEPS
from realty_assets.evaluation.splits import next_month, rolling_origin
from realty_assets.features.incremental import extension
from realty_assets.features.matrix import FeatureSettings
from realty_assets.features.registry import features, registry_frame
from realty_assets.features.sales import Sales
from realty_assets.features.subjects import sale_subjects
from realty_assets.features.tracks import MATRICES, OFF_MARKET
from realty_assets.home import prepare_home
from realty_assets.ingestion.intake import take_in
from realty_assets.modeling.backtest import window_predictions
from realty_assets.modeling.mlflow_registry import registered_name
from realty_assets.modeling.model import fit_valuer, save_valuer
from realty_assets.modeling.training import SCHEMA as MODEL_SCHEMA
from realty_assets.modeling.walk_forward import Market, walk_forward
from realty_assets.modeling.windows import default_window
from realty_assets.monitoring.alerting.breaches import breaches_of
from realty_assets.monitoring.alerting.making import gather
from realty_assets.monitoring.alerting.policy import read_policy as alert_policy
from realty_assets.monitoring.alerting.records import Breach
from realty_assets.monitoring.making import make_facts
from realty_assets.monitoring.performance import PERFORMANCE, kept_months, performance
from realty_assets.monitoring.policy import read_policy
from realty_assets.monitoring.signals.making import Making, make_signals
from realty_assets.promotion.ledger import ALIAS_SCHEMA, ALIASES, CHAMPION
from realty_assets.sample_market import constants as k
from realty_assets.sample_market.cells import Writer, to_lines
from realty_assets.sample_market.exports import write_exports
from realty_assets.sample_market.faults import plant
from realty_assets.sample_market.market import Market as Drawn
from realty_assets.sample_market.market import market_index, month_starts, simulate
from realty_assets.sample_market.photos import photo_counts
from realty_assets.sample_market.timeline import build_states, lay_out
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse
from realty_assets_tests.modeling.markets import QUICK

PER_MONTH = 170
# What a place says of a home that is put there.
OF_A_PLACE = ("City/Location", "County", "Zip Code", "Area", "Market Area", "School District")
Cells = Callable[[pl.DataFrame, pl.Series, int], pl.DataFrame]


@dataclass(frozen=True)
class Shift:
    """What changes from a month on: prices of contracts `fall` (log points) within so many months,
    0 at once, and `cells` of files: (cells, which rows, seed) -> cells."""

    fall: float = 0.0
    within: int = 0
    cells: Cells | None = None


def write_market(folder: Path, seed: int, n_months: int, shift: Shift, since: int) -> None:
    """The exports of a market with `shift` from its month `since` (0: the first) on."""
    market = simulate(PER_MONTH * n_months, n_months, seed)
    market = _repriced(market, shift, since)
    states = build_states(market)
    rows = lay_out(states, market, seed)
    _, shown = photo_counts([], market.mls_number, seed)
    cells = Writer(market, states, seed, pl.Series(shown)).cells(rows.state)
    if shift.cells is not None:
        # The last days are files of their own, behind those of the months.
        cells = shift.cells(cells, pl.Series(rows.file >= since), seed)
    plan = plant(market, states, rows, cells, to_lines(cells), seed)
    write_exports(folder, rows.names, plan, cells)


def _repriced(market: Drawn, shift: Shift, since: int) -> Drawn:
    """The market along a slow rise in the place of its own turn, with the fall of `shift`."""
    starts = month_starts(market.months)
    li = market.listings
    day = np.where(li.contract_day >= 0, li.contract_day, li.end_day)
    day = np.minimum(day, starts[-1]).astype(float)
    rise = k.INDEX_AFTER_PER_MONTH * np.interp(day, starts, np.arange(len(starts)))
    begins = starts[min(since, market.months)]
    gone = (day - begins + 1.0) / max(30.4 * shift.within, 1.0)
    change = rise - shift.fall * np.clip(gone, 0.0, 1.0)
    change = change - np.interp(day, starts, market_index(market.months))
    scale = np.exp(change)
    return replace(
        market,
        index=market.index + change,
        log_value=market.log_value + change,
        list_prices=_hundreds(market.list_prices * scale[:, None]),
        close_price=_hundreds(market.close_price * scale),
    )


def _hundreds(prices: np.ndarray) -> np.ndarray:
    return (np.round(prices / 100) * 100).astype(np.int64)


def watched_home(
    folder: Path, seed: int, n_before: int, n_later: int, shift: Shift, since: int
) -> Warehouse:
    """A home that took a market in, up to values of every month; before monitoring. Its champion
    learned from `n_before` months; the shift begins `since` months later."""
    n_months = n_before + n_later
    prepare_home(folder)
    warehouse = Warehouse.at(folder / "warehouse.duckdb")
    write_market(folder / "inbox" / "har", seed, n_months, shift, n_before + since)
    take_in(warehouse, max_share=0.2)
    with warehouse.transaction() as tx:
        overrides.create_table(tx)
        for name, step in STEPS.items():
            tx.replace(f"clean.{name}", step(tx))
    settings = FeatureSettings()
    sales = warehouse.read(sql("features/sales.sql"))
    made = extension(
        pl.Series("basis", [], dtype=pl.String),
        sale_subjects(sales, OFF_MARKET),
        Sales(sales, OFF_MARKET),
        settings,
        track=OFF_MARKET,
    ).rows
    warehouse.replace("features.registry", registry_frame(features(settings.comps)))
    for track, table in MATRICES.items():
        warehouse.replace(table, made if track == OFF_MARKET else made.clear())
    market = Market.of(sales, made, settings, QUICK)
    _valued(warehouse, market, next_month(k.START, n_before), next_month(k.START, n_months - 1))
    return warehouse


def _valued(warehouse: Warehouse, market: Market, until: date, last: date) -> None:
    """A champion of what was known before `until`, and out-of-time values up to `last`."""
    walked = walk_forward(market, list(rolling_origin(k.START, last)))
    valuer = fit_valuer(market, walked, until)
    place, digest = save_valuer(valuer, warehouse.home / "models")
    name = registered_name(OFF_MARKET)
    model = {
        **dict.fromkeys(MODEL_SCHEMA),
        "name": name,
        "model_version": valuer.model_version,
        "mlflow_version": 1,
        "track": OFF_MARKET,
        "cutoff": until,
        "content_hash": valuer.content_hash,
        "artifact": str(place.relative_to(warehouse.home)),
        "artifact_sha256": digest,
    }
    alias = {
        **dict.fromkeys(ALIAS_SCHEMA),
        "name": name,
        "alias": CHAMPION,
        "model_version": valuer.model_version,
    }
    warehouse.replace("modeling.models", pl.DataFrame([model], schema=MODEL_SCHEMA))
    warehouse.replace(ALIASES, pl.DataFrame([alias], schema=ALIAS_SCHEMA))
    first, last = default_window(market.matrix, next_month(last), 99, market.model)
    said = window_predictions(walked, list(rolling_origin(first, last)), OFF_MARKET, market.model)
    warehouse.replace("modeling.predictions", said.with_columns(is_headline=pl.lit(True)))


def runs(warehouse: Warehouse, n_before: int, n_later: int, *, monthly: bool) -> list[list[Breach]]:
    """What stands after a run of monitoring at the end of each month behind the champion's.

    Not `monthly`: the facts are made once, at the end. What is told of a month stands from its end
    on, but for the slice of the newest delivery, which is then that of the end alone.
    """
    ends = [next_month(k.START, n_before + at + 1) for at in range(n_later)]
    found = []
    if not monthly:
        _made(warehouse, ends[-1])
    for end in ends:
        if monthly:
            _made(warehouse, end)
        found.append(breaches_of(gather(warehouse, end - timedelta(days=1)), alert_policy()))
    return found


def _made(warehouse: Warehouse, today: date) -> None:
    """Monitoring's tables as of `today`."""
    judged = warehouse.read(sql("monitoring/judged.sql").bind(today=today))
    lags = warehouse.read(sql("monitoring/sale_lags.sql"))
    before = warehouse.read(PERFORMANCE) if warehouse.exists(PERFORMANCE) else None
    done = () if before is None else before["month"].unique().to_list()
    # Every sale of a month is known when it is over: its figures stay as they are.
    new = performance(judged.filter(~pl.col("cutoff").is_in(done)), lags, today, seed=7)
    warehouse.replace(PERFORMANCE, kept_months(before, new))
    for make in (
        lambda: make_signals(warehouse, Making(today, seed=7)),
        lambda: make_facts(warehouse, today, read_policy()),
    ):
        for table, rows in make().items():
            warehouse.replace(table, rows)


def emptied(column: str) -> Cells:
    """The feed no longer fills a column."""
    return lambda cells, later, seed: cells.with_columns(
        pl.when(~later).then(pl.col(column)).alias(column)
    )


def without_photos(cells: pl.DataFrame, later: pl.Series, seed: int) -> pl.DataFrame:
    """Listings come without photos."""
    shown = pl.when(later).then(pl.lit("0")).otherwise(pl.col("Photo Count"))
    return cells.with_columns(shown.alias("Photo Count"))


def new_subdivision(cells: pl.DataFrame, later: pl.Series, seed: int) -> pl.DataFrame:
    """One in six of the listings that are new is of a subdivision that there was not: built this
    year, on one hill, in an area that there is."""
    rng = np.random.default_rng([seed, 77])
    known = set(cells.filter(~later)["MLS Number"])
    fresh = sorted(set(cells["MLS Number"]) - known)
    chosen = [key for key in fresh if rng.random() < 1 / 6]
    place = cells.filter(~later).row(int(rng.integers(0, 500)), named=True)
    inside = pl.col("MLS Number").is_in(chosen)
    told = {name: place[name] for name in OF_A_PLACE}
    told |= {"Subdivision": "Alder Hill Sec 1", "Year Built": "2023"}
    near = {
        name: pl.Series(
            [f"{float(place[name]) + by:.6f}" for by in rng.normal(0, 0.004, len(cells))]
        )
        for name in ("Latitude", "Longitude")
    }
    return cells.with_columns(
        pl.when(inside).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in {**{n: pl.lit(v) for n, v in told.items()}, **near}.items()
    )
