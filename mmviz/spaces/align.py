"""Making maps comparable: the best rotation, reflection, size and shift onto another map, and a common frame."""

from __future__ import annotations

import numpy as np

__all__ = ["MISSING", "framed", "onto"]

MISSING = np.float32(1e9)
"""Stands for the coordinates of an item that a map does not show; finite, because it travels to the browser."""


def onto(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """`moving` (n, d) laid onto `fixed` (n, d) by rotation or reflection, one size and a shift.

    Rows that are not finite in either are left out of the fit. Source: Gower, Generalized Procrustes analysis, 1975;
    the rotation is that of Schönemann, 1966.
    """
    both = np.isfinite(moving).all(axis=1) & np.isfinite(fixed).all(axis=1)  # (n,)
    if both.sum() < 2:
        return moving
    a, b = moving[both].astype(np.float64), fixed[both].astype(np.float64)  # (m, d) each
    middle_a, middle_b = a.mean(axis=0), b.mean(axis=0)
    u, s, vt = np.linalg.svd((a - middle_a).T @ (b - middle_b))  # (d, d), (d,), (d, d)
    spread = float(((a - middle_a) ** 2).sum())
    size = s.sum() / spread if spread > 0 and s.sum() > 0 else 1.0
    return np.asarray(size * (moving - middle_a) @ (u @ vt) + middle_b)


def framed(points: np.ndarray) -> np.ndarray:
    """Points (n, d) float32 shifted and scaled, all axes alike, to fill [−0.95, 0.95]; not finite = MISSING."""
    there = np.isfinite(points).all(axis=1)  # (n,)
    placed = np.full(points.shape, MISSING, dtype=np.float32)
    if there.any():
        low, high = points[there].min(axis=0), points[there].max(axis=0)
        half = max(float((high - low).max()) / 2, 1e-9)
        placed[there] = 0.95 * (points[there] - (low + high) / 2) / half
    return placed
