"""The nearest known sales are exactly those that a search of all sales would find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.features import neighbours
from realty_assets.features.neighbours import jitter, nearest_known


def plain_search(query, query_at, pool, known_at, k):
    found = np.full((len(query), k), -1)
    for i, point in enumerate(query):
        squared = ((pool - point) ** 2).sum(axis=1)
        squared[(known_at >= query_at[i]) | np.isnan(squared)] = np.inf
        if np.isnan(point).any():
            continue
        best = np.argsort(squared, kind="stable")[:k]
        best = best[np.isfinite(squared[best])]
        found[i, : len(best)] = best
    return found


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_pool=st.integers(0, 120),
    k=st.integers(1, 40),
    grid=st.booleans(),
)
def test_it_equals_a_plain_search(seed, n_pool, k, grid) -> None:
    random = np.random.default_rng(seed)
    pool = random.normal(0, 1, (n_pool, 3))
    if grid:  # many homes at one place
        pool = np.round(pool)
    pool = pool + jitter([f"{seed}-{i}" for i in range(n_pool)])
    pool[random.random(n_pool) < 0.1] = np.nan
    known_at = np.sort(random.integers(0, 100, n_pool))
    query = np.round(random.normal(0, 1, (15, 3)), 1)
    query[0] = np.nan
    start = int(random.integers(0, 100))
    query_at = start + random.integers(0, 30, 15)
    at, distance = nearest_known(query, query_at, pool, known_at, start, k)
    assert np.array_equal(at, plain_search(query, query_at, pool, known_at, k))
    assert (known_at[at[at >= 0]] < np.repeat(query_at, (at >= 0).sum(axis=1))).all()
    assert np.isinf(distance[at < 0]).all()
    assert (distance[:, :-1] <= distance[:, 1:]).all()


def test_who_else_is_asked_for_does_not_matter() -> None:
    random = np.random.default_rng(4)
    pool, query = random.normal(0, 1, (200, 3)), random.normal(0, 1, (50, 3))
    known_at, query_at = np.arange(200), random.integers(20, 190, 50)
    together = nearest_known(query, query_at, pool, known_at, 20, 12)
    for i in range(50):
        one = slice(i, i + 1)
        alone = nearest_known(query[one], query_at[one], pool, known_at, 20, 12)
        assert np.array_equal(alone[0], together[0][one])
        assert np.array_equal(alone[1], together[1][one])


def test_jitter_is_the_keys_own_and_below_a_millimetre() -> None:
    a, b = jitter(["x", "y"]), jitter(["y"])
    assert np.array_equal(a[1], b[0])
    assert (np.abs(a) <= neighbours.JITTER_KM / 2).all()
    assert jitter([]).shape == (0, 3)


@pytest.mark.parametrize("k", [1, 5])
def test_an_empty_pool_gives_nobody(k) -> None:
    at, distance = nearest_known(np.zeros((2, 3)), np.ones(2), np.zeros((0, 3)), np.zeros(0), 0, k)
    assert (at == -1).all()
    assert np.isinf(distance).all()
