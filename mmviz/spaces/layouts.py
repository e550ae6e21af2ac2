"""Layouts: from unit vectors (n, D) to points (n, 2) or (n, 3), all started from one place so that they compare."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from mmviz.progress import Progress, Report, silent
from mmviz.spaces.neighbours import Neighbours
from mmviz.views.maps import LayoutSettings

__all__ = ["REACH", "lay_out", "principal", "with_self", "within"]

PERPLEXITY = 20
SEEDED = 10_000
"""Up to so many points UMAP runs on one core from a fixed seed; beyond, on all cores, and two runs differ a little."""

EPOCHS_LARGE = 30
"""Rounds for more points than that. From a start that is already a layout, more bring little."""

REACH = 5.0
"""Half the width of the start; UMAP's own 10 leaves groups without common neighbours far from each other."""


def lay_out(
    vectors: np.ndarray,
    near: Neighbours,
    start: np.ndarray,
    settings: LayoutSettings,
    guide: np.ndarray | None = None,
    report: Report = silent,
) -> np.ndarray:
    """Points (n, dims) float32 of unit vectors (n, D) with their neighbours, from a start (n, dims).

    `guide`: (n,) int codes of a category, −1 = not known, for supervised UMAP. Methods: principal components; UMAP
    (McInnes, Healy and Melville, 2018) on the exact neighbours; t-SNE (van der Maaten and Hinton, 2008) as openTSNE
    computes it (Poličar, Stražar and Zupan, 2024).
    """
    if len(vectors) < 8 or settings.method == "pca":
        return principal(vectors, settings.dims)
    if settings.method == "umap":
        return _umap(vectors, near, start, settings, guide)
    return _tsne(near, start, settings, report)


def principal(vectors: np.ndarray, dims: int) -> np.ndarray:
    """The first principal components (n, dims) of vectors (n, D), each with its larger end positive."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)  # (n, D)
    _, axes = np.linalg.eigh(centred.T @ centred)  # (D,), (D, D), ascending
    points = centred @ axes[:, ::-1][:, :dims]  # (n, ≤ dims)
    if points.shape[1] < dims:
        points = np.pad(points, ((0, 0), (0, dims - points.shape[1])))
    ends = points[np.abs(points).argmax(axis=0), np.arange(dims)]  # (dims,)
    return np.asarray(points * np.where(ends < 0, -1.0, 1.0), dtype=np.float32)


def _umap(
    vectors: np.ndarray, near: Neighbours, start: np.ndarray, settings: LayoutSettings, guide: np.ndarray | None
) -> np.ndarray:
    from umap import UMAP

    rows, distances = with_self(near, settings.neighbours)  # (n, k) each
    small = len(vectors) <= SEEDED
    model: Any = UMAP(
        n_neighbors=rows.shape[1],
        n_components=settings.dims,
        init=within(start, REACH),
        n_epochs=None if small else EPOCHS_LARGE,
        random_state=0 if small else None,
        n_jobs=1 if small else -1,
        precomputed_knn=(rows, distances, None),
        force_approximation_algorithm=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no search index: nothing is transformed later
        return np.asarray(model.fit_transform(vectors, guide), dtype=np.float32)


def _tsne(near: Neighbours, start: np.ndarray, settings: LayoutSettings, report: Report) -> np.ndarray:
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    def step(iteration: int, _error: float, _embedding: np.ndarray) -> bool:
        report(Progress("t-SNE", iteration, 750))
        return False

    perplexity = min(PERPLEXITY, near.k / 3)
    graph = PrecomputedNeighbors(near.rows, near.distances)
    affinities = PerplexityBasedNN(perplexity=perplexity, knn_index=graph)
    model = TSNE(
        n_components=settings.dims,
        n_jobs=-1,
        random_state=0,
        negative_gradient_method="fft" if settings.dims < 3 else "bh",
        callbacks=step,
        callbacks_every_iters=25,
    )
    first = start - start.mean(axis=0)
    first = first / max(float(first[:, 0].std()), 1e-9) * 1e-4
    return np.asarray(model.fit(affinities=affinities, initialization=first.astype(np.float64)), dtype=np.float32)


def with_self(near: Neighbours, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and distances (n, k) as UMAP wants them: each vector is its own first neighbour, k ≤ `neighbours`."""
    n, k = len(near.rows), min(neighbours, near.k + 1)
    rows = np.concatenate([np.arange(n, dtype=np.int32)[:, None], near.rows[:, : k - 1]], axis=1)  # (n, k)
    return rows, np.concatenate([np.zeros((n, 1), np.float32), near.distances[:, : k - 1]], axis=1)  # (n, k)


def within(start: np.ndarray, reach: float) -> np.ndarray:
    """A start (n, d) within ±reach, with a little noise of a fixed seed, so that equal points can part."""
    low, high = start.min(axis=0), start.max(axis=0)
    scaled = (start - low) / max(float((high - low).max()), 1e-9) * 2 * reach - reach
    noise = np.random.default_rng(0).normal(0.0, reach * 1e-3, start.shape)
    return np.asarray(scaled + noise, dtype=np.float32)
