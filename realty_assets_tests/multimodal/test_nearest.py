"""The search gives what comparing with every photo gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from realty_assets.multimodal.nearest import Nearest


def by_hand(vectors: np.ndarray, query: np.ndarray, n: int) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    return np.sort(vectors @ query / lengths)[::-1][:n]


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 400),
    st.sampled_from([3, 150, 300]),
    st.integers(1, 12),
    st.floats(0, 3),
    st.integers(0, 1000),
)
def test_no_photo_is_lost_to_the_bounds(
    n: int, n_dims: int, n_asked: int, common: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    # From vectors that share nothing, where bounds say nothing, to ones that are nearly the same.
    vectors = (rng.normal(size=(n, n_dims)) + common * rng.normal(size=n_dims)).astype(np.float32)
    query = vectors[0] if seed % 2 else rng.normal(size=n_dims).astype(np.float32)
    found, cosines = Nearest(vectors)(query, n_asked)
    assert len(set(found)) == len(found) == min(n, n_asked)
    np.testing.assert_allclose(cosines, by_hand(vectors, query, n_asked), atol=1e-5)


def test_a_photo_finds_itself_and_copies_in_their_order() -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 20)).astype(np.float32)
    vectors[30] = 2 * vectors[7]
    found, cosines = Nearest(vectors)(vectors[7], 3)
    assert sorted(found[:2]) == [7, 30]
    np.testing.assert_allclose(cosines[:2], 1, atol=1e-6)
