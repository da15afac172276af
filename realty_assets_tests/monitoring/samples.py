"""Months of invented rows: calm ones, and such as something has changed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from realty_assets.evaluation.splits import next_month
from realty_assets.monitoring.groups import Groups
from realty_assets.monitoring.measures import measure
from realty_assets.monitoring.policy import Policy, read_policy

FIRST = date(2023, 1, 1)
Draw = Callable[[np.random.Generator, int], Any]


def rows(
    columns: Mapping[str, Draw],
    *,
    seed: int = 0,
    n_reference: int = 8,
    n_later: int = 2,
    per_month: int = 400,
    later: Mapping[str, Draw] | None = None,
) -> pl.DataFrame:
    """Months of `per_month` rows; in the later ones the columns of `later` are drawn otherwise."""
    rng = np.random.default_rng(seed)
    parts = []
    for at in range(n_reference + n_later):
        changed = {} if at < n_reference else (later or {})
        drawn = {name: changed.get(name, draw)(rng, per_month) for name, draw in columns.items()}
        parts.append(
            pl.DataFrame(drawn).with_columns(
                population=pl.lit("sales"),
                month=pl.lit(next_month(FIRST, at)),
                in_reference=pl.lit(at < n_reference),
            )
        )
    return pl.concat(parts)


def measured(frame: pl.DataFrame) -> pl.DataFrame:
    """measures.measure of every column of `frame`, as of one track."""
    names = [n for n in frame.columns if n not in ("population", "month", "in_reference")]
    return measure(Groups.of(frame), names, 200).with_columns(
        track=pl.lit("off_market"), slice=pl.lit("all")
    )


def policy(**changed: Any) -> Policy:
    """The package's policy, with some of its fields replaced."""
    return Policy.model_validate(read_policy().model_dump() | changed)


def normal(rng: np.random.Generator, n: int) -> Any:
    return rng.normal(size=n)


def words(*shares: float) -> Draw:
    """Words a, b, c ... by their shares."""
    names = [chr(ord("a") + at) for at in range(len(shares))]
    return lambda rng, n: rng.choice(names, n, p=np.array(shares) / sum(shares))


def emptied(draw: Draw, share: float) -> Draw:
    """`draw` with a share of its cells empty."""

    def drawn(rng: np.random.Generator, n: int) -> Any:
        values = list(draw(rng, n))
        gone = rng.random(n) < share
        return [None if empty else value for value, empty in zip(values, gone, strict=True)]

    return drawn
