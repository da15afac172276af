"""modeling.trials: every candidate of every search, and the settings that come out of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from realty_assets.features.tracks import AT_LISTING, OFF_MARKET, ON_MARKET
from realty_assets.modeling.settings import Member, ModelSettings
from realty_assets.modeling.tuning import Candidate, quarter_start

SCHEMA: dict[str, Any] = {
    "track": pl.String,
    "tuned_before": pl.Date,
    "trial": pl.Int64,
    "state": pl.String,
    "enqueued": pl.Boolean,
    "comps_as": pl.String,
    "loss": pl.String,
    "target": pl.String,
    "params": pl.String,
    "score": pl.Float64,
    "month_scores": pl.List(pl.Float64),
    "chosen_for": pl.List(pl.Int64),
}


# Whose search a track goes by: off_market and at_listing ask the same of a home, a day apart.
SEARCHED_AS: dict[str, str] = {
    OFF_MARKET: OFF_MARKET,
    AT_LISTING: OFF_MARKET,
    ON_MARKET: ON_MARKET,
}


def tuned_before(window_from: date) -> date:
    """The day before which a search for a window's settings must end: the start of its quarter.

    A calendar day, so that it does not depend on when anybody ran anything; new settings come four
    times a year.
    """
    return quarter_start(window_from)


def trial_rows(
    candidates: Sequence[Candidate], settings: ModelSettings, track: str, before: date
) -> pl.DataFrame:
    """One row per candidate; `chosen_for` are the members (their place) that it lends settings."""
    best = choice(candidates, settings)
    rows = [
        {
            "track": track,
            "tuned_before": before,
            "trial": c.number,
            "state": c.state,
            "enqueued": c.enqueued,
            "comps_as": c.member.comps_as,
            "loss": c.member.loss,
            "target": c.target,
            "params": json.dumps(dict(c.member.tuned), sort_keys=True),
            "score": c.score,
            "month_scores": list(c.month_scores),
            "chosen_for": [i for i, number in enumerate(best) if number == c.number],
        }
        for c in candidates
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def choice(candidates: Sequence[Candidate], settings: ModelSettings) -> list[int | None]:
    """For each member of the ensemble, the number of the candidate whose settings it takes: the
    best of its kind among those of the best target; None where no such one was tried."""
    whole = sorted((c.score, c.number, c) for c in candidates if c.state == "complete")
    if not whole:
        return [None] * len(settings.members)
    target = whole[0][2].target
    kinds = [(m.comps_as, m.loss) for m in settings.members]
    return [
        next(
            (
                number
                for _, number, c in whole
                if (c.member.comps_as, c.member.loss) == kind and c.target == target
            ),
            None,
        )
        for kind in kinds
    ]


def tuned(
    settings: ModelSettings, trials: pl.DataFrame, track: str, window_from: date
) -> ModelSettings:
    """`settings` with what the latest search that ended before the window has found.

    Without such a search (a window older than the headline's quarter) they stay as they are: a
    search that saw the window would flatter it.
    """
    search = latest_search(trials, track, window_from)
    chosen = search.filter(pl.col("chosen_for").list.len() > 0)
    if chosen.is_empty():
        return settings
    members = list(settings.members)
    for row in chosen.iter_rows(named=True):
        params = json.loads(row["params"])
        own = tuple(sorted(params.items()))
        for place in row["chosen_for"]:
            members[place] = replace(members[place], tuned=own)
    return replace(settings, members=tuple(members), target=chosen["target"][0])


def latest_search(trials: pl.DataFrame, track: str, window_from: date) -> pl.DataFrame:
    """The candidates of the latest search for `track` that ended before the window; may be none."""
    mine = trials.filter(
        pl.col("track") == SEARCHED_AS[track], pl.col("tuned_before") <= window_from
    )
    return mine.filter(pl.col("tuned_before") == pl.col("tuned_before").max())


def member_rows(members: Sequence[dict[str, Any]]) -> list[Member]:
    """Members as a model's manifest holds them."""
    return [Member.read(saved) for saved in members]
