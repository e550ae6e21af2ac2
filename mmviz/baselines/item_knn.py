"""Item k-nearest neighbours on who took what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array, hstack

from mmviz.baselines.base import Baseline, BaselineConfig, TrainData
from mmviz.fields import setting
from mmviz.ranker import Weights, top_k

__all__ = ["ItemKnn", "ItemKnnConfig"]

_CELLS = 16_000_000
"""Similarities held at once (64 MB)."""


@dataclass(frozen=True)
class ItemKnnConfig(BaselineConfig):
    neighbours: int = setting(100, "How many similar items vote for an item.", 1, 10_000)
    shrink: float = setting(50.0, "How much a similarity that rests on few people is mistrusted.", 0.0, 10_000.0)


class ItemKnn(Baseline):
    """Cosine between item columns with shrinkage, the `neighbours` nearest of each item kept."""

    title = "Item k-nearest neighbours"
    summary = (
        "Two items are similar when the same people took both. An item's score is the sum of its similarities to "
        "what the person already has, over its nearest neighbours only."
    )
    formula = r"s(u, i) = \sum_{j \in H_u \cap N_k(i)} \frac{|U_i \cap U_j|}{\sqrt{|U_i|\,|U_j|} + \lambda}"
    paper = "Sarwar et al., Item-based collaborative filtering recommendation algorithms, WWW 2001"
    Config = ItemKnnConfig
    grid = {"neighbours": (20, 50, 100, 200, 400), "shrink": (0.0, 10.0, 50.0, 200.0)}  # noqa: RUF012
    config: ItemKnnConfig

    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        n_items = data.train.shape[1]
        users = csr_array(data.train.T).astype(np.float32)  # (I, U)
        step = max(1, _CELLS // n_items)
        blocks = [self._block(users, data, start, min(start + step, n_items)) for start in range(0, n_items, step)]
        nearest = csr_array(hstack(blocks, format="csr"))  # (I, I): column i holds the neighbours of item i
        return {"data": nearest.data, "indices": nearest.indices, "indptr": nearest.indptr}

    def _block(self, users: csr_array, data: TrainData, start: int, stop: int) -> csc_array:
        """Neighbours of the items from `start` to `stop` (b): (I, b)."""
        together = (users[start:stop] @ users.T).toarray()  # (b, I)
        norms = np.sqrt(data.popularity).astype(np.float32)  # (I,)
        similar = together / np.maximum(norms[start:stop, None] * norms + np.float32(self.config.shrink), 1e-9)
        similar[np.arange(stop - start), np.arange(start, stop)] = 0.0
        similar[similar <= 0] = -np.inf
        nearest = top_k(similar, self.config.neighbours)  # (b, k)
        rows, places = np.nonzero(nearest >= 0)
        columns = nearest[rows, places]
        return csc_array((similar[rows, columns], (columns, rows)), (users.shape[0], stop - start))

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:  # noqa: ARG002
        size = history.shape[1]
        parts = self._table("data"), self._table("indices"), self._table("indptr")
        nearest = csr_array(parts, (size, size))  # (I, I)
        return np.asarray((history.astype(np.float32) @ nearest).toarray())  # (B, I)
