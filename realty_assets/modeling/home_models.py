"""What the faces of modelling run: searches, walks and models of every track."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from realty_assets.features.matrix import FeatureSettings
from realty_assets.features.tracks import OFF_MARKET, TRACKS
from realty_assets.modeling.kept_boosters import KeptBoosters
from realty_assets.modeling.markets import (
    Headline,
    data_hash_of,
    headlines,
    read_market,
    read_trials,
    read_tuned,
    read_walked,
    searches,
    snapshot,
    why_left_out,
)
from realty_assets.modeling.model import ModelBroken, load_valuer
from realty_assets.modeling.settings import Member, ModelSettings, NotEnoughSales
from realty_assets.modeling.training import Origin, train_and_register
from realty_assets.modeling.trials import SCHEMA, trial_rows
from realty_assets.modeling.tuning import Search
from realty_assets.modeling.walk_forward import Market, walk_forward
from realty_assets.modeling.windows import months_to_walk
from realty_assets.statements import sql
from realty_assets.warehouse import Warehouse

JOURNAL, BOOSTERS = Path("tuning") / "journal.log", "boosters"


@dataclass(frozen=True)
class ModelHome:
    """A home as modelling sees it: its warehouse, its today, and the settings of the run."""

    warehouse: Warehouse
    today: date
    n_months: int
    settings: ModelSettings
    features: FeatureSettings
    n_threads: int

    def depends(self) -> dict[str, Any]:
        """All that tables depend on besides their inputs."""
        return {
            "today": self.today,
            "n_months": self.n_months,
            "model": {track: asdict(self.settings.for_track(track)) for track in TRACKS},
            "features": self.features.described(),
        }

    @cached_property
    def _windows(self) -> tuple[list[Headline], dict[str, NotEnoughSales]]:
        return headlines(self.warehouse, self.today, self.n_months, self.settings)

    @property
    def headlines(self) -> list[Headline]:
        """The window of every track that the market can carry.

        Raises NotEnoughSales when not even off_market can be: the other tracks know more of fewer
        sales.
        """
        found, short = self._windows
        if not found:
            raise short[OFF_MARKET]
        return found

    def headlines_or_none(self) -> list[Headline]:
        """The same, empty while the market is too young; an asked-for window may stand all the
        same."""
        return self._windows[0]

    def left_out(self) -> dict[str, str]:
        """Why a track has no model, by track."""
        return {track: why_left_out(track, error) for track, error in self._windows[1].items()}

    def market(self, track: str, window_from: date | None = None) -> Market:
        """The market of a track, with the settings tuned before `window_from` (None: the
        profile's own)."""
        settings = self.settings.for_track(track)
        if window_from is not None:
            settings = read_tuned(self.warehouse, track, settings, window_from)
        return read_market(self.warehouse, track, self.features, settings, self.n_threads)

    def kept(self, track: str) -> KeptBoosters:
        """Boosters of the newest walked months."""
        return KeptBoosters(self.warehouse.home / BOOSTERS / track)

    def snapshot_hash(self) -> str:
        """One hash for the tables that markets are read from."""
        return data_hash_of(snapshot(self.warehouse))


def searched(home: ModelHome, *, near_champion: bool = False, effort: int = 1) -> pl.DataFrame:
    """modeling.trials: the search of every track, finished ones taken from the journal.

    `near_champion`: only settings near those of the champion (all, where there is none);
    `effort`: how many times as many candidates as the profile says.
    """
    parts = [pl.DataFrame(schema=SCHEMA)]
    for track, before in searches(home.headlines):
        market, first = home.market(track), champion_members(home, track)
        search = Search(market, before, first if near_champion else (), effort)
        candidates = search.run(home.warehouse.home / JOURNAL, first)
        parts.append(trial_rows(candidates, market.model, track, before))
    return pl.concat(parts)


def champion_members(home: ModelHome, track: str) -> list[Member]:
    """Members of the champion, whose settings are tried first; none before there is a champion."""
    tables = ("promotion.aliases", "modeling.models")
    if not all(home.warehouse.exists(table) for table in tables):
        return []
    rows = home.warehouse.read(sql("modeling/champion.sql").bind(track=track))
    if rows.is_empty():
        return []
    try:
        champion = load_valuer(home.warehouse.home / rows["artifact"][0])
    except ModelBroken:
        return []  # promotion tells of it; a search goes on without
    return list(champion.point.members)


def walked(home: ModelHome) -> pl.DataFrame:
    """modeling.walk_forward of every track."""
    parts = []
    for headline in home.headlines:
        market = home.market(headline.track, headline.first)
        folds = months_to_walk(home.today, home.n_months, market.model)
        earlier, kept = read_walked(home.warehouse, headline.track), home.kept(headline.track)
        parts.append(walk_forward(market, folds, earlier, kept))
    return pl.concat(parts, how="diagonal_relaxed")


def trained(home: ModelHome, models: pl.DataFrame | None, lock_file: Path) -> pl.DataFrame:
    """modeling.models with the newest model of every track in it."""
    for headline in home.headlines:
        rows = read_walked(home.warehouse, headline.track)
        models = train_and_register(
            home.market(headline.track, headline.first),
            pl.DataFrame() if rows is None else rows,
            models,
            home.today,
            origin_of(home, headline, lock_file),
        )
    assert models is not None
    return models


def origin_of(home: ModelHome, headline: Headline, lock_file: Path) -> Origin:
    """What a model of `headline`'s track is made from now."""
    return Origin(
        home.warehouse.home,
        (headline.first, headline.last),
        read_trials(home.warehouse),
        snapshot(home.warehouse),
        lock_file,
    )
