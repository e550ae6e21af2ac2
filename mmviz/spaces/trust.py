"""How far a map can be trusted: trustworthiness of the whole, and of each point.

Shape letters: n points, S points that are measured, k neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from mmviz.spaces.neighbours import common

__all__ = ["Trust", "map_neighbours", "point_trust", "trustworthiness"]

MOST = 2000


class Trust(NamedTuple):
    """Trustworthiness, 0 to 1, and over how many of how many points it was measured."""

    value: float
    measured: int
    of: int


def map_neighbours(points: np.ndarray, k: int) -> np.ndarray:
    """(n, k) the nearest other points on the map (n, d), nearest first."""
    k = min(k, len(points) - 1)
    _, found = cKDTree(points).query(points, k=k + 1, workers=-1)  # (n, k + 1)
    found = np.asarray(found).reshape(len(points), k + 1)
    own = found == np.arange(len(points))[:, None]  # (n, k + 1)
    own[~own.any(axis=1), -1] = True  # among many equal points, a point may not find itself
    return np.asarray(found[~own].reshape(len(points), k))


def point_trust(true: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """(n,) share of each point's true neighbours (n, k) that are neighbours on the map (n, k) too."""
    return np.asarray(common(true, drawn) / true.shape[1])


def trustworthiness(vectors: np.ndarray, drawn: np.ndarray, k: int = 15, most: int = MOST) -> Trust:
    """Whether neighbours on the map `drawn` (n, ≥ k) are neighbours among the unit vectors (n, D).

    1 − 2 / (n k (2n − 3k − 1)) · Σ_i Σ_j (r(i, j) − k) over the map's neighbours j of i that are not true ones, with
    r(i, j) the true rank. Beyond `most` points, over as many drawn at random with a fixed seed. Source: Venna and
    Kaski, Neighborhood preservation in nonlinear projection methods, 2001.
    """
    n = len(vectors)
    k = min(k, (n - 2) // 2, drawn.shape[1])  # the formula holds for k < n / 2
    if k < 1:
        return Trust(1.0, n, n)
    chosen = np.arange(n) if n <= most else np.sort(np.random.default_rng(0).choice(n, most, replace=False))  # (S,)
    total = 0.0
    for rows in np.array_split(chosen, max(1, len(chosen) * n // 20_000_000)):
        cosines = vectors[rows] @ vectors.T  # (S, n)
        cosines[np.arange(len(rows)), rows] = -np.inf
        theirs = np.take_along_axis(cosines, drawn[rows, :k], axis=1)  # (S, k)
        for place in range(k):
            ranks = (cosines > theirs[:, place, None]).sum(axis=1) + 1  # (S,)
            total += float(np.maximum(ranks - k, 0).sum())
    return Trust(1.0 - 2.0 * total / (len(chosen) * k * (2 * n - 3 * k - 1)), len(chosen), n)
