"""A matrix that grows: rows whose basis is unchanged are taken over, the others are made.

`basis` is the hash of all that a row is made of: what is told of its subject, the sales known
before its information ends (and with them every vintage that it may use), the settings with their
map layers, the registry and the code. New sales change the basis of nobody whose day lay before
them; a late arrival with an early known_at, a changed price or a deleted sale change that of all
who could have known it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import polars as pl

from realty_assets.features.feature import CODE_VERSION
from realty_assets.features.known_hash import row_texts
from realty_assets.features.matrix import FeatureSettings, build_matrix
from realty_assets.features.registry import features, registry_hash
from realty_assets.features.sales import Sales, day_numbers
from realty_assets.features.structure import with_inputs
from realty_assets.features.tracks import OFF_MARKET

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
    known = {
        day: hashlib.sha256(f"{context} {sales.track_hashes.before(day)}".encode())
        for day in set(day_numbers(subjects["as_of"]).tolist())
    }
    bases = []
    texts = row_texts(with_inputs(subjects))
    for day, text in zip(day_numbers(subjects["as_of"]).tolist(), texts, strict=True):
        digest = known[day].copy()
        digest.update(text.encode())
        bases.append(digest.hexdigest()[:32])
    return pl.Series(BASIS, bases, dtype=pl.String)


def extended_matrix(
    before: pl.DataFrame | None,
    subjects: pl.DataFrame,
    sales: Sales,
    settings: FeatureSettings,
    *,
    n_threads: int = 1,
    track: str = OFF_MARKET,
) -> tuple[pl.DataFrame, int]:
    """(the matrix of `build_matrix` with the basis of each row, how many rows were made).

    `before` is an earlier answer, of whatever sales and settings (None: there is none). The matrix
    is bit for bit that of a build without it.
    """
    bases = row_bases(subjects, sales, settings, track)
    taken = None
    if before is not None and BASIS in before.columns:
        taken = before.filter(pl.col(BASIS).is_in(bases.implode())).unique(BASIS, keep="any")
    new = pl.Series([True] * len(bases), dtype=pl.Boolean)
    if taken is not None:
        new = ~bases.is_in(taken[BASIS].implode())
    asked = subjects.filter(new)
    if taken is not None and asked.is_empty() and len(subjects):
        made = taken.clear()
    else:
        made = build_matrix(asked, sales, settings, n_threads=n_threads, track=track)
        made = made.with_columns(bases.filter(new))
    if taken is None or taken.is_empty():
        return made, len(asked)
    # Subjects that are told of in the same words have one row between them.
    both = pl.concat([taken.select(made.columns), made.unique(BASIS, keep="any")])
    order = bases.to_frame()
    rows = order.join(both, on=BASIS, how="left", maintain_order="left")
    return rows.select(made.columns), len(asked)
