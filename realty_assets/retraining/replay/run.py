"""A whole replay, kept month by month in a folder, so that it goes on after a kill."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.evaluation.splits import next_month, rolling_origin
from realty_assets.modeling.settings import NotEnoughSales
from realty_assets.modeling.walk_forward import Market, walk_forward
from realty_assets.retraining.replay import figures
from realty_assets.retraining.replay.page import page_text
from realty_assets.retraining.replay.play import Month, Player, Rules, Standing, basis_of
from realty_assets.retraining.replay.world import World

TABLE, PAGE, SUMMARY = "replay.csv", "replay.html", "replay.json"
MONTHS, WALK = "months", "walk"
# Months that are walked at once: vintages of the market are made anew for each batch.
WALK_BATCH = 6
Row = dict[str, Any]
OnMonth = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """The months to replay (first days), where what is made is kept, and the hash of the data."""

    first: date
    last: date
    folder: Path
    data_hash: str
    photos: pl.DataFrame


def replay(
    market: Market, rules_of: Callable[[World], Rules], asked: Asked, on_month: OnMonth
) -> Row:
    """Plays the months that are not kept yet, writes the table and the page; what there is to tell.

    Raises NotEnoughSales where the first month cannot be modelled and calibrated.
    """
    folds = list(rolling_origin(asked.first, asked.last))
    asked.folder.mkdir(parents=True, exist_ok=True)
    walked = walk(market, asked, on_month)
    player_world = World(market, folds, walked, asked.photos)
    rules = rules_of(player_world)
    player = Player(player_world, rules)
    basis = basis_of(player_world, rules, asked.data_hash)
    standing = player.begin()
    done: list[Month] = []
    for fold in folds:
        month = fold.cutoff
        kept = _kept(asked.folder, month, basis)
        if kept is None:
            on_month(f"{month:%Y-%m}")
            kept = player.play(month, standing)
            _keep(asked.folder, kept, basis)
        done.append(kept)
        standing = kept.standing
    unretrained = {
        one.month: _was_behind(player, done, i) for i, one in enumerate(done) if _fired(one)
    }
    told = figures.summary(done, unretrained)
    rows = [figures.month_row(one) for one in done]
    false = {day: not was for day, was in unretrained.items()}
    return _written(asked, rows, told, false)


def walk(market: Market, asked: Asked, on_month: OnMonth) -> pl.DataFrame:
    """The walk of the months to replay and of those before that calibrate the first of them and say
    how right its model was; what stands in the folder is taken over where it is still true."""
    back = 2 * market.model.calibration_months
    folds = list(rolling_origin(next_month(asked.first, -back), asked.last))
    parts = []
    (asked.folder / WALK).mkdir(exist_ok=True)
    for start in range(0, len(folds), WALK_BATCH):
        batch = folds[start : start + WALK_BATCH]
        place = asked.folder / WALK / f"{batch[0].name}_{batch[-1].name}.parquet"
        on_month(f"walk {batch[0].name} to {batch[-1].name}")
        before = pl.read_parquet(place) if place.is_file() else None
        made = walk_forward(market, batch, before)
        if len(made):
            _write(place, lambda path, made=made: made.write_parquet(path))  # type: ignore[misc]
            parts.append(made)
    if not parts:
        raise NotEnoughSales(market.model.min_sales, 0, f"before {asked.first:%Y-%m} to replay")
    return pl.concat(parts, how="diagonal_relaxed")


def _fired(one: Month) -> bool:
    return any(row["decision"] == "fired" for row in one.triggers)


def _was_behind(player: Player, done: Sequence[Month], i: int) -> bool:
    """Was the champion before month `i` behind a model of the month, in it or in the next one?"""
    before = done[i - 1].standing.champion if i else player.first
    for one in done[i : i + 2]:
        values = player.valued(one.month, before)
        if len(values) and figures.behind(values, "managed"):
            return True
    return False


def _kept(folder: Path, month: date, basis: str) -> Month | None:
    place = folder / MONTHS / f"{month:%Y-%m}"
    if not place.with_suffix(".json").is_file():
        return None
    said = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
    if said["basis"] != basis:
        return None
    return Month(
        month,
        Standing.read(said["standing"]),
        tuple(said["triggers"]),
        pl.read_parquet(place.with_suffix(".parquet")),
        said["seconds"],
        said["promoted"],
    )


def _keep(folder: Path, one: Month, basis: str) -> None:
    """The values first: the month counts once its JSON stands."""
    place = folder / MONTHS / f"{one.month:%Y-%m}"
    place.parent.mkdir(exist_ok=True)
    _write(place.with_suffix(".parquet"), one.sales.write_parquet)
    said = {
        "basis": basis,
        "standing": one.standing.as_json(),
        "triggers": one.triggers,
        "seconds": one.seconds,
        "promoted": one.promoted,
    }
    text = json.dumps(said, default=str, indent=1)
    _write(place.with_suffix(".json"), lambda path: path.write_text(text, encoding="utf-8"))


def _written(
    asked: Asked, rows: Sequence[Row], told: Row, false_alarms: Mapping[date, bool]
) -> Row:
    named = [
        row | {"false_alarm": false_alarms[row["month"]] if row["fired"] else None} for row in rows
    ]
    table = pl.DataFrame(named, infer_schema_length=None)
    _write(asked.folder / TABLE, table.write_csv)
    text = page_text(asked.first, asked.last, named, told)
    _write(asked.folder / PAGE, lambda path: path.write_text(text, encoding="utf-8"))
    summed = json.dumps(told, default=str, indent=1)
    _write(asked.folder / SUMMARY, lambda path: path.write_text(summed, encoding="utf-8"))
    return {
        "folder": str(asked.folder),
        "table": str(asked.folder / TABLE),
        "page": str(asked.folder / PAGE),
        **told,
        "months": named,
    }


def _write(place: Path, write: Callable[[Path], Any]) -> None:
    """Beside its place, then renamed: a killed replay leaves nothing half written."""
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    write(beside)
    beside.replace(place)
