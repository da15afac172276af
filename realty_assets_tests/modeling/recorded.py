"""A home in which one model of a small town was trained and registered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.modeling.model import Valuer, load_valuer
from realty_assets.modeling.model_record import ModelRecord, record_of
from realty_assets.modeling.training import Origin, train_and_register
from realty_assets.modeling.trials import SCHEMA as TRIALS
from realty_assets.modeling.walk_forward import Market, walk_forward
from realty_assets.modeling.windows import months_to_walk
from realty_assets_tests.features.towns import town
from realty_assets_tests.modeling.markets import QUICK, market_of

TODAY = date(2022, 1, 3)
WINDOW = (date(2021, 11, 1), date(2021, 12, 1))
TABLES = {"clean.sales": "s1", "features.matrix": "m1"}


@dataclass(frozen=True)
class Made:
    """A home in which one model was trained and registered, and what it was made from."""

    home: Path
    market: Market
    walked: pl.DataFrame
    models: pl.DataFrame

    @property
    def folder(self) -> Path:
        return self.home / self.models["artifact"][0]

    def valuer(self) -> Valuer:
        return load_valuer(self.folder)

    def train(self, models: pl.DataFrame | None, **other: Any) -> pl.DataFrame:
        given = {"window": WINDOW, "trials": trials(), "tables": TABLES, **other}
        origin = Origin(home=self.home, lock_file=self.home / "requirements.lock", **given)
        return train_and_register(self.market, self.walked, models, TODAY, origin)

    def record(self) -> ModelRecord:
        row = self.models.row(0, named=True)
        names = ("data_hash", "feature_registry_hash", "code_version", "lock_hash")
        return record_of(
            self.market,
            self.walked,
            self.valuer(),
            window=WINDOW,
            trials=trials(),
            hashes={name: row[name] for name in names},
            tables=TABLES,
            home=self.home,
        )


def trials() -> pl.DataFrame:
    """Two searches of the track, of which the later one came before the window."""
    rows = [
        {"track": "off_market", "tuned_before": day, "trial": i, "state": state, "chosen_for": []}
        for day in (date(2021, 7, 1), date(2021, 10, 1))
        for i, state in enumerate(["complete", "pruned", "complete"])
    ]
    rows.append({**rows[-1], "tuned_before": date(2022, 1, 1)})
    return pl.DataFrame(rows, schema=TRIALS)


def made_in(home: Path) -> Made:
    """Trains and registers the model in an empty home."""
    market = market_of(town(1200))
    walked = walk_forward(market, months_to_walk(TODAY, 2, QUICK))
    new = Made(home, market, walked, pl.DataFrame())
    return replace(new, models=new.train(None))
