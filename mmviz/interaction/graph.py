"""Graph propagation: an item's vectors are mixed with those of items taken by the same people, or that look alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from mmviz.features.prepared import Preparation, prepared
from mmviz.fields import setting
from mmviz.interaction.base import InteractionConfig, InteractionModel, Material
from mmviz.ranker import top_k

if TYPE_CHECKING:
    import torch

    from mmviz.propagation import Propagation

__all__ = ["Graph", "GraphConfig"]

DIRECTIONS = 256
"""Main directions of the encoder's vectors in which look-alikes are sought."""
_CELLS = 16_000_000
"""Similarities held at once (64 MB)."""


@dataclass(frozen=True)
class GraphConfig(InteractionConfig):
    layers: int = setting(2, "How often a table goes from items to people and back.", 1, 8)
    neighbours: int = setting(10, "Items that look or read alike, for each item and modality.", 1, 200)


class Graph(InteractionModel):
    title = "Graph"
    summary = (
        "Before anyone is scored, every item's vectors are mixed with those of items that the same people took and "
        "of items that look or read alike. A new item so inherits from its look-alikes what people thought of them."
    )
    formula = (
        r"\tilde m = \Big(I + \sum_{l=1}^{L} a_l \tilde A^l + \sum_m g_m S_m\Big) m,\quad "
        r"\tilde A = D_I^{-1/2} X^\top D_U^{-1} X D_I^{-1/2}"
    )
    paper = "He et al., LightGCN, SIGIR 2020; content graph after Zhou and Shen, FREEDOM, MM 2023"
    Config = GraphConfig
    config: GraphConfig

    def propagation(self, material: Material, names: tuple[str, ...], device: torch.device) -> Propagation:
        from mmviz.propagation import Propagation

        original = material.original
        known = _known(original)  # (I,)
        near = {}
        for name in names:
            like = original.features.modalities[name].vectors if material.fitted_on else None  # (I, Dp)
            vectors = prepared(material.features.modalities[name].vectors, known, DIRECTIONS, name, like)  # (I, d)
            near[name] = nearest_known(vectors, known, self.config.neighbours)
        return Propagation(material.train, near, self.config.layers, device)

    def nearest(self, material: Material, pooled: Mapping[str, np.ndarray]) -> dict[str, csr_array]:
        known = _known(material)  # (I,)
        near = {}
        for name, raw in pooled.items():
            inside = material.features.modalities[name].vectors  # (I, Dp)
            vectors = Preparation.fit(inside, known, DIRECTIONS, name)(np.concatenate([inside, raw]))  # (I+n, d)
            everyone = nearest_known(vectors, np.append(known, np.zeros(len(raw), bool)), self.config.neighbours)
            near[name] = csr_array(everyone[len(inside) :, : len(inside)])  # (n, I)
        return near


def _known(material: Material) -> np.ndarray:
    """(I,) bool: items with a train interaction."""
    return np.asarray(material.train.sum(axis=0)).ravel() > 0


def nearest_known(vectors: np.ndarray, known: np.ndarray, k: int) -> csr_array:
    """The `k` nearest known items of every item, itself left out, with weight 1/k each: (I, d), (I,) -> (I, I).

    `vectors` have length 1, or 0 where an item lacks the modality; such an item neither has nor is a neighbour. Only
    known items are neighbours, so that a new item changes nothing for the others.
    """
    n_items = len(vectors)
    others = np.flatnonzero(known & vectors.any(axis=1))  # (W,)
    place = np.full(n_items, -1)
    place[others] = np.arange(len(others))
    step = max(1, _CELLS // max(len(others), 1))
    rows, columns = [], []
    for start in range(0, n_items, step):
        block = np.arange(start, min(start + step, n_items))  # (b,)
        similar = vectors[block] @ vectors[others].T  # (b, W)
        own = np.flatnonzero(place[block] >= 0)
        similar[own, place[block][own]] = -np.inf
        similar[~vectors[block].any(axis=1)] = -np.inf
        nearest = top_k(similar, k)  # (b, k)
        found = np.nonzero(nearest >= 0)
        rows.append(block[found[0]])
        columns.append(others[nearest[found]])
    row, column = np.concatenate(rows), np.concatenate(columns)
    counts = np.bincount(row, minlength=n_items)  # (I,)
    return csr_array((1.0 / counts[row], (row, column)), (n_items, n_items), dtype=np.float32)
