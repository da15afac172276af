"""The photos that look most alike: exact, and far cheaper than comparing with each.

Cosines are first bounded by a few directions along which photos differ most: what is left of two
vectors beyond those adds at most the product of its lengths. Only photos whose bound reaches the
worst of the answer are compared in full, so the answer is that of comparing with all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

DIRECTIONS = 64
# Photos from which directions are learned; more do not move them.
SAMPLE = 10_000


class Nearest:
    """Answers which of n photos are most like one, by cosine.

    `vectors`: (n, n_dims) float32, not zero; kept as unit vectors.
    """

    def __init__(self, vectors: np.ndarray, seed: int = 0) -> None:
        self.unit = _unit(np.asarray(vectors, dtype=np.float32))
        n, n_dims = self.unit.shape
        some = self.unit
        if n > SAMPLE:
            picked = np.random.default_rng(seed).choice(n, SAMPLE, replace=False)
            some = self.unit[np.sort(picked)]
        _, turned = np.linalg.eigh((some.T @ some).astype(np.float64))
        self.axes = np.ascontiguousarray(turned[:, -min(DIRECTIONS, n_dims) :], dtype=np.float32)
        self.near = self.unit @ self.axes
        self.rest = _rest(self.near)

    def __call__(self, query: np.ndarray, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """(indices, cosines) of the n most alike, best first; fewer when there are not so many.

        `query`: (n_dims,); a photo that is among the vectors finds itself first.
        """
        n = min(n, len(self.unit))
        asked = _unit(np.asarray(query, dtype=np.float32)[None])
        along = asked @ self.axes
        most = self.near @ along[0] + self.rest * _rest(along)[0]
        first = _top(most, min(4 * n, len(most)))
        worst = np.partition(self.unit[first] @ asked[0], -n)[-n]
        # Rounding must not lose a photo that lies on the bound.
        found = np.flatnonzero(most >= worst - 1e-5)
        cosines = self.unit[found] @ asked[0]
        order = np.lexsort((found, -cosines))[:n]
        return found[order], cosines[order]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _rest(along: np.ndarray) -> np.ndarray:
    """Lengths of what is left of unit vectors beyond the directions."""
    return np.sqrt(np.clip(1 - np.einsum("ij,ij->i", along, along), 0, None))


def _top(values: np.ndarray, n: int) -> Any:
    return np.argpartition(values, len(values) - n)[len(values) - n :]
