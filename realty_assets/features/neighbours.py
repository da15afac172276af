"""Nearest sales that were known in time, exactly, in blocks of a month.

Each month's queries share one KD-tree over the sales known before the month began; of the few that
became known within the month, each day's queries share a small tree. The answer is the same as from
a tree built anew for each query.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Micros = npt.NDArray[np.int64]

JITTER_KM = 1e-6


def jitter(keys: Sequence[str]) -> Array:
    """A millimetre of displacement (n, 3) in km, from each row's own key.

    Homes in one building share coordinates; without it, which of them count among the nearest
    would depend on how a tree happened to be built.
    """
    raw = b"".join(hashlib.blake2b(key.encode(), digest_size=12).digest() for key in keys)
    numbers = np.frombuffer(raw, dtype="<u4").reshape(-1, 3)
    return (numbers / 2**32 - 0.5) * JITTER_KM


def nearest_known(
    query_points: Array,
    query_at: Micros,
    pool_points: Array,
    pool_known_at: Micros,
    block_start: int,
    k: int,
) -> tuple[npt.NDArray[np.int64], Array]:
    """Indices (n, k) into the pool and distances (n, k) in km, nearest first.

    For each query the nearest pool rows with known_at < query_at (both in microseconds UTC); -1 and
    inf where there are fewer than k. `pool_known_at` must be sorted ascending and `block_start` <=
    every query_at.
    Points may hold NaN: such queries get nothing, such pool rows are never found.
    """
    from scipy.spatial import cKDTree

    n = len(query_points)
    if not len(pool_points):
        return np.full((n, k), -1, dtype=np.int64), np.full((n, k), np.inf)
    located = np.flatnonzero(~np.isnan(pool_points).any(axis=1))
    asked = np.flatnonzero(~np.isnan(query_points).any(axis=1))
    n_before = int(np.searchsorted(pool_known_at, block_start, side="left"))
    base = located[located < n_before]
    found = np.full((n, 2 * k), -1, dtype=np.int64)
    if len(base) and len(asked):
        tree = cKDTree(pool_points[base])
        _, at = tree.query(query_points[asked], k=np.arange(1, min(k, len(base)) + 1))
        found[asked[:, None], np.arange(at.shape[1])[None, :]] = base[at]
    # What became known within the block: a small tree for each moment that is asked about.
    moments, of_moment = np.unique(query_at[asked], return_inverse=True)
    for i, moment in enumerate(moments):
        latest = int(np.searchsorted(pool_known_at, moment, side="left"))
        recent = located[(located >= n_before) & (located < latest)]
        if len(recent):
            part = asked[of_moment == i]
            ranks = np.arange(1, min(k, len(recent)) + 1)
            _, at = cKDTree(pool_points[recent]).query(query_points[part], k=ranks)
            found[part[:, None], k + ranks[None, :] - 1] = recent[at]
    distance = np.sqrt(_squared_distance(query_points[:, None, :], pool_points[found]))
    distance[found < 0] = np.inf
    order = np.argsort(distance, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(distance, order, axis=1)


def _squared_distance(a: Array, b: Array) -> Array:
    """Coordinate by coordinate, so that a pair's bits do not depend on the shape of the batch."""
    d0, d1, d2 = (a[..., i] - b[..., i] for i in range(3))
    return d0 * d0 + d1 * d1 + d2 * d2
