"""Content k-nearest neighbours for any set of modalities. Shape letters: B users, I items, d kept width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines._content import ContentConfig, content_vectors
from mmviz.baselines.base import Baseline, TrainData
from mmviz.features.prepared import prepared
from mmviz.ranker import Weights, every_weight

__all__ = ["ContentKnnBase"]


class ContentKnnBase(Baseline):
    """A person is the mean of the unit vectors of what they have; items are ranked by cosine to that.

    With several modalities the score is Σ_m a_m·share_m·cos_m: linear in the live weights a_m, at no cost.
    """

    Config = ContentConfig
    config: ContentConfig

    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        vectors = content_vectors(data, self.config.directions)
        shares = self.config.shares(tuple(vectors))
        tables = {f"vectors.{name}": table for name, table in vectors.items()}  # (I, d) each
        return tables | {f"share.{name}": np.array(share, dtype=np.float32) for name, share in shares.items()}

    def fed(self, vectors: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray], fitted_items: np.ndarray) -> Self:
        tables = {}
        for name in self.modalities:
            width = self._table(f"vectors.{name}").shape[1]  # d
            tables[f"vectors.{name}"] = prepared(vectors[name], fitted_items, width, name, like[name])  # (I, d)
        return self.from_state(self.state() | tables)

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        total = np.zeros(history.shape, dtype=np.float32)  # (B, I)
        for name, weight in self._weights(weights).items():
            vectors = self._table(f"vectors.{name}")  # (I, d)
            profile = history.astype(np.float32) @ vectors  # (B, d)
            lengths = np.linalg.norm(profile, axis=1, keepdims=True)  # (B, 1)
            total += np.float32(weight) * ((profile / np.maximum(lengths, 1e-9)) @ vectors.T)  # (B, I)
        return total

    def embedding(self, weights: Weights | None = None) -> np.ndarray:
        """Item vectors (I, Σd), in which the weighted cosines are a dot product."""
        parts = [np.sqrt(np.float32(w)) * self._table(f"vectors.{n}") for n, w in self._weights(weights).items()]
        return np.concatenate(parts, axis=1)

    def _weights(self, weights: Weights | None) -> dict[str, float]:
        given = every_weight(self.modalities, weights)
        return {name: given[name] * self._table(f"share.{name}").item() for name in self.modalities}
