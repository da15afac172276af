"""A table that grows: rows whose basis is unchanged stay as they are, the others are made.

`basis` is the hash of all that a row is made of: what is told of its subject, the sales known
before its information ends (and with them every vintage that it may use), the settings with their
map layers, the registry and the code. New sales change the basis of nobody whose day lay before
them; a late arrival with an early known_at, a changed price or a deleted sale change that of all
who could have known it.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Any, Protocol

import polars as pl

from realty_assets.features.feature import CODE_VERSION
from realty_assets.features.known_hash import RowBytes
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.registry import features, registry_hash
from realty_assets.features.sales import Sales, day_numbers
from realty_assets.features.structure import with_inputs
from realty_assets.features.tracks import OFF_MARKET
from realty_assets.warehouse import Changes

BASIS = "basis"


def row_bases(
    subjects: pl.DataFrame, sales: Sales, settings: FeatureSettings, track: str = OFF_MARKET
) -> pl.Series:
    """The basis (n,) of each subject's row, 128 bits as hex."""
    about: dict[str, Any] = {
        "settings": settings.described(),
        "registry": registry_hash(features(settings.comps, settings.layers, track)),
        "track": track,
        "code_version": CODE_VERSION,
    }
    context = json.dumps(about, sort_keys=True)
    said, placed = sales.known_hashes, sales.lag_hashes
    known = {
        day: hashlib.sha256(f"{context} {said.before(day)} {placed.before(day)}".encode())
        for day in set(day_numbers(subjects["as_of"]).tolist())
    }
    bases = []
    rows = RowBytes.of(with_inputs(subjects))
    for day, row in zip(day_numbers(subjects["as_of"]).tolist(), rows, strict=True):
        digest = known[day].copy()
        digest.update(row)
        bases.append(digest.hexdigest()[:32])
    return pl.Series(BASIS, bases, dtype=pl.String)


class Build(Protocol):
    """Makes the rows of subjects that carry their basis; each row carries that of its subject."""

    def __call__(
        self,
        subjects: pl.DataFrame,
        sales: Sales,
        settings: FeatureSettings,
        *,
        n_threads: int,
    ) -> pl.DataFrame: ...


def matrix_rows(
    subjects: pl.DataFrame,
    sales: Sales,
    settings: FeatureSettings,
    *,
    n_threads: int,
    track: str,
) -> pl.DataFrame:
    """One row per subject: the columns of `build_matrix` and the subject's basis."""
    rows = build_matrix(subjects, sales, settings, n_threads=n_threads, track=track)
    return rows.with_columns(subjects[BASIS])


def extension(
    standing: pl.Series,
    subjects: pl.DataFrame,
    sales: Sales,
    settings: FeatureSettings,
    *,
    build: Build | None = None,
    n_threads: int = 1,
    track: str = OFF_MARKET,
) -> Changes:
    """What turns a table into that of the rows that `build` (the matrix, unless another is given)
    makes of `subjects`. `standing` (m,) are the bases of the subjects whose rows stand in it, of
    whatever sales and settings.

    The table then holds, bit for bit, what a build without it would hold. Rows that stand are not
    read.
    """
    told = subjects.with_columns(row_bases(subjects, sales, settings, track))
    wanted, stood = (_counted(names) for names in (told[BASIS], standing))
    both = wanted.join(stood, on=BASIS, how="full", coalesce=True, suffix="_stood")
    # Subjects that are told of in the same words share a basis: all their rows stand, or none.
    other = both.filter(~pl.col("n").eq_missing(pl.col("n_stood")))
    new = told.filter(pl.col(BASIS).is_in(other[BASIS].implode()))
    make = build or partial(matrix_rows, track=track)
    made = make(new, sales, settings, n_threads=n_threads)
    return Changes(BASIS, other.filter(pl.col("n_stood").is_not_null())[BASIS], made)


def _counted(bases: pl.Series) -> pl.DataFrame:
    return bases.alias(BASIS).to_frame().group_by(BASIS).agg(n=pl.len())
