"""Fits of hedonic and index that need not be made again: each under the hash of what it is made of.

A fit is a vintage before it is put on one base with its forerunners and before it is told how long
its track waits: the same sales give the same fit, on whichever track and in whichever run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from realty_assets.features.feature import CODE_VERSION
from realty_assets.features.hedonic import Hedonic
from realty_assets.features.market_index import IndexSettings, Vintage
from realty_assets.warehouse import Warehouse

Fits = dict[str, Vintage]
VINTAGES = "features.vintages"

_LISTS: dict[str, Any] = {
    "terms": pl.List(pl.String()),
    "missing_terms": pl.List(pl.String()),
    **dict.fromkeys(("fill", "centre", "scale", "coef"), pl.List(pl.Float64())),
}
SCHEMA: dict[str, Any] = {
    "basis": pl.String(),
    "vintage": pl.Date(),
    "n_sales": pl.Int64(),
    "first_day": pl.Date(),
    "level": pl.List(pl.Float64()),
    "slope": pl.Float64(),
    "damping_days": pl.Float64(),
    **_LISTS,
    "intercept": pl.Float64(),
}


def fit_basis(known_hash: str, day: int, settings: IndexSettings) -> str:
    """Hash (hex) of all that the fit of `day` (days since 1970) depends on; `known_hash` stands for
    the sales known before it."""
    parts = f"{known_hash} {day} {_told(settings)}"
    return hashlib.sha256(parts.encode()).hexdigest()


@lru_cache(maxsize=8)
def _told(settings: IndexSettings) -> str:
    """Settings and code in one text; asked for once for each month."""
    return json.dumps([asdict(settings), CODE_VERSION], sort_keys=True)


def fits_frame(fits: Fits) -> pl.DataFrame:
    """One row per fit, oldest first; the floats as they are, bit by bit."""
    rows = [
        {
            **{name: getattr(fit, name) for name in ("n_sales", "slope", "damping_days")},
            **{name: list(getattr(fit.hedonic, name)) for name in _LISTS},
            "basis": basis,
            "vintage": fit.day,
            "first_day": fit.first_day,
            "level": fit.level.tolist(),
            "intercept": fit.hedonic.intercept,
        }
        for basis, fit in sorted(fits.items(), key=lambda item: item[1].day)
    ]
    days = dict.fromkeys(("vintage", "first_day"), pl.Int32())
    return pl.DataFrame(rows, schema=SCHEMA | days).cast({"vintage": pl.Date, "first_day": pl.Date})


def read_fits(frame: pl.DataFrame) -> Fits:
    """The fits of a frame as from `fits_frame`."""
    told = frame.drop("level").with_columns(pl.col("vintage", "first_day").cast(pl.Int32))
    levels = (level.to_numpy().copy() for level in frame["level"])
    rows = zip(told.iter_rows(named=True), levels, strict=True)
    return dict(_fit(row, level) for row, level in rows)


def kept_fits(warehouse: Warehouse) -> Fits:
    """Fits that need not be made again; none before there are any."""
    return read_fits(warehouse.read(VINTAGES)) if warehouse.exists(VINTAGES) else {}


def _fit(row: dict[str, Any], level: npt.NDArray[np.float64]) -> tuple[str, Vintage]:
    hedonic = Hedonic(
        terms=tuple(row["terms"]),
        missing_terms=tuple(row["missing_terms"]),
        intercept=row["intercept"],
        **{name: _floats(row[name]) for name in ("fill", "centre", "scale", "coef")},
    )
    assert len(fields(Hedonic)) == len(_LISTS) + 1  # nothing of it is lost
    return row["basis"], Vintage(
        day=row["vintage"],
        hedonic=hedonic,
        first_day=row["first_day"],
        level=level,
        slope=row["slope"],
        damping_days=row["damping_days"],
        n_sales=row["n_sales"],
        lag_days=0,
    )


def _floats(values: Iterable[float]) -> npt.NDArray[np.float64]:
    return np.array(list(values), dtype=np.float64)
