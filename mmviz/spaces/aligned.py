"""Several spaces laid out at once, so that an item stands in one place on all maps unless its neighbours differ.

Shape letters: I items, n vectors of a space that are there, S spaces, k neighbours, d dimensions, E edges of a graph.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from mmviz.progress import Progress, Report, silent
from mmviz.spaces.layouts import REACH, with_self, within
from mmviz.spaces.neighbours import Neighbours, jaccard
from mmviz.views.maps import LayoutSettings

__all__ = ["EPOCHS", "PULL", "Part", "lay_out_together"]

EPOCHS = 400
PULL = 0.03
"""How strongly an item is held in one place, over all other spaces together."""


class Part(NamedTuple):
    """One space: unit vectors (n, D), their neighbours, the item (n,) of each, and the start of its map (n, d)."""

    vectors: np.ndarray
    near: Neighbours
    items: np.ndarray
    start: np.ndarray


def lay_out_together(
    parts: Sequence[Part], n_items: int, settings: LayoutSettings, report: Report = silent, pull: float = PULL
) -> list[np.ndarray]:
    """Points (n, d) float32 of each space, all in one frame.

    Aligned UMAP (McInnes, umap-learn 0.5, AlignedUMAP): every space has its own graph, and one descent moves all maps
    while each item is drawn to its places on the others, the more the more neighbours it has in common there. It
    differs from `umap.AlignedUMAP` in four ways: the neighbours are given instead of searched approximately; the maps
    start from ours; every pair of spaces counts alike, whatever their order; and the pull on an item is shared among
    the other spaces, so that six of them do not draw harder than two.
    """
    from numba.typed import List
    from umap.umap_ import find_ab_params, make_epochs_per_sample

    a, b = find_ab_params(1.0, 0.1)  # UMAP's own spread and least distance
    graphs = [_graph(part, settings.neighbours) for part in parts]
    edges = [make_epochs_per_sample(graph.data, EPOCHS) for graph in graphs]  # S × (E,)
    relations, weights = _ties(parts, n_items)  # (S, 2S + 1, n) each
    maps = List(np.ascontiguousarray(within(part.start, REACH)) for part in parts)
    heads, tails = List(graph.row for graph in graphs), List(graph.col for graph in graphs)
    every, rare = List(edges), List((each / 5.0).astype(np.float32) for each in edges)
    due, due_rare = List(each.astype(np.float32) for each in edges), List(each.copy() for each in rare)
    seed = np.random.RandomState(0).randint(-(2**31) + 1, 2**31 - 1, 3).astype(np.int64)
    step = _epoch()
    for epoch in range(EPOCHS):
        report(Progress("Laying out together", epoch, EPOCHS))
        rate = 1.0 - epoch / EPOCHS
        step(
            maps, maps, heads, tails, every, a, b, weights, relations, seed, 1.0, pull, settings.dims, True, rate,
            rare, due_rare, due, epoch,
        )  # fmt: skip
    return [np.asarray(each, dtype=np.float32) for each in maps]


@cache
def _epoch() -> Any:
    """One round of descent over all maps, compiled once a process; umap-learn's own compiles it again on each call."""
    import numba
    from umap.layouts import _optimize_layout_aligned_euclidean_single_epoch as epoch

    return numba.njit(epoch, fastmath=True)


def _graph(part: Part, neighbours: int) -> Any:
    """The fuzzy graph of a space as coordinates, without the edges that UMAP would never draw in so many rounds."""
    from umap.umap_ import fuzzy_simplicial_set

    rows, distances = with_self(part.near, neighbours)  # (n, k) each
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = fuzzy_simplicial_set(
            part.vectors, rows.shape[1], np.random.RandomState(0), "euclidean", knn_indices=rows, knn_dists=distances
        )[0].tocoo()
    graph.sum_duplicates()
    graph.data[graph.data < graph.data.max() / EPOCHS] = 0.0
    graph.eliminate_zeros()
    return graph


def _ties(parts: Sequence[Part], n_items: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each vector's item stands in the other spaces, −1 = nowhere, and how strongly it is tied to that.

    Both (S, 2S + 1, n): entry [s, S + o] of a space s is about space s + o. A tie is the Jaccard of the item's
    neighbours in the two spaces over the number of other spaces, times what undoes the decay with |o| in umap-learn.
    """
    count, most = len(parts), max(len(part.items) for part in parts)
    relations = np.full((count, 2 * count + 1, most), -1, dtype=np.int32)
    weights = np.zeros(relations.shape, dtype=np.float32)
    places = np.full((count, n_items), -1, dtype=np.int32)
    for at, part in enumerate(parts):
        places[at, part.items] = np.arange(len(part.items))
    for at, part in enumerate(parts):
        for other, there in enumerate(parts):
            if other == at:
                continue
            found = places[other, part.items]  # (n,)
            both = found >= 0
            own = part.items[part.near.rows[both]]  # (m, k) as items
            theirs = there.items[there.near.rows[found[both]]]  # (m, k)
            width = min(own.shape[1], theirs.shape[1])
            slot = count + other - at
            relations[at, slot, : len(found)] = found
            weights[at, slot, np.flatnonzero(both)] = jaccard(own[:, :width], theirs[:, :width])
            weights[at, slot] *= np.exp(abs(other - at) - 1) / (count - 1)
    return relations, weights
