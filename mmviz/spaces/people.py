"""People on a map of items: found near the items that lie nearest to their taste, and how far that can be trusted.

Shape letters: P people, I items, D width, d dimensions of the map, k neighbours.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from mmviz.progress import Progress, Report, silent
from mmviz.ranker import top_k
from mmviz.spaces.neighbours import common

__all__ = ["NEAREST", "kept_near", "nearest_items", "stand"]

NEAREST = 15
STEPS = 40
CELLS = 20_000_000


def nearest_items(tastes: np.ndarray, vectors: np.ndarray, k: int = NEAREST, report: Report = silent) -> np.ndarray:
    """(P, k) the items with the highest cosine to each taste, best first; −1 where a taste or an item is not there.

    `tastes` (P, D) and `vectors` (I, D) are unit vectors, zero = not there. Every pair is looked at.
    """
    there = np.flatnonzero(vectors.any(axis=1))  # (n,)
    known, k = vectors[there], min(k, len(there))  # (n, D)
    rows = np.full((len(tastes), k), -1, dtype=np.int32)
    step = max(1, CELLS // max(len(there), 1))
    for start in range(0, len(tastes), step):
        part = slice(start, start + step)
        own = tastes[part].any(axis=1)  # (B,)
        best = top_k(tastes[part][own] @ known.T, k)  # (b, k)
        rows[start : start + step][own] = there[best]
        report(Progress("Placing people", min(start + step, len(tastes)), len(tastes)))
    return rows


def stand(rows: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(P, d) where people stand on a map (I, d): at the geometric median of their items (P, k); NaN without any.

    It is the point with the least sum of distances to them, so that a person stands within the group where most of
    their items lie, and not in the void between two groups, where a mean would be. Source: Weiszfeld, Sur le point
    pour lequel la somme des distances de n points donnés est minimum, 1937.
    """
    placed = np.full((len(rows), points.shape[1]), np.nan)
    some = (rows >= 0).any(axis=1)  # (P,)
    theirs = np.where(rows[some, :, None] >= 0, points[rows[some]], np.nan).astype(np.float64)  # (p, k, d)
    middle = np.nanmean(theirs, axis=1)  # (p, d)
    for _ in range(STEPS):
        away = np.maximum(np.linalg.norm(theirs - middle[:, None], axis=2), 1e-6)  # (p, k)
        pull = 1.0 / away
        middle = np.nansum(theirs * pull[:, :, None], axis=1) / np.nansum(pull, axis=1, keepdims=True)
    placed[some] = middle
    return placed


def kept_near(rows: np.ndarray, placed: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(P,) share of a person's nearest items (P, k) that are the nearest on the map too; NaN without a place.

    `placed`: (P, d), `points`: (I, d), NaN = not there.
    """
    shares = np.full(len(rows), np.nan)
    there = np.flatnonzero(np.isfinite(points).all(axis=1))  # (n,)
    some = np.isfinite(placed).all(axis=1)  # (P,)
    if not len(there) or not some.any():
        return shares
    k = min(rows.shape[1], len(there))
    _, found = cKDTree(points[there]).query(placed[some], k=k, workers=-1)
    drawn = there[np.asarray(found).reshape(-1, k)]  # (p, k)
    shares[some] = common(rows[some], drawn) / k
    return shares
